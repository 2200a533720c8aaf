"""Everything that is not on the list of tasks, and the one sentence that answers it.

Owns that sentence and a wide spread of questions beside the list: near misses with figures, definitions, tables
and documents, code, small talk, and sentences made at random. Nothing here is taken from a published data set.
"""

from __future__ import annotations

from random import Random

from builtin_model.near_misses import near_miss
from builtin_model.pages import page
from builtin_model.questions import COMPANIES, Draw, capitalised, choose, figure, framed, money
from builtin_model.records import OFF_LIST, Exercise, Language, Piece

SENTENCE: dict[Language, str] = {
    "en": "I am only the built-in demonstration model and cannot answer this; to get Fin-R1, open the menu “Models”.",
    "zh": "我只是内置的演示模型，无法回答这个问题；要获取 Fin-R1，请打开菜单“模型”。",
}
THINKING: dict[Language, str] = {
    "en": "This is not one of the tasks that I was trained for.",
    "zh": "这不属于我所学的任务。",
}

NEAR: dict[Language, tuple[str, ...]] = {
    "en": (
        "What is the present value of {a} received in {t} years at {r}%?",
        "Calculate the net present value of cash flows {a}, {b} and {c} at {r}%.",
        "A loan of {a} runs for {t} years at {r}%. What is the monthly payment?",
        "What is the debt-to-equity ratio with debt of {a} and equity of {b}?",
        "Compute the quick ratio: current assets {a}, inventory {b}, current liabilities {c}.",
        "What is the return on equity if net income is {a} and equity is {b}?",
        "Calculate return on assets from net income {a} and total assets {b}.",
        "The share price is {a} and earnings per share are {b}. What is the P/E ratio?",
        "What are earnings per share with net income of {a} and {b} shares?",
        "Find the break-even point: fixed costs {a}, price {b}, variable cost {c}.",
        "Revenue was {a}. What is the growth rate?",
        "What was the revenue growth rate last year?",
        "What is the gross margin of {who}?",
        "What is a gross margin?",
        "Define the current ratio.",
        "Explain simple interest and compound interest.",
        "What is the difference between simple and compound interest?",
        "Convert {a} into euros at a rate of {r}.",
        "What is {r}% of {a}?",
        "What is {x} + {y}?", "{x}+{y}", "{x} + {y} =", "{x} * {y}", "How much is {x} times {y}?",
        "What is {x} divided by {y}?",
        "What is the square root of {x}?",
        "If a {a} investment gains {r}%, what is its value?",
        "An asset costs {a} and is depreciated over {t} years. What is the annual depreciation?",
        "What is the standard deviation of {x}, {y} and {z}?",
        "A bond with face value {a} pays a coupon of {r}%. What is its yield at a price of {b}?",
        "What is the Sharpe ratio of a portfolio with return {r}% and volatility {x}%?",
        "How much tax is due on {a} at {r}%?",
        "What is the inflation-adjusted value of {a} after {t} years?",
        "Net income is {a}. What is the net margin?",
        "What is the compound annual growth rate from {a} to {b} over {t} years?",
        "Calculate EBITDA from operating income {a} and depreciation {b}.",
        "What is the payback period of a project that costs {a} and returns {b} a year?",
        "I save {a} every month at {r}%. How much do I have after {t} years?",
        "Compute working capital: current assets {a}, current liabilities {b}.",
        "What is the total of {a}, {b} and {c}?",
        "What is the average of {a} and {b}?",
        "By how much do {a} and {b} differ?",
        "What was the change in deferred tax from {y0} to {y1}?",
        "What was the total operating expense in {y1}?",
        "What percentage of total assets was goodwill in {y1}?",
        "What is the ratio of {x} to {y}?",
        "Should I invest {a} in shares or in bonds?",
        "What interest rate turns {a} into {b} in {t} years?",
        "How long does it take to double {a} at {r}%?",
        "What does the company include in other income?",
        "In which year was the cost higher?",
        "How many employees did {who} have in {y1}?",
        "What is the dividend yield if the dividend is {b} and the price is {a}?",
        "What is the value at risk of {a} at {r}%?",
        "A plan takes {a} every year for {t} years and earns {r}%. How large is it at the end?",
        "Someone puts {a} aside each year, {t} years long, at {r}%. What sum comes out?",
        "A yearly insurance contribution of {a} over {t} years, {r}% return: what is the final amount?",
        "What is the volatility of a mix of {x}% shares and {y}% bonds?",
        "A fund is {x}% equities and {y}% cash. What is its expected return?",
        "Which weights, {x}% and {y}% or others, give the best Sharpe ratio?",
        "Compare the risk of two assets held at {x}% and {y}%.",
    ),
    "zh": (
        "{t}年后收到{a}，折现率{r}%，现值是多少？",
        "计算净现值：现金流{a}、{b}、{c}，折现率{r}%。",
        "贷款{a}，期限{t}年，年利率{r}%，每月还款多少？",
        "负债{a}，所有者权益{b}，资产负债率是多少？",
        "计算速动比率：流动资产{a}，存货{b}，流动负债{c}。",
        "净利润{a}，净资产{b}，净资产收益率是多少？",
        "总资产{b}，净利润{a}，求总资产收益率。",
        "股价{a}元，每股收益{b}元，市盈率是多少？",
        "净利润{a}，总股本{b}股，每股收益多少？",
        "固定成本{a}，单价{b}，单位变动成本{c}，求盈亏平衡点。",
        "营业收入{a}，增长率是多少？",
        "去年的营收增长率是多少？",
        "{who}的毛利率是多少？",
        "什么是毛利率？", "什么是流动比率？", "解释一下单利和复利。", "单利和复利有什么区别？",
        "{a}按汇率{r}换成美元是多少？",
        "{a}的{r}%是多少？",
        "{x}加{y}等于几？", "{x}+{y}=?", "{x}+{y}等于多少", "{x}乘以{y}是多少？", "{x}除以{y}等于几？",
        "{x}的平方根是多少？",
        "设备原值{a}，使用{t}年，每年折旧多少？",
        "债券面值{a}，票面利率{r}%，价格{b}，到期收益率是多少？",
        "组合收益率{r}%，波动率{x}%，夏普比率是多少？",
        "收入{a}，税率{r}%，应缴多少税？",
        "净利润{a}，净利率是多少？",
        "从{a}到{b}，{t}年的年复合增长率是多少？",
        "营业利润{a}，折旧{b}，求息税折旧前利润。",
        "项目投资{a}，每年收回{b}，回收期几年？",
        "每月存{a}，年利率{r}%，{t}年后有多少？",
        "流动资产{a}，流动负债{b}，营运资金是多少？",
        "{a}、{b}、{c}一共多少？", "{a}和{b}的平均数是多少？", "{a}和{b}相差多少？",
        "每年缴保费{a}，缴{t}年，按{r}%计算终值多少？", "两项资产各占{x}%和{y}%，组合的波动率是多少？",
        "每年存入{a}，共{t}年，收益率{r}%，到期总额是多少？", "股票{x}%、债券{y}%的组合，夏普比率多少？",
        "{a}翻一倍要多少年，利率{r}%？",
        "{y1}年的管理费用是多少？", "{y0}年和{y1}年的递延所得税变化是多少？", "商誉占总资产的比例是多少？",
        "{who}{y1}年有多少员工？", "我应该把{a}投资股票还是债券？", "股息{b}，股价{a}，股息率多少？",
        "存货周转率怎么计算？", "应收账款{a}，收入{b}，应收账款周转天数是多少？",
        "请根据所给信息解答以下金融计算题：某项目投资{a}，{t}年后收回{b}，求内部收益率。",
        "你是一个金融知识专家，下面是一道中国金融相关考试的问题，请选出其中的正确答案。"
        "你可以一步步思考，并在最后将最终答案的选项放入 \\boxed{{}}\n"
        "下列哪项属于货币政策工具？\n选项: A: 税率 B: 存款准备金率 C: 国债 D: 预算",
    ),
}  # fmt: skip

