"""Sentiment of headlines and tweets: bearish, bullish or neutral.

Headlines join a company and an event; each pair is held out or trained on as a whole. Owns the events, the
wordings of the question and the labels that each wording asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from builtin_model import templates
from builtin_model.questions import Draw
from builtin_model.records import Exercise, Language, Mark, Piece, boxed, is_held_out

NEGATIVE, POSITIVE, NEUTRAL = 0, 1, 2
TFNS = (
    'Below is a finance-related tweet. Please analyze its sentiment. "0" represents "Bearish" "1" represents "Bullish" '
    '"2" represents "Neutral"'
)


@dataclass(frozen=True)
class Wording:
    """A question about a headline ``{h}`` and the labels it asks for (negative, positive, neutral)."""

    text: str
    labels: tuple[str, str, str]


_NUMBERS = ("0", "1", "2")
_PLAIN = ("negative", "positive", "neutral")
_MARKET = ("bearish", "bullish", "neutral")
_ZH = ("负面", "正面", "中性")
_NEWS = ("利空", "利好", "中性")

WORDINGS: dict[Language, tuple[Wording, ...]] = {
    "en": (
        Wording(f"{TFNS}  Text: {{h}}", _NUMBERS),
        Wording(f"{TFNS}\nText: {{h}}", _NUMBERS),
        Wording(f"{TFNS} Text: {{h}}", _NUMBERS),
        Wording("What is the sentiment of this headline: positive, negative or neutral?\n{h}", _PLAIN),
        Wording("Is this news bullish, bearish or neutral? {h}", _MARKET),
        Wording("Classify the sentiment of the headline (positive/negative/neutral): {h}", _PLAIN),
        Wording("Headline: {h}\nSentiment?", _PLAIN),
        Wording("Label this tweet as bullish, bearish or neutral: {h}", _MARKET),
        Wording('Analyze the sentiment of "{h}" and answer positive, negative or neutral.', _PLAIN),
        Wording("How would investors read this headline, bullish, bearish or neutral? {h}", _MARKET),
        Wording("Give the sentiment (0 bearish, 1 bullish, 2 neutral): {h}", _NUMBERS),
        Wording("Read the headline and give its sentiment. {h}", _PLAIN),
        Wording("Sentiment analysis: {h}", _PLAIN),
        Wording("Decide whether the following news is positive, negative or neutral: {h}", _PLAIN),
        Wording("Judge the tone of this financial headline: {h}", _PLAIN),
        Wording("{h} Is the sentiment positive, negative or neutral?", _PLAIN),
        Wording("Please determine the market sentiment (bullish, bearish or neutral) of: {h}", _MARKET),
        Wording(
            "Is the following headline good, bad or neutral news? Answer positive, negative or neutral. {h}", _PLAIN
        ),
    ),
    "zh": (
        Wording(f"{TFNS}  Text: {{h}}", _NUMBERS),
        Wording("这条新闻的情绪是正面、负面还是中性？{h}", _ZH),
        Wording("这条新闻是利好、利空还是中性？{h}", _NEWS),
        Wording("请判断以下标题的情感倾向（正面/负面/中性）：{h}", _ZH),
        Wording("判断利好、利空还是中性：{h}", _NEWS),
        Wording("新闻标题：{h}\n请判断情绪。", _ZH),
        Wording("请分析这则消息是利好还是利空，或者中性：{h}", _NEWS),
        Wording("下面这条财经新闻的情感是什么？{h}", _ZH),
        Wording("“{h}”这条消息是正面、负面还是中性？", _ZH),
        Wording("对投资者来说，这是利好、利空还是中性消息？{h}", _NEWS),
        Wording("请给标题分类，0表示看跌，1表示看涨，2表示中性：{h}", _NUMBERS),
        Wording("情绪分析：{h}", _ZH),
        Wording("请对下列财经标题做情感判断。{h}", _ZH),
        Wording("标题：{h} 情绪是？", _ZH),
        Wording("请问该新闻对股价利好、利空还是中性？{h}", _NEWS),
        Wording("{h} 这条新闻的情绪如何？", _ZH),
        Wording("请说明以下新闻属于正面、负面还是中性：{h}", _ZH),
        Wording("看到这条标题，市场情绪是正面、负面还是中性？{h}", _ZH),
        Wording("请判断消息性质（利好/利空/中性）：{h}", _NEWS),
    ),
}

COMPANIES: dict[Language, tuple[str, ...]] = {
    "en": ("Acme", "Northwind", "Contoso", "$ACME", "$NWD", "Harbour Bank", "Atlas Motors", "Orion Energy",
        "Blue River",
           "Redwood Foods", "Tesla", "Apple", "$AAPL", "$TSLA", "Nvidia", "Boeing", "Delta Air",
           "Goldman Sachs", "Vertex Pharma",
           "Stellar Mining", "Pioneer Oil", "City Retail", "Summit Software", "Global Shipping", "Microsoft", "Amazon"),
    "zh": ("华星科技", "东海食品", "北辰汽车", "长河能源", "蓝天航空", "光明乳业", "某银行", "宁德时代",
        "贵州茅台", "中国平安", "比亚迪",
           "万科", "招商银行", "海天药业", "金山矿业", "远洋航运", "新城地产", "天合光能", "云帆软件", "京东方",
           "中信证券", "恒远集团"),
}  # fmt: skip

EVENTS: dict[Language, dict[int, tuple[str, ...]]] = {
    "en": {
        POSITIVE: (
            "beats quarterly earnings estimates", "shares jump {n}% after strong results",
            "raises its full-year guidance",
            "reports record revenue", "announces a ${n} billion share buyback", "upgraded to buy at a major broker",
            "wins a ${n} million contract", "profit rises {n}% on strong demand", "hikes its dividend by {n}%",
            "stock hits an all-time high", "sales surge {n}% from a year ago", "receives approval for its new drug",
            "price target raised to ${n}", "signs a major partnership deal", "returns to profit after a difficult year",
            "margins expand as costs fall", "shares rally on takeover interest", "adds record number of new customers",
            "outperforms its peers this quarter", "cuts debt by {n}% and improves its credit rating",
            "revenue grows faster than expected", "orders climb to a new high", "gains {n}% in early trading",
            "upgraded by analysts on improving outlook", "earnings top forecasts and guidance goes up",
            "opens higher after better-than-expected profit", "settles lawsuit on favourable terms",
            "sees strong growth ahead", "lifts outlook as demand recovers",
            "breaks out above resistance, more upside likely",
        ),
        NEGATIVE: (
            "misses quarterly earnings estimates", "shares plunge {n}% after weak results",
            "cuts its full-year guidance",
            "reports a loss of ${n} million", "suspends its dividend", "downgraded to sell at a major broker",
            "loses a ${n} million contract", "profit falls {n}% on weak demand",
            "to cut {n} thousand jobs as sales slump",
            "stock hits a 52-week low", "sales drop {n}% from a year ago", "recalls products over safety fears",
            "price target cut to ${n}", "files for bankruptcy protection", "warns of lower profit this year",
            "margins shrink as costs soar", "shares tumble on fraud allegations", "loses customers to rivals",
            "under investigation by the regulator", "defaults on its bonds", "revenue declines more than expected",
            "orders fall to a ten-year low", "slides {n}% in early trading", "downgraded by analysts on a weak outlook",
            "earnings disappoint and guidance goes down", "fined ${n} million for violations",
            "credit rating cut to junk", "sees demand weakening further", "CEO resigns amid accounting scandal",
            "breaks below support, more downside likely",
        ),
        NEUTRAL: (
            "to report quarterly results on Thursday", "schedules its annual meeting for May {n}",
            "appoints a new board member",
            "moves its head office to another city", "publishes its annual report",
            "to present at an investor conference",
            "shares unchanged at the close", "keeps its guidance unchanged", "names a new chief marketing officer",
            "holds its dividend steady", "rating maintained at hold", "changes its fiscal year end",
            "announces the date of its earnings call", "trades flat ahead of the Fed meeting",
            "files its quarterly report",
            "to webcast its investor day", "results in line with expectations", "renames one of its divisions",
            "completes a planned office move", "reiterates its previous forecast",
            "declares its regular quarterly dividend",
            "will join the panel at a conference in June", "updates its website for investors",
            "sets record date for voting",
            "volume is average today", "CEO to speak on television at {n} pm",
        ),
    },
    "zh": {
        POSITIVE: (
            "净利润同比增长{n}%", "业绩超出市场预期", "上调全年业绩指引", "营收创历史新高",
            "宣布{n}亿元股份回购计划", "获券商上调评级至买入",
            "中标{n}亿元项目", "股价大涨{n}%", "提高分红比例", "新药获批上市", "扭亏为盈", "订单大幅增加",
            "签署重大合作协议", "毛利率明显提升",
            "销量同比大增{n}%", "股价创历史新高", "获得大股东增持", "信用评级获上调", "市场份额持续扩大",
            "用户数快速增长", "获政策大力支持",
            "产品供不应求", "预计全年利润大增", "开盘涨停", "成功降低负债率", "新产品大受欢迎", "一季度业绩强劲反弹",
        ),
        NEGATIVE: (
            "净利润同比下降{n}%", "业绩不及市场预期", "下调全年业绩指引", "预计全年亏损{n}亿元",
            "被证监会立案调查", "遭券商下调评级至卖出",
            "丢失{n}亿元订单", "股价大跌{n}%", "取消年度分红", "产品因安全问题被召回", "由盈转亏",
            "订单大幅减少", "债券发生违约", "毛利率明显下滑",
            "销量同比大降{n}%", "股价创历史新低", "遭大股东减持", "信用评级被下调", "市场份额不断流失",
            "计划大规模裁员", "因违规被罚款{n}亿元",
            "库存严重积压", "发布盈利预警", "开盘跌停", "资金链紧张", "财务造假被曝光", "董事长涉嫌违法被拘留",
        ),
        NEUTRAL: (
            "将于周四公布季度业绩", "召开年度股东大会", "任命新任独立董事", "办公地址变更", "披露年度报告",
            "将参加投资者交流会", "股价收盘持平",
            "维持全年业绩指引不变", "变更会计师事务所", "分红方案与上年持平", "获券商维持中性评级",
            "公告董事会会议日期", "调整部门名称",
            "业绩符合市场预期", "成交量与昨日相当", "更换公司标志", "发布例行公告", "公布股权登记日",
            "将于{n}日举行业绩说明会",
            "修订公司章程", "证券简称变更", "举办投资者开放日", "公告高管正常换届", "股价小幅震荡，基本持平",
        ),
    },
}  # fmt: skip

THINKING: dict[Language, str] = {
    "en": "Labels: |{labels}|. The headline says: |{event}|. {why}, so the sentiment is {name}. Label: {label}.",
    "zh": "标签有：|{labels}|。标题说：|{event}|。{why}，情绪为{name}。标签：{label}。",
}
REASONS: dict[Language, tuple[tuple[str, str], ...]] = {
    "en": (
        ("That is bad news for the company", "negative"),
        ("That is good news for the company", "positive"),
        ("That is neither good nor bad news", "neutral"),
    ),
    "zh": (("这对公司是坏消息", "负面"), ("这对公司是好消息", "正面"), ("这既不是好消息也不是坏消息", "中性")),
}
ENDINGS: dict[Language, tuple[str, ...]] = {"en": ("", "", "", ".", " #stocks", "!"), "zh": ("", "", "", "。", "！")}


def headline(random: Random, draw: Draw, language: Language) -> tuple[int, str, str]:
    """Sentiment, headline and event of the wanted split."""
    while True:
        mood = random.choice((NEGATIVE, POSITIVE, NEUTRAL))
        event = random.choice(EVENTS[language][mood])
        company = random.choice(COMPANIES[language])
        if is_held_out("sentiment", company, event) == draw.held_out:
            break
    event = event.format(n=random.randint(2, 30))
    joint = " " if language == "en" else ""
    return mood, f"{company}{joint}{event}{random.choice(ENDINGS[language])}", event


def sentiment(random: Random, draw: Draw) -> Exercise:
    """A headline and its sentiment, labelled as the wording asks. The tweets' wording also comes over Chinese text."""
    language = draw.language
    wordings = WORDINGS[language]
    index = random.choice(templates.split(wordings, draw.unseen_template))
    if language == "en" and not draw.unseen_template and random.random() < 0.4:
        index = random.randrange(3)
    mood, text, event = headline(random, draw, language)
    wording = wordings[index]
    why, name = REASONS[language][mood]
    label = wording.labels[mood]
    words = {"labels": "/".join(wording.labels), "event": event, "why": why, "name": name, "label": label}
    marks = (Mark.PLAIN, Mark.COPY, Mark.PLAIN, Mark.COPY, Mark.PLAIN)
    parts = THINKING[language].split("|")
    thinking = tuple(Piece(part.format(**words), mark) for part, mark in zip(parts, marks, strict=True))
    return Exercise(
        task="sentiment",
        language=language,
        template=f"sentiment.{index}",
        question=wording.text.replace("{h}", text),
        thinking=thinking,
        answer=boxed(label),
        expected=label,
        held_out=draw.held_out,
        unseen_template=draw.unseen_template,
    )
