"""Question wordings of the arithmetic tasks, in both languages.

Every wording carries its slots in braces. The last wordings of each list are held out whole: the model never
sees them in training and they are scored apart. Owns words only; figures are put in by ``questions``.
"""

from __future__ import annotations

from collections.abc import Sized

from builtin_model.records import Language

GROWTH: dict[Language, tuple[str, ...]] = {
    "en": (
        "Revenue rose from {old} to {new}. What is the revenue growth rate?",
        "What is the revenue growth rate if {item} went from {old} to {new}?",
        "{who} reported {item} of {old} in {y0} and {new} in {y1}. Calculate the growth rate.",
        "{who}'s {item} was {old} last year and {new} this year. What is the growth rate?",
        "Calculate the year-over-year growth: {item} {y0}: {old}, {y1}: {new}.",
        "{item} in {y1} was {new}, compared with {old} in {y0}. By what percentage did it change?",
        "Compute the revenue growth rate. Prior year: {old}. Current year: {new}.",
        "{who} grew its {item} from {old} to {new}. How much is that in percent?",
        "If {item} moves from {old} to {new}, what is the percentage change?",
        "Find the growth rate of {item} between {y0} ({old}) and {y1} ({new}).",
        "{who} had {item} of {new} this year against {old} a year earlier. What was the growth rate?",
        "Last year's {item} was {old}; this year's is {new}. What is the growth rate in percent?",
        "How fast did {item} grow if it was {old} in {y0} and {new} in {y1}?",
        "{item} changed from {old} to {new}. Growth rate?",
        "Please work out {who}'s revenue growth: {old} in {y0}, {new} in {y1}.",
        "What was the percentage growth in {item} at {who}, from {old} in {y0} to {new} in {y1}?",
        "Given {item} of {old} for {y0} and {new} for {y1}, determine the year-on-year growth rate.",
        "{who}: {item} {old} → {new}. What is the growth rate?",
        "For {y1}, {who} posted {item} of {new}, up or down from {old} in {y0}. Give the growth rate.",
        "By how many percent did {item} at {who} change when it went from {old} to {new}?",
    ),
    "zh": (
        "{who}{y0}年{item}为{old}，{y1}年为{new}，求增长率。",
        "{item}从{old}增长到{new}，增长率是多少？",
        "{who}去年{item}{old}，今年{item}{new}，同比增长率是多少？",
        "计算{item}增长率：上期{old}，本期{new}。",
        "{who}{y1}年{item}{new}，上年同期为{old}，请计算同比增速。",
        "如果{item}由{old}变为{new}，变动百分比是多少？",
        "{y0}年{item}{old}，{y1}年{item}{new}，请问增长了百分之几？",
        "请计算{who}的营收增长率，{y0}年为{old}，{y1}年为{new}。",
        "{who}本年{item}{new}，上年{old}，求同比增长率。",
        "已知上年{item}为{old}，本年为{new}，增长率为多少？",
        "{item}去年是{old}，今年是{new}，增长率是多少？",
        "求{item}的同比增长率（{y0}年：{old}；{y1}年：{new}）。",
        "{who}的{item}由{y0}年的{old}变化到{y1}年的{new}，增长率是多少？",
        "今年{item}{new}，去年{item}{old}，增速是多少？",
        "{who}{item}从{old}变为{new}，请算出增长率。",
        "请根据数据计算增长率：{y0}年{item}{old}，{y1}年{item}{new}。",
        "{who}上一年度{item}{old}，本年度{item}{new}，同比变动多少？",
        "{item}：去年{old}，今年{new}。求增长率。",
        "与{y0}年的{old}相比，{who}{y1}年{item}达到{new}，增长率是多少？",
        "请问{who}{item}由{old}到{new}的增长幅度是百分之多少？",
    ),
}

GROSS_COSTS: dict[Language, tuple[str, ...]] = {
    "en": (
        "Revenue is {revenue} and cost of goods sold is {costs}. What is the gross margin?",
        "{who} has revenue of {revenue} and COGS of {costs}. Calculate the gross margin.",
        "Calculate the gross margin: sales {revenue}, cost of sales {costs}.",
        "What is the gross profit margin if sales are {revenue} and the cost of goods sold is {costs}?",
        "With revenue of {revenue} and cost of sales of {costs}, what gross margin does {who} earn?",
        "{who} sold goods for {revenue} that cost {costs}. What is its gross margin?",
    ),
    "zh": (
        "{who}营业收入{revenue}，营业成本{costs}，毛利率是多少？",
        "收入为{revenue}，成本为{costs}，求毛利率。",
        "计算毛利率：营业收入{revenue}，营业成本{costs}。",
        "已知销售收入{revenue}，销售成本{costs}，请计算毛利率。",
        "{who}实现收入{revenue}，对应成本{costs}，毛利率为多少？",
        "请问营业收入{revenue}、营业成本{costs}时毛利率是多少？",
    ),
}