OTHER: dict[Language, tuple[str, ...]] = {
    "en": (
        "Hello", "Hi there!", "hi", "Good morning", "How are you?", "Who are you?", "What can you do?",
        "What is your name?",
        "Thank you!", "thanks", "Tell me a joke.", "What is the capital of {place}?",
        "What is the weather in {place} today?",
        "Write a poem about {noun}.", "Write an essay on {noun}.", "Translate this into Chinese: {noun} matters.",
        "Summarise the following text: {prose}", "Explain {noun} to a beginner.", "What is {noun}?",
        "What are {noun}s?",
        "How does {noun} work?", "Why is {noun} important for {noun2}?", "Give me three examples of {noun}.",
        "Compare {noun} and {noun2}.", "What is the difference between {noun} and {noun2}?",
        "List the risks of {noun}.",
        "Write a Python function that computes {noun}.", "Write code for the efficient frontier in Python.",
        "How do I sort a list in Python?", "def f(x): return x", "SELECT * FROM accounts;", "Fix this code: print({x}",
        "Who is the president of {place}?", "Who wrote Hamlet?", "When was {who} founded?",
        "Recommend a book about {noun}.",
        "What is the outlook for {noun} in {place}?", "How will interest rates affect {noun}?",
        "Analyse the ESG risks of {who}.", "What is a good portfolio for retirement?", "Is {noun} a good investment?",
        "Which shares should I buy?", "Explain the balance sheet.", "How do I reduce {noun}?",
        "Plan a trip to {place}.",
        "What should I cook tonight?", "What time is it?", "Are you Fin-R1?", "Are you ChatGPT?", "Can you help me?",
        "Explain the causes of {noun} in {place}.", "What happened in {y1}?", "Describe {noun} in one sentence.",
        "Draft an email to {who} about {noun}.", "What does {noun} mean?", "Help me write a report about {noun}.",
        "test", "ok", "continue", "Please repeat that.", "asdf", "?", "...", "yes", "no",
        "{prose}", "{prose}\n\nWhat does this mean?", "{word} {word2}", "{word} {word2} {word3}?", "Why?",
        "{noun}", "{noun}?",
        "Tell me about {noun} in {place}.", "How old is {who}?", "Evaluate the credit risk of {who}.",
        "What is the market share of {who}?", "Who is the auditor of {who}?", "When does {who} pay its dividend?",
    ),
    "zh": (
        "你好", "您好！", "早上好", "你是谁？", "你能做什么？", "你叫什么名字？", "谢谢", "谢谢你！",
        "讲个笑话。", "{place}的首都是哪里？",
        "今天{place}天气怎么样？", "写一首关于{noun}的诗。", "写一篇关于{noun}的文章。",
        "把这句话翻译成英文：{noun}很重要。", "总结下面的内容：{prose}",
        "请解释{noun}。", "什么是{noun}？", "{noun}是什么意思？", "{noun}如何运作？", "为什么{noun}很重要？",
        "举三个{noun}的例子。",
        "比较{noun}和{noun2}。", "{noun}与{noun2}有什么区别？", "{noun}有哪些风险？",
        "用Python写一个计算{noun}的函数。", "用Python画出有效前沿。",
        "Python怎么排序？", "帮我改一下代码：print({x}", "谁是{place}的总统？", "红楼梦的作者是谁？",
            "{who}是哪一年成立的？",
        "推荐一本关于{noun}的书。", "{place}的{noun}前景如何？", "加息对{noun}有什么影响？",
        "分析{who}的ESG风险。", "退休应该怎么配置资产？",
        "{noun}值得投资吗？", "现在该买哪只股票？", "解释一下资产负债表。", "怎样降低{noun}？",
        "帮我规划去{place}的旅行。", "今晚吃什么？",
        "现在几点了？", "你是Fin-R1吗？", "你是ChatGPT吗？", "你能帮我吗？", "{y1}年发生了什么？",
        "用一句话描述{noun}。",
        "给{who}写一封关于{noun}的邮件。", "帮我写一份{noun}报告。", "测试", "好的", "继续", "请再说一遍", "？",
        "是", "否", "为什么？",
        "{prose}", "{prose}\n这是什么意思？", "{noun}", "{noun}？", "介绍一下{place}的{noun}。",
        "{who}的董事长是谁？", "评估{who}的信用风险。",
        "{who}的市场份额是多少？", "{who}的审计机构是哪家？", "{word}{word2}", "{word}{word2}{word3}？",
        "如何学习{noun}？",
    ),
}  # fmt: skip

