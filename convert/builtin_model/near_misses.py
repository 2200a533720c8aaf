"""Questions that sound like the listed tasks but lack their figures, composed at random.

Owns a grammar of such questions: a measure with its qualifiers, a way of asking, years, and now and then one
figure or an invented name. The ways of asking are those of analysts at a report's table, and were widened after seeing
which questions of FinQA and TAT-QA an earlier model had taken for its own; so those two are no independent test of it.
The answer is ``off_list``'s.
"""

from __future__ import annotations

from random import Random

from builtin_model.records import Language

BEFORE: dict[Language, tuple[str, ...]] = {
    "en": (
        "total", "net", "average", "adjusted", "deferred", "long-term", "short-term", "accrued", "unrecognised",
        "unrealized", "other", "consolidated", "gross", "underlying", "annual", "cumulative", "potential", "basic",
        "diluted", "weighted average", "pro forma", "estimated", "contractual", "trade", "current", "non-current",
        "foreign", "domestic", "capitalized", "pre-tax", "after-tax", "reported", "recurring", "operating", "pension",
        "high and low", "final", "continuing", "committed", "secured", "common", "preferred", "restricted",
    ),
    "zh": ("总", "净", "平均", "调整后", "递延", "长期", "短期", "应计", "其他", "合并", "基本", "稀释后", "境外",
           "境内", "税前", "税后", "累计", "非流动", "期末", "期初", "本年", "主要", "直接", "归母", "扣非"),
}  # fmt: skip
MEASURES: dict[Language, tuple[str, ...]] = {
    "en": (
        "revenue", "net revenue", "sales", "net sales", "net income", "net income (loss)", "gross profit", "EBITDA",
        "operating income", "operating expenses", "interest expense", "interest income", "cost of revenue",
        "investment income", "inventories", "inventory", "receivables", "trade receivables", "tax benefits",
        "income tax expense", "lease obligations", "purchase obligations", "goodwill", "intangible assets",
        "amortization expense", "total assets", "total liabilities", "current assets", "current liabilities",
        "debt", "notes payable", "shares outstanding", "warrants", "stock options", "dividends", "the dividend",
        "audit fees", "personnel expenses", "finance costs", "headcount", "the number of employees", "stores",
        "square footage", "production", "units sold", "barrels of oil", "customers", "the discount rate", "the WACC",
        "the effective tax rate", "the share price", "the stock", "the index", "the total return", "shareholder return",
        "the fair value of derivatives", "forward contracts", "interest rate swaps", "the pension liability",
        "the balance", "additions", "deductions", "allowances", "write-offs", "the reserve for litigation",
        "litigation settlements", "loss carryforwards", "tax credits", "fuel costs", "freight revenue", "rent",
        "research and development", "advertising", "capital expenditures", "free cash flow", "working capital",
        "the purchase price", "share conversions", "votes", "raw materials", "supplies", "value added tax",
        "property, plant and equipment", "premiums", "claims", "loans", "deposits", "commodity contracts",
        "the common stock plans", "equity compensation", "the working interest", "minimum payments", "the gain on sale",
    ),
    "zh": (
        "营业收入", "收入", "销售额", "净利润", "毛利", "毛利率", "净利率", "流动比率", "利息费用", "利息收入",
        "管理费用", "销售费用", "研发投入", "存货", "应收账款", "商誉", "无形资产", "资产", "负债", "流动资产",
        "流动负债", "借款", "股本", "股息", "员工人数", "门店数量", "产量", "客户数", "实际税率", "股价", "指数",
        "股东回报", "公允价值", "养老金负债", "余额", "坏账准备", "税收抵免", "燃料成本", "租金", "广告支出",
        "资本开支", "自由现金流", "营运资金", "收购价格", "原材料", "保费", "贷款", "存款", "现金流量", "投资收益",
    ),
}  # fmt: skip
AFTER: dict[Language, tuple[str, ...]] = {
    "en": (
        "", "", "", "", " in {name}", " of {name}", " for {name}", " of the {name} segment", " at {name}",
        " related to the {name} plan", " from {name} and {name2}", " on a pro forma basis", " for the period",
        " in millions", " , in millions", " ( in billions )", " in the fourth quarter", " for the class b stock",
        " from continuing operations", " in the united states", " in europe", " , net of tax", " in asia",
        " under the {n}-year notes", " at the {name} facility", " of the s&p 500 index", " per share",
    ),
    "zh": ("", "", "", "（{name}分部）", "（合并口径）", "（按备考口径）", "（单位：百万元）"),
}  # fmt: skip
ASKED: dict[Language, tuple[str, ...]] = {
    "en": (
        "what was the percentage change in {m} from {y0} to {y1}?",
        "what is the percentage change in {m} between {y0} and {y1}?",
        "what was the percentage change of {m} in {y1} compared to {y0}",
        "what is the percent change in {m} from {d} {y0} to {d} {y1}?",
        "What is the percentage increase / (decrease) in {m} in {y1} compared to {y0}?",
        "by what percentage did {m} increase from {y0} to {y1}?",
        "between FY{s0} and FY{s1}, how many per cent were added to {m}?",
        "what is the growth rate of {m} from {y0} to {y1}?",
        "what is the growth rate in {m} in {y1}?",
        "what was the growth in {m} in {y1}?",
        "what was the overall growth of {m} from {y0} to {y2}",
        "what is the growth of {m} in comparison with the growth of {k} during {y0} and {y1}?",
        "what is the year-over-year growth of {m}?",
        "how much did {m} grow in {y1}?", "how fast did {m} grow in {y1}?",
        "how much did {m} change from {y0} to {y1}?", "how much did {m} drop from {y0} to {y2}?",
        "what was the change in {m} from {y0} to {y1}?", "What is the change in {m} between {y0} and {y1}?",
        "what is the net change in {m} during {y1}?", "What was the change in {m} in {y1} from {y0}?",
        "what was the difference in {m} between {y0} and {y1}?",
        "what was the difference in percentage growth between {m} and {k}?",
        "how far apart were the total returns of {name} and {name2} over {n} years to {y1}?",
        "What is the increase / (decrease) in {m} from {y0} to {y1}?",
        "what was the decline in {m}?", "What caused the change in {m} in {y1}?",
        "Why did {m} increase in fiscal {y1}?",
        "Why did {m} decrease from {y0} to {y1}?", "what percent of {m} was {k} in {y1}?",
        "what percentage of {m} are from {k} in {y1}?", "what portion of {m} is {k}?",
        "what portion of {m} was due after {y2}?", "in {y1}, what percentage of {m} was {k}?",
        "how many per cent of {m} came from {k} in {y1}?", "what is {m} as a percentage of {k} in {y1}?",
        "How large was {m} beside {k} in {y1} and {y2}?",
        "By how many per cent did {m} in {place} change between {y0} and {y1}?",
        "percentage change of {m}, {y1} against {y0}", "What is the percentage change in {name} in {y1} from {y0}?",
        "Percentage by which {m} of {name} rose from {y0} to {y1}?", "how did the percentage of {m} move in {y1}?",
        "What share of {m} did {k} make up in {y0} and {y1}?", "mean {m} over {y0} and {y1}?",
        "give {m} of {y2}, {y1} and {y0}, each by itself", "did {name} pay more for {m} than for {k} in {y1}?",
        "in how many places is {m} sold?", "tax on {m} in {y1} when {k} were ${a} , or ${a} before tax",
        "over the {n} years to {m2}/{y1}, how far did {m} of {name} stay behind {k}?",
        "What are the respective {m} in {y0} and {y1}?", "What are the company's {m} in {y1} and {y0} respectively?",
        "What is {m} for fiscal years {y1} to {y0} respectively?",
        "what was the ratio of {m} to {k} in {y1}?", "what is the ratio of {m} to {k}?",
        "what was the average {m} from {y0} to {y2}?", "what is the average of {m} for {y0}, {y1} and {y2}?",
        "What is the average {m} per year?", "what was the average annual {m} from {y0} to {y2}?",
        "what is the total {m} in {y1}?", "what was total {m} for the {n} years ended {y2}?",
        "what was {m} in {y1}?", "what were {m} in {y1} in millions?", "What is the {m} reported in {y1}?",
        "what would {m} have been in {y1} without {k}?", "what is the sum of {m} and {k}?",
        "considering the year {y1}, what is {m} as a share of {k}?", "in {y1} how many {m} were there?",
        "How many {m} are there in total?", "how much of {m} is {k}?", "how much {m} was recognised in {y1}?",
        "In which year was {m} larger?", "In which year was {m} less than {a}?", "Which year had the highest {m}?",
        "did {m} exceed {k} in {y1}?", "was {m} higher than {k}?", "What does {m} consist of?", "What are {m}?",
        "How is {m} calculated?", "How are {m} measured?", "What is included in {m}?", "Who is responsible for {m}?",
        "what is the roi of {m} from {y0} to {y2}?", "what is the return on {m} if ${a} is invested in {y0}?",
        "what is the market value of {m}?", "what is the cost of {m} if each is worth ${a}?",
        "if {m} grow by {r}% next year, what will they be?", "if {m} had been ${a} , what would {k} be?",
        "what was the gross margin in {y1}?", "what is the gross margin for {name} in {y1} and {y0}?",
        "what was the gross profit percentage in {y1}?", "what is the net margin in {y1}?",
        "what was the net profit margin of {name} in {y1}?", "what is the current ratio in {y1}?",
        "what is the current ratio of {name} at the end of {y1}?", "what was the change in current ratio in {y1}?",
        "what is the operating margin in {y1}?", "how much interest was paid on {m} in {y1}?",
        "what is the annual interest on the {r}% notes due {y2}?", "what is the interest expense on ${a} in {y1}?",
        "what is the interest rate on {m}?", "what is the compound annual growth rate of {m} from {y0} to {y2}?",
        "what was the impact of {m} on {k} of {a}?", "with {m} at ${a} , what is {k}?",
        "{m} were {a} in {y1}. what were they in {y0}?", "{m} was {a} in {y1}. What was the growth rate?",
        "compared to {k}, what was the performance of {m}?", "what is {m} for {name}, {name2} and others?",
    ),
    "zh": (
        "{y0}年到{y1}年{m}的变动百分比是多少？", "{y1}年{m}同比增长多少？", "{y1}年{m}的增长率是多少？",
        "{m}的同比增速是多少？", "{y1}年{m}比{y0}年增加了多少？", "{m}变化了多少？", "{name}{y1}年{m}是多少？",
        "{m}占{k}的比例是多少？", "{y1}年{m}占{k}的百分之几？", "{m}与{k}之比是多少？",
        "{y0}年至{y2}年{m}的平均值是多少？",
        "{m}合计是多少？", "{m}和{k}分别是多少？", "哪一年的{m}更高？", "哪一年{m}最低？", "{m}为什么下降？",
        "{m}包括哪些内容？", "{m}如何计算？", "{y1}年{m}是否超过{k}？", "若{m}增长{r}%，{k}会是多少？",
        "{m}为{a}，增长率是多少？", "{m}是{a}，{k}是多少？", "如果没有{k}，{y1}年{m}会是多少？",
        "{y1}年的毛利率是多少？",
        "{name}{y1}年的净利率是多少？", "{name}的流动比率是多少？", "{y1}年流动比率有什么变化？", "{m}的利率是多少？",
        "{y1}年支付了多少利息？", "{m}的年复合增长率是多少？", "{m}的回报率是多少？", "{m}对{k}有什么影响？",
        "{y1}年{m}的预计金额是多少？", "请分析{m}的变动原因。", "与{y0}年相比，{m}表现如何？",
        "{r}%票据的年利息是多少？",
        "单利是多少？", "复利怎么算？", "利率{r}%，利息是多少？", "增长率是多少？",
        "{m}从{y0}年到{y1}年增长了百分之几？", "{y1}年{name}的{m}较{y0}年变动的百分比？",
        "{place}的{m}变动了百分之几？",
        "{y0}年与{y1}年的{m}各是多少？", "{y1}年{m}是否比{k}多？",
    ),
}  # fmt: skip
REGIONS: dict[Language, tuple[str, ...]] = {
    "en": (
        "EMEA",
        "Latin America",
        "the Nordics",
        "LATAM",
        "Asia",
        "the West",
        "Corporate",
        "Segment B",
        "MENA",
        "ANZ",
    ),
    "zh": ("华东", "海外", "总部", "华南", "欧洲", "西部", "分部二"),
}
SYLLABLES = ("al", "ber", "cor", "dan", "ex", "fin", "gar", "hel", "in", "jor", "kel", "lan", "mer", "nor", "ost",
             "pen", "qual", "ren", "sol", "tex", "un", "ver", "win", "yor", "zim", "a", "e", "o", "son", "ton",
             "ix")  # fmt: skip
