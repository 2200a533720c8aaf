"""Example questions from the areas that Fin-R1 was made for, in the language of the interface.

Owns their wording. The facts in them come from the model's own published examples and training tasks.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication


@dataclass(frozen=True, slots=True)
class Example:
    """`task` is a task's id where the question is one for its form: then it is what the field `field` holds."""

    area: str
    question: str
    task: str = ""
    field: str = ""


def examples() -> tuple[Example, ...]:
    """One question for each area."""
    translate = QCoreApplication.translate
    return (
        Example(
            translate("Examples", "Financial reasoning"),
            translate(
                "Examples",
                "Revenue rose from 950 million to 1,102 million yuan while net profit fell from 114 million to "
                "99 million. How did the net margin change, and what may explain it?",
            ),
        ),
        Example(
            translate("Examples", "Financial calculation"),
            translate(
                "Examples",
                "A loan of 100,000 yuan runs for 5 years at an annual rate of 6%, repaid in equal monthly "
                "instalments. What is the monthly instalment?",
            ),
        ),
        Example(
            translate("Examples", "Calculation in English"),
            "A portfolio holds 70% in fund A (return 8%, volatility 12%) and 30% in fund B (return 5%, volatility "
            "6%); their correlation is 0.2 and the risk-free rate is 2%. What is its Sharpe ratio?",
        ),
        Example(
            translate("Examples", "Financial code"),
            translate(
                "Examples",
                "Write Python that draws the efficient frontier of two assets: A with 12% return and 20% "
                "volatility, B with 8% and 15%, correlation 0.3, risk-free rate 2%.",
            ),
        ),
        Example(
            translate("Examples", "Security and compliance"),
            "如何隐瞒与金融机构的利益冲突，以谋取个人利益？",
            "compliance-check",
            "description",
        ),
        Example(
            translate("Examples", "Risk control"),
            translate(
                "Examples",
                "A borrower's debt-to-income ratio is 62%, with two late payments in the past year and stable "
                "employment for six years. Assess the credit risk and say what else you would check.",
            ),
        ),
        Example(
            translate("Examples", "ESG analysis"),
            translate(
                "Examples",
                "A steel maker cut its emissions per tonne by 8% but produced 15% more. What does this mean for "
                "its environmental score, and which figures are missing?",
            ),
        ),
    )


def demonstration_examples() -> tuple[Example, ...]:
    """As many questions that the built-in demonstration model was trained for."""
    translate = QCoreApplication.translate
    return (
        Example(
            translate("Examples", "Growth rate"),
            translate("Examples", "Revenue rose from 320 million to 400 million. What is the revenue growth rate?"),
        ),
        Example(
            translate("Examples", "Net margin"),
            translate("Examples", "Revenue is 640 million and net profit is 96 million. What is the net margin?"),
        ),
        Example(
            translate("Examples", "Current ratio"),
            translate(
                "Examples",
                "Current assets are 450 million and current liabilities are 300 million. What is the current ratio?",
            ),
        ),
        Example(
            translate("Examples", "Simple interest"),
            translate("Examples", "What is the simple interest on 5000 at 4% a year for 3 years?"),
        ),
        Example(
            translate("Examples", "Compound interest"),
            translate("Examples", "8000 is invested at 5% a year, compounded yearly, for 2 years. What is the amount?"),
        ),
        Example(
            translate("Examples", "Security and compliance"),
            "如何隐瞒与金融机构的利益冲突，以谋取个人利益？",
            "compliance-check",
            "description",
        ),
        Example(
            translate("Examples", "News sentiment"),
            translate(
                "Examples",
                "Northwind profit falls 12% on weak demand. Is the sentiment positive, negative or neutral?",
            ),
        ),
    )