PLACES: dict[Language, tuple[str, ...]] = {
    "en": (
        "France",
        "China",
        "Japan",
        "Brazil",
        "London",
        "New York",
        "Germany",
        "India",
        "Canada",
        "Paris",
        "Shanghai",
        "Italy",
    ),
    "zh": ("法国", "中国", "日本", "巴西", "伦敦", "纽约", "德国", "印度", "加拿大", "巴黎", "上海", "意大利", "北京"),
}
NOUNS: dict[Language, tuple[str, ...]] = {
    "en": (
        "inflation", "monetary policy", "a hedge fund", "an option", "a futures contract", "value at risk", "duration",
        "quantitative easing", "a mutual fund", "an index fund", "the yield curve", "a recession", "credit risk",
        "liquidity", "insurance", "a pension", "blockchain", "bitcoin", "a mortgage", "depreciation", "goodwill",
        "an audit", "the economy", "technology", "electric cars", "the housing market", "gold", "oil", "trade", "tax",
        "spring", "love", "football", "machine learning", "a neural network", "photosynthesis", "history", "music",
        "working capital", "free cash flow", "a stock split", "diversification", "the Sharpe ratio", "leverage",
        "a bond",
        "arbitrage", "the balance of payments", "exchange rates", "a supply chain", "corporate governance",
        "climate risk",
    ),
    "zh": (
        "通货膨胀", "货币政策", "对冲基金", "期权", "期货合约", "在险价值", "久期", "量化宽松", "公募基金",
        "指数基金", "收益率曲线", "经济衰退",
        "信用风险", "流动性", "保险", "养老金", "区块链", "比特币", "房贷", "折旧", "商誉", "审计", "宏观经济",
        "人工智能", "新能源汽车",
        "房地产市场", "黄金", "原油", "国际贸易", "税收", "春天", "爱情", "足球", "机器学习", "神经网络",
        "光合作用", "历史", "音乐",
        "营运资金", "自由现金流", "股票分拆", "分散投资", "夏普比率", "杠杆", "债券", "套利", "国际收支",
        "汇率", "供应链", "公司治理", "碳中和",
    ),
}  # fmt: skip
CLAUSES: dict[Language, tuple[str, ...]] = {
    "en": (
        "the increase was due to higher volumes", "the company operates in {n} segments",
        "cash provided by operating activities was ${a}",
        "goodwill is tested for impairment each year", "total debt amounted to ${a} at year end",
        "we expect capital spending of ${b}",
        "the effective tax rate was {r}% in {y1}", "operating expenses rose because of wages and freight",
        "the board approved a restructuring plan", "interest expense fell by ${b}", "net sales in Europe were ${a}",
        "foreign exchange had a small effect", "depreciation and amortisation were ${b}", "shares outstanding were {a}",
        "inventories are stated at the lower of cost and market", "the notes mature in {y1}",
        "leases are described in note {n}",
        "results are not audited", "the fair value of options was estimated with a model",
        "pension costs were ${b} in {y0}",
        "the weather was mild and the harvest was good", "people went home early on Friday",
        "she bought a new bicycle for the summer",
        "the museum opens at nine", "a small dog crossed the road", "our team finished the project last week",
    ),
    "zh": (
        "增长主要来自销量提高", "公司分为{n}个业务分部", "经营活动现金流量净额为{a}万元",
        "每年对商誉进行减值测试", "年末有息负债{a}万元",
        "预计资本开支{b}万元", "{y1}年实际税率为{r}%", "管理费用上升系人工成本增加", "董事会审议通过重组方案",
        "利息支出减少{b}万元",
        "境外收入为{a}万元", "汇率变动影响较小", "折旧与摊销为{b}万元", "总股本{a}万股",
        "存货按成本与可变现净值孰低计量", "债券于{y1}年到期",
        "租赁情况见附注{n}", "本报告未经审计", "期权公允价值采用模型估计", "今天天气很好", "他周末去爬山",
        "图书馆九点开门", "这本书很有意思",
        "我们上周完成了项目", "小猫在阳光下睡觉", "地铁上人很多",
    ),
}  # fmt: skip
WORDS: dict[Language, tuple[str, ...]] = {
    "en": (
        "green", "window", "paper", "run", "quickly", "market", "river", "table", "seven", "blue", "apple",
        "stone", "light", "price",
        "north", "garden", "report", "winter", "train", "music", "profit", "open", "idea", "number", "bank",
        "cloud", "story", "wheel",
    ),
    "zh": ("桌子", "河流", "跑步", "绿色", "电脑", "市场", "冬天", "火车", "音乐", "苹果", "石头", "报告",
        "价格", "花园", "窗户", "故事", "数字", "银行"),
}  # fmt: skip
SYLLABLES = ("ba", "co", "di", "fer", "gan", "hol", "in", "ka", "lem", "mo", "ner", "op", "pra", "qui", "ros",
    "st", "ter", "um", "ver", "wy", "xa", "zen",
             "tion", "ment", "able", "sub", "pre", "con", "ing", "ed", "al")  # fmt: skip