HANZI = "华东海星长河光明新世纪远大中信诚达安康瑞丰金龙天地和平南北西山水云科技电力药业食品"
MONTHS = ("december 31", "dec 31", "june 30", "september", "march", "year-end", "jun", "aug")


def name(random: Random, language: Language) -> str:
    """An invented name of a firm, place or plan."""
    if language == "zh":
        return "".join(random.choices(HANZI, k=random.randint(2, 4)))
    words = ["".join(random.choices(SYLLABLES, k=random.randint(1, 3))) for _ in range(random.randint(1, 2))]
    return " ".join(words)


def measure(random: Random, language: Language) -> str:
    """A figure of a report, with what qualifies it."""
    text = random.choice(MEASURES[language])
    if text.startswith("the "):
        text = text if random.random() < 0.5 else text.removeprefix("the ")
    elif random.random() < 0.5:
        text = f"{random.choice(BEFORE[language])}{' ' if language == 'en' else ''}{text}"
    if language == "en" and random.random() < 0.25:
        text = f"the {text}" if not text.startswith("the ") else text
    if random.random() < 0.15:
        text = f"{name(random, language)}{' ' if language == 'en' else '的'}{text}"
    after = random.choice(AFTER[language])
    return text + after.format(name=name(random, language), name2=name(random, language), n=random.randint(2, 30))