GROSS_PROFIT: dict[Language, tuple[str, ...]] = {
    "en": (
        "Gross profit is {profit} on revenue of {revenue}. What is the gross margin?",
        "{who} made a gross profit of {profit} from sales of {revenue}. Find the gross margin.",
        "Revenue {revenue}, gross profit {profit}: gross margin?",
    ),
    "zh": (
        "{who}毛利{profit}，营业收入{revenue}，毛利率是多少？",
        "营业收入{revenue}，毛利{profit}，求毛利率。",
        "请计算毛利率，毛利为{profit}，收入为{revenue}。",
    ),
}

NET_PROFIT: dict[Language, tuple[str, ...]] = {
    "en": (
        "Net profit is {profit} on revenue of {revenue}. What is the net margin?",
        "{who} earned net income of {profit} on sales of {revenue}. Calculate the net profit margin.",
        "Calculate the net margin: revenue {revenue}, net income {profit}.",
        "What is the net margin of a company with revenue of {revenue} and net profit of {profit}?",
        "{who} reports revenue of {revenue} and net income of {profit}. What is its net profit margin?",
        "If sales are {revenue} and net profit comes to {profit}, what net margin is that?",
    ),
    "zh": (
        "{who}净利润{profit}，营业收入{revenue}，净利率是多少？",
        "营业收入为{revenue}，净利润为{profit}，求净利率。",
        "计算净利率：营业收入{revenue}，净利润{profit}。",
        "{who}实现营收{revenue}，净利润{profit}，请计算净利润率。",
        "已知净利润{profit}、收入{revenue}，净利率为多少？",
        "请问收入{revenue}、净利润{profit}的公司净利率是多少？",
    ),
}

NET_COSTS: dict[Language, tuple[str, ...]] = {
    "en": (
        "Revenue is {revenue} and total expenses are {costs}. What is the net margin?",
        "{who} has revenue of {revenue} and total costs including tax of {costs}. Find the net margin.",
        "Sales {revenue}, all costs and taxes {costs}: what is the net profit margin?",
    ),
    "zh": (
        "{who}收入{revenue}，总费用{costs}，净利率是多少？",
        "营业收入{revenue}，全部成本费用和税金{costs}，求净利率。",
        "请计算净利率：收入{revenue}，成本费用及税合计{costs}。",
    ),
}

CURRENT: dict[Language, tuple[str, ...]] = {
    "en": (
        "Current assets are {assets} and current liabilities are {debts}. What is the current ratio?",
        "{who} has current assets of {assets} and current liabilities of {debts}. Calculate the current ratio.",
        "Calculate the current ratio: current assets {assets}, current liabilities {debts}.",
        "What is the current ratio if current liabilities are {debts} and current assets are {assets}?",
        "The balance sheet of {who} shows current assets of {assets} and current liabilities of {debts}. "
        "Current ratio?",
        "With current liabilities of {debts} against current assets of {assets}, find the current ratio of {who}.",
    ),
    "zh": (
        "{who}流动资产{assets}，流动负债{debts}，流动比率是多少？",
        "流动资产为{assets}，流动负债为{debts}，求流动比率。",
        "计算流动比率：流动资产{assets}，流动负债{debts}。",
        "已知流动负债{debts}，流动资产{assets}，请计算流动比率。",
        "{who}资产负债表显示流动资产{assets}、流动负债{debts}，流动比率为多少？",
        "请问流动负债{debts}、流动资产{assets}时流动比率是多少？",
    ),
}

SIMPLE: dict[Language, tuple[str, ...]] = {
    "en": (
        "What is the simple interest on {p} at {r}% a year for {t} years?",
        "Calculate the simple interest: principal {p}, annual rate {r}%, {t} years.",
        "{p} is deposited at {r}% simple interest for {t} years. How much interest is earned?",
        "A loan of {p} carries simple interest of {r}% per year. What is the interest after {t} years?",
        "How much simple interest does {p} earn in {t} years at {r}% per annum?",
        "If I invest {p} at a simple interest rate of {r}% for {t} years, what interest do I get?",
        "Simple interest for {t} years on {p} at {r}%?",
        "Find the simple interest on a principal of {p} over {t} years at an annual rate of {r}%.",
        "{who} borrows {p} at {r}% simple interest for {t} years. What interest does it pay?",
        "At {r}% simple interest, what does {p} earn over {t} years?",
        "Principal: {p}. Simple annual rate: {r}%. Term: {t} years. Interest?",
        "+{p} is placed at {r}% simple interest for {t} years. What is the total amount at the end?",
        "+What is the total of principal and simple interest on {p} at {r}% for {t} years?",
        "+A deposit of {p} earns {r}% simple interest. What is it worth in total after {t} years?",
        "Work out the simple interest that {p} brings in {t} years at {r}% a year.",
        "+How much in total must be repaid on {p} borrowed for {t} years at {r}% simple interest?",
        "Using simple interest, how much interest accrues on {p} at {r}% over {t} years?",
        "Over {t} years at a simple {r}% a year, how much interest comes from {p}?",
        "+{who} lends {p} for {t} years at {r}% simple interest. What total does it get back?",
        "Interest at a simple rate of {r}% on {p} for {t} years: how much?",
    ),
    "zh": (
        "本金{p}，年利率{r}%，单利{t}年，利息是多少？",
        "计算单利：本金{p}，年利率{r}%，期限{t}年。",
        "存入{p}，按年利率{r}%单利计息，{t}年后利息是多少？",
        "{who}借款{p}，单利年利率{r}%，{t}年的利息是多少？",
        "{p}按{r}%的单利存{t}年，可得多少利息？",
        "以单利计算，{p}在年利率{r}%下{t}年的利息是多少？",
        "单利利率{r}%，本金{p}，时间{t}年，求利息。",
        "按单利计算，本金为{p}，年利率为{r}%，存期{t}年，请计算利息。",
        "投资{p}，单利年化{r}%，{t}年可获得利息多少？",
        "求单利利息：{p}，{r}%，{t}年。",
        "如果把{p}以{r}%的单利借出{t}年，利息多少？",
        "+本金{p}，年利率{r}%，按单利计算，{t}年后本息合计是多少？",
        "+存款{p}，单利{r}%，{t}年后一共能取回多少？",
        "+{who}贷款{p}，单利年利率{r}%，{t}年后应还本息共多少？",
        "请用单利公式计算{p}以年利率{r}%存{t}年的利息。",
        "+按{r}%单利，{p}存{t}年的本利和是多少？",
        "年利率{r}%（单利），{p}存满{t}年，利息为多少？",
        "单利计息，期限{t}年，年利率{r}%，本金{p}，利息等于多少？",
        "+{p}以单利{r}%存放{t}年，到期本息总额是多少？",
        "请问{who}存{p}，单利{r}%，{t}年得到的利息是多少？",
    ),
}