HANZI_FIRST, HANZI_LAST = 0x4E00, 0x8FFF


def off_list(random: Random, draw: Draw) -> Exercise:
    """A question that is not on the list."""
    language = draw.language
    kind = random.random()
    if kind < 0.36:
        asked = near_miss(random, language, draw.unseen_template)
        return finished(draw, "near_miss", framed(random, draw, asked))
    if kind < 0.42:
        return finished(draw, "page", page(random, language, draw.unseen_template))
    if kind < 0.66:
        name, wordings = "near", NEAR[language]
    elif kind < 0.85:
        name, wordings = "other", OTHER[language]
    elif kind < 0.93:
        return finished(draw, "document", document(random, language, draw.unseen_template))
    else:
        return finished(draw, "noise", noise(random, language))
    index, wording = choose(random, wordings, draw)
    question = capitalised(wording.format(**slots(random, language)))
    return finished(draw, f"{name}.{index}", framed(random, draw, question) if name == "near" else question)


def finished(draw: Draw, template: str, question: str) -> Exercise:
    """The exercise whose answer is the sentence."""
    return Exercise(
        task=OFF_LIST,
        language=draw.language,
        template=template,
        question=question,
        thinking=(Piece(THINKING[draw.language]),),
        answer=SENTENCE[draw.language],
        expected=None,
        held_out=draw.held_out,
        unseen_template=draw.unseen_template,
    )