def near_miss(random: Random, language: Language, unseen: bool) -> str:
    """A question about figures that are not given. Every eighth way of asking is for ``unseen`` only."""
    wording = random.choice([way for place, way in enumerate(ASKED[language]) if (place % 8 == 3) == unseen])
    year = random.randint(2000, 2024)
    figure = random.choice(
        (str(random.randint(2, 999)), f"{random.randint(1000, 99999):,}", f"{random.randint(1, 99)}.5")
    )
    text = wording.format(
        m=measure(random, language), k=measure(random, language), y0=year, y1=year + 1, y2=year + random.randint(2, 6),
        s0=year % 100, s1=(year + 1) % 100, d=random.choice(MONTHS), a=figure, n=random.randint(2, 10),
        r=random.choice(("3", "4.5", "5", "6.25", "7", "10")), name=name(random, language),
        name2=name(random, language), place=random.choice(REGIONS[language]), m2=f"12/{random.randint(28, 31)}",
    )  # fmt: skip
    return styled(random, text) if language == "en" else text


def styled(random: Random, text: str) -> str:
    """Small or capital beginnings, with or without a question mark, as people and data sets write."""
    kind = random.random()
    if kind < 0.35:
        text = text.lower()
    elif kind < 0.75:
        text = text[:1].upper() + text[1:]
    ending = random.random()
    if ending < 0.1:
        text = text.removesuffix("?")
    elif ending < 0.15:
        text = text.removesuffix("?") + " ?"
    if random.random() < 0.04:
        text = text.replace(" ", "  ", 1)
    return text