COMPOUND: dict[Language, tuple[str, ...]] = {
    "en": (
        "{p} is invested at {r}% compounded annually for {t} years. What is the final amount?",
        "What will {p} be worth after {t} years at {r}% compound interest?",
        "Calculate the compound amount: principal {p}, annual rate {r}%, {t} years.",
        "I deposit {p} at {r}% a year, compounded annually. How much do I have after {t} years?",
        "Find the future value of {p} after {t} years at {r}% compounded yearly.",
        "{who} invests {p} at {r}% with yearly compounding for {t} years. What is the amount at the end?",
        "With compound interest of {r}% a year, what does {p} grow to in {t} years?",
        "Compound interest: {p}, {r}%, {t} years. Final amount?",
        "How much is {p} after {t} years at an annual rate of {r}% compounded once a year?",
        "A deposit of {p} earns {r}% compounded annually. What is the balance after {t} years?",
        "At {r}% compounded annually, how large is {p} after {t} years?",
        "-What is the compound interest on {p} at {r}% a year for {t} years?",
        "-How much interest does {p} earn in {t} years at {r}% compounded annually?",
        "-Calculate the compound interest earned on {p} over {t} years at {r}%.",
        "If {p} compounds at {r}% per year for {t} years, what is the total?",
        "-{who} puts {p} at {r}% compounded annually. How much interest is earned after {t} years?",
        "Determine the balance when {p} is left for {t} years at {r}% compound interest.",
        "After {t} years of compounding at {r}% a year, how much has {p} become?",
        "-Over {t} years at {r}% compounded yearly, how much interest comes from {p}?",
        "Principal {p}, compound rate {r}% a year, term {t} years: what is the ending balance?",
    ),
    "zh": (
        "本金{p}，年利率{r}%，复利{t}年，本利和是多少？",
        "{p}按{r}%的年利率复利投资{t}年，最终金额是多少？",
        "计算复利终值：本金{p}，年利率{r}%，期限{t}年。",
        "存入{p}，年利率{r}%，按年复利，{t}年后共有多少？",
        "以复利计算，{p}在年利率{r}%下{t}年后是多少？",
        "{who}投资{p}，每年复利{r}%，{t}年后本息合计多少？",
        "复利年化{r}%，{p}{t}年后变成多少？",
        "按复利计算，本金为{p}，利率为{r}%，{t}年后的终值是多少？",
        "求复利终值：{p}，{r}%，{t}年。",
        "把{p}存{t}年，年利率{r}%，每年复利一次，到期多少？",
        "如果{p}每年按{r}%复利增长，{t}年后是多少？",
        "-本金{p}，年利率{r}%，按年复利{t}年，利息是多少？",
        "-{p}以{r}%复利存{t}年，可得多少利息？",
        "-计算复利利息：本金{p}，年利率{r}%，{t}年。",
        "请计算{p}在{r}%年复利下{t}年后的金额。",
        "-{who}存款{p}，复利{r}%，{t}年的利息是多少？",
        "年利率{r}%（复利），{p}存满{t}年，本利和为多少？",
        "{p}做{t}年投资，复利年利率{r}%，期末总额是多少？",
        "-按年利率{r}%复利计息，{t}年里{p}产生多少利息？",
        "请问本金{p}、复利{r}%、{t}年后的本息总额是多少？",
    ),
}


def split(wordings: Sized, unseen: bool) -> range:
    """Indices of the wordings seen in training, or of those held out whole (the last fifth, rounded up)."""
    held = -(-len(wordings) // 5)
    edge = len(wordings) - held
    return range(edge, len(wordings)) if unseen else range(edge)