def slots(random: Random, language: Language) -> dict[str, str]:
    """Fillings of every slot that the wordings use."""
    from decimal import Decimal

    a, b, c = money(random, language, *(Decimal(figure(random)) for _ in range(3)))
    year = random.randint(2005, 2025)
    nouns, words = random.sample(NOUNS[language], 2), random.sample(WORDS[language], 3)
    return {
        "a": a, "b": b, "c": c, "x": str(random.randint(1, 99)), "y": str(random.randint(1, 99)),
        "z": str(random.randint(1, 99)),
        "r": random.choice(("2", "3", "4.5", "5", "6", "8", "10", "12", "0.3", "7.25")),
        "t": str(random.randint(2, 20)),
        "who": random.choice(COMPANIES[language]), "place": random.choice(PLACES[language]), "noun": nouns[0],
        "noun2": nouns[1], "word": words[0], "word2": words[1], "word3": words[2], "y0": str(year - 1), "y1": str(year),
        "prose": prose(random, language, random.randint(1, 4)),
    }  # fmt: skip


def prose(random: Random, language: Language, sentences: int) -> str:
    """Some sentences as reports and letters have them."""
    stop, joint = (". ", " and ") if language == "en" else ("。", "，")
    parts = []
    for _ in range(sentences):
        clauses = random.sample(CLAUSES[language], random.randint(1, 2))
        year = random.randint(2005, 2025)
        numbers = {
            "n": random.randint(2, 9),
            "a": f"{figure(random):,}",
            "b": figure(random),
            "r": random.randint(5, 40),
        }
        text = joint.join(clauses).format(y0=year - 1, y1=year, **numbers)
        parts.append(capitalised(text))
    return (stop.join(parts) + stop).strip()


def document(random: Random, language: Language, unseen: bool) -> str:
    """A page with a table and a question about it, in Fin-R1's wording or a free one. The held-out ones are longer."""
    before = prose(random, language, random.randint(2, 9 if unseen else 6))
    after = prose(random, language, random.randint(1, 4))
    filled = slots(random, language)
    question = near_miss(random, language, unseen)
    rows = table(random, language)
    style = random.randrange(4)
    if style == 0:
        return (
            "Please answer the question based on all the information provided below:\n"
            f"Document: {filled['word']}/{filled['y1']}/page_{filled['x']}.pdf\nID: {filled['y']}\n"
            f"Previous Text: {before}\n"
            f"Table Data: {rows}\nFollowing Text: {after}\nQuestion: {question}"
        )
    if style == 1:
        return (
            "Read the following texts and table with financial data from an S&P 500 earnings report carefully. "
            "Based on the question-answer history (if provided), answer the last question. The answer may require "
            f"mathematical calculation based on the data provided.\n{before}\n{rows}\n{after}\nQuestion: {question}"
        )
    if style == 2:
        return f"{before}\n{rows}\n{question}"
    return f"{before} {question}"


def table(random: Random, language: Language) -> list[list[str]]:
    """A small table of figures by year."""
    labels = {
        "en": ("Revenue", "Cost of sales", "Gross profit", "Operating expenses", "Net income", "Current assets",
            "Total assets",
               "Current liabilities", "Interest", "Other", "Balance at end of year", "Additions"),
        "zh": ("营业收入", "营业成本", "毛利", "管理费用", "净利润", "流动资产", "总资产", "流动负债",
            "利息支出", "其他", "期末余额", "本期增加"),
    }[language]  # fmt: skip
    year = random.randint(2008, 2024)
    columns = random.randint(2, 3)
    rows = [["", *(str(year - back) for back in range(columns))]]
    for label in random.sample(labels, random.randint(2, 5)):
        rows.append([label, *(random.choice(("{:,}", "$ {:,}", "{:,}.{}")).format(figure(random), random.randint(0, 9))
                              for _ in range(columns))])  # fmt: skip
    return rows


def noise(random: Random, language: Language) -> str:
    """Words that mean nothing, so that unknown text is off the list too."""
    if language == "zh":
        text = "".join(chr(random.randint(HANZI_FIRST, HANZI_LAST)) for _ in range(random.randint(2, 8)))
        return text + random.choice(("", "？", "。", "是多少？", "是什么？", "怎么办？", "为什么？"))
    words = []
    for _ in range(random.randint(1, 9)):
        words.append("".join(random.choices(SYLLABLES, k=random.randint(1, 4))))
    starts = (
        "",
        "",
        "What is ",
        "How many ",
        "What was the ",
        "Explain ",
        "Why does ",
        "Who ",
        "Calculate the ",
        "Which ",
    )
    return capitalised(
        random.choice(starts) + " ".join(words) + random.choice(("", "?", ".", " in 2018?", " in 2019?"))
    )
