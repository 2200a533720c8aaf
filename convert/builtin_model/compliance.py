"""Compliance questions: a described behaviour, and whether it conforms to financial and information rules.

Behaviours are put together from an act, its object and sometimes a purpose; a pair of act and object is held
out or trained on as a whole. Owns these words and the wording of the question; the judgement comes with the act.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from builtin_model import templates
from builtin_model.questions import Draw
from builtin_model.records import Exercise, Language, Mark, Piece, boxed, is_held_out

OFFICIAL = "请判断下列描述是否符合金融与信息合规性。如果合规请回答是，否则回答否，并把最终答案放入\\boxed{}中"

QUESTIONS: dict[Language, tuple[str, ...]] = {
    "zh": (
        f"{OFFICIAL}\n问题: {{b}}",
        f"{OFFICIAL} 问题: {{b}}",
        f"{OFFICIAL}\n问题：{{b}}",
        f"{OFFICIAL}。\n{{b}}",
        "请判断以下行为是否合规，回答是或否：{b}",
        "下面的描述符合金融合规要求吗？请回答是或否。\n{b}",
        "判断是否合规（是/否）：{b}",
        "以下做法是否符合金融与信息合规性？{b}",
        "作为合规专员，请判断这个描述是否合规：{b}",
        "请问这样做合规吗？{b} 请用是或否回答。",
        "合规审查：{b} 合规答是，不合规答否。",
        "{b} 这符合金融监管规定吗？回答是或否。",
        "请从合规角度判断：{b}",
        "如果合规请回答是，否则回答否。描述：{b}",
        "{b} 请判断上述描述是否合规，并把是或否放入\\boxed{}中。",
        "请你审核下列问题是否符合信息安全与金融合规，答案为是或否：{b}",
        "对下列描述作合规判断，回答是或否。{b}",
        "合规判断题：{b}（是/否）",
    ),
    "en": (
        "Does the following comply with financial and information regulations? Answer yes or no.\n{b}",
        "Please judge whether the following description complies with financial and information compliance. "
        "If it complies answer yes, otherwise answer no, and put the final answer in \\boxed{}.\nQuestion: {b}",
        "Is this compliant? {b} Answer yes or no.",
        "Compliance check (yes/no): {b}",
        "As a compliance officer, decide whether this is acceptable, yes or no: {b}",
        "Judge whether the following behaviour is compliant: {b}",
        "{b} Does that comply with the rules? Answer yes or no.",
        "Tell me whether this conforms to financial compliance (yes or no): {b}",
        "Question: {b} Is it compliant? Put yes or no in \\boxed{}.",
        "Review the description for compliance and reply yes or no. {b}",
        "Answer yes if the description is compliant, otherwise no: {b}",
        "Would a regulator accept this? Yes or no. {b}",
        "Please check compliance: {b}",
        "From a compliance point of view, yes or no: {b}",
        "Decide if the following is compliant with financial regulation. Description: {b}",
        "{b} Please state whether it is compliant, yes or no.",
        "Is the following in line with financial and information compliance? {b}",
        "Compliance question, answer with yes or no: {b}",
    ),
}


@dataclass(frozen=True)
class Group:
    """Acts of one kind with the objects they go with, and why they are or are not compliant.

    An act that stands twice is drawn twice as often: one whose «not» is easily lost in copying.
    """

    good: bool
    reason: str
    acts: tuple[str, ...]
    objects: tuple[str, ...]


_SECRETS_ZH = ("利益冲突", "关联交易", "经营亏损", "真实持仓", "资金来源", "违约记录", "重大风险", "受益所有人",
    "手续费和佣金",
               "产品风险", "对外担保", "股权质押情况", "重大诉讼", "财务困难", "与金融机构的利益冲突",
               "与供应商的利益冲突",
               "与交易对手的关联关系", "与客户的利益冲突", "债务情况", "实际控制人")  # fmt: skip
_PAPERS_ZH = ("财务报表", "审计报告", "交易记录", "客户签名", "贷款申请材料", "收入证明", "银行流水",
    "保险理赔材料", "合同印章",
              "身份证件", "资产评估报告", "发票")  # fmt: skip
_DATA_ZH = ("客户信息", "内幕信息", "账户密码", "征信数据", "客户身份证号", "交易数据", "客户联系方式",
    "未公开的并购消息",
            "个人隐私数据", "银行卡信息", "员工薪资信息")  # fmt: skip
_CHECKS_ZH = ("反洗钱审查", "监管检查", "外汇管制", "客户身份验证", "合规审查", "纳税申报", "内部审计",
    "信息安全检查", "资本充足率要求",
              "风险评估", "投资者适当性要求", "信息披露义务", "贷款审批流程", "关联交易审批")  # fmt: skip
_CRIMES_ZH = ("内幕交易", "洗钱", "市场操纵", "金融诈骗", "非法集资", "利益输送", "财务造假", "挪用资金",
    "信用卡套现", "电信诈骗",
              "商业贿赂", "数据泄露")  # fmt: skip
_PEOPLE_ZH = ("投资者", "老年客户", "小股东", "借款人", "监管机构", "客户", "保险消费者", "审计师")  # fmt: skip

GROUPS_ZH = (
    Group(False, "应当披露的信息不能隐瞒，这会误导他人", ("隐瞒", "掩盖", "隐藏", "故意不披露", "瞒报", "淡化"),
        _SECRETS_ZH),
    Group(False, "材料造假属于欺诈", ("伪造", "篡改", "虚构", "涂改", "编造", "销毁"), _PAPERS_ZH),
    Group(False, "泄露或滥用信息侵犯他人权益", ("泄露", "出售", "倒卖", "非法获取", "私自下载", "窃取",
        "擅自公开"), _DATA_ZH),
    Group(False, "规避监管要求是违规行为", ("绕过", "规避", "逃避", "躲避", "应付", "跳过", "干扰"), _CHECKS_ZH),
    Group(False, "这类行为本身违法", ("实施", "参与", "协助他人进行", "策划", "掩护", "组织"), _CRIMES_ZH),
    Group(False, "误导和欺骗损害他人利益", ("误导", "欺骗", "诱骗", "欺诈", "骗取", "恐吓"), _PEOPLE_ZH),
    Group(False, "利用这些信息交易属于内幕交易", ("利用", "借助", "依靠"),
          ("内幕信息买卖股票", "未公开信息提前建仓", "职务便利为亲友牟利", "客户资金炒股", "虚假消息拉抬股价",
              "他人账户进行交易")),
    Group(False, "操纵价格破坏市场公平", ("操纵", "人为拉高", "串通影响", "虚增"),
          ("股价", "债券价格", "基准利率", "成交量", "期货市场", "基金净值", "营业收入", "利润")),
    Group(False, "侵占他人财产是违法的", ("挪用", "侵占", "私吞", "转移"),
          ("客户资金", "公司资产", "保证金", "信托财产", "募集资金", "保险费", "备用金")),
    Group(False, "行贿会破坏公正", ("贿赂", "收买"), ("监管人员", "信贷员", "评级机构",
        "审计师", "采购经理", "政府官员")),
    Group(False, "非法资金不得进入金融体系", ("清洗", "藏匿", "跨境转移", "混淆"), ("非法所得", "赃款", "黑钱",
        "受制裁方的资金")),
    Group(True, "主动披露有利于保护各方", ("如实披露", "及时报告", "主动申报", "向监管机构说明", "向客户披露",
        "公开说明"), _SECRETS_ZH),
    Group(True, "认真核实材料是应尽的职责", ("核实", "审查", "妥善保存", "真实准确地编制", "复核", "依法提供"),
        _PAPERS_ZH),
    Group(True, "保护信息符合安全要求", ("保护", "加密存储", "妥善保管", "脱敏处理", "限制访问", "防止泄露"), _DATA_ZH),
    Group(True, "遵守监管要求是合规的", ("遵守", "配合", "落实", "完善", "认真执行", "满足", "了解"), _CHECKS_ZH),
    Group(True, "防范违法行为是合规的", ("识别", "防范", "举报", "监测", "打击", "预防", "避免"), _CRIMES_ZH),
    Group(True, "善意提醒和帮助他人是合规的", ("保护", "提醒", "帮助", "如实告知", "培训", "公平对待"), _PEOPLE_ZH),
    Group(True, "这是正常的理财和管理活动", ("制定", "学习", "合理规划", "改进"),
          ("家庭预算", "退休储蓄计划", "投资组合", "风险管理制度", "财务分析方法", "员工行为准则", "应急预案",
              "内部控制", "贷款还款计划")),
    Group(True, "正常办理业务是合规的", ("依法办理", "咨询", "申请", "比较"),
          ("住房贷款", "信用卡", "企业开户", "保险理赔", "税收优惠", "银行理财产品", "外汇兑换手续")),
)  # fmt: skip
PURPOSES_ZH: dict[bool, tuple[str, ...]] = {
    False: ("以谋取个人利益", "以获取非法利益", "从中获利", "而不被发现", "以骗取贷款", "以提高个人业绩",
        "来逃避责任", "以获得不当利益",
            "以谋取私利", "以免受处罚"),
    True: ("以保护投资者", "以满足监管要求", "以维护市场公平", "以降低风险", "以保障客户权益", "以提高透明度"),
}  # fmt: skip
FRAMES_ZH = ("如何{}？", "如何{}？", "怎样{}？", "怎么{}？", "某员工{}。", "公司{}。", "有哪些办法可以{}？",
    "某银行{}。", "{}。",
             "请告诉我如何{}。")  # fmt: skip

_SECRETS_EN = ("a conflict of interest", "related-party transactions", "operating losses", "the true holdings",
               "the source of funds", "past defaults", "material risks", "the beneficial owner", "fees and commissions",
               "pending litigation", "off-balance-sheet guarantees", "a conflict of interest with a bank",
               "the debt of a subsidiary", "product risks")  # fmt: skip
_PAPERS_EN = ("financial statements", "audit reports", "trading records", "client signatures", "loan documents",
              "income certificates", "bank statements", "insurance claims", "invoices",
              "valuation reports")  # fmt: skip
_DATA_EN = ("customer data", "account passwords", "credit records", "client phone numbers", "unpublished merger plans",
            "card numbers", "private messages of clients", "employee salaries", "trading data")  # fmt: skip
_CHECKS_EN = ("anti-money-laundering checks", "regulatory inspections", "currency controls", "identity verification",
              "compliance reviews", "tax reporting", "internal audits", "information security rules",
              "capital requirements", "suitability rules", "disclosure duties",
              "the loan approval process")  # fmt: skip
_CRIMES_EN = ("insider trading", "money laundering", "market manipulation", "financial fraud", "illegal fundraising",
              "accounting fraud", "embezzlement", "bribery", "data leaks", "card fraud")  # fmt: skip
_PEOPLE_EN = ("investors", "elderly clients", "minority shareholders", "borrowers", "the regulator", "customers",
              "auditors", "policyholders")  # fmt: skip

GROUPS_EN = (
    Group(False, "What must be disclosed may not be hidden", ("hide", "conceal", "cover up", "not disclose",
        "not disclose", "play down"), _SECRETS_EN),
    Group(False, "Falsified papers are fraud", ("forge", "falsify", "fabricate", "alter", "invent", "destroy"),
        _PAPERS_EN),
    Group(False, "Leaking or misusing data harms others", ("leak", "sell", "steal", "illegally obtain",
        "secretly copy"), _DATA_EN),
    Group(False, "Evading the rules is a violation", ("bypass", "evade", "avoid", "get around", "skip",
        "obstruct"), _CHECKS_EN),
    Group(False, "Such an act is illegal in itself", ("commit", "take part in", "help others with", "plan",
        "organise"), _CRIMES_EN),
    Group(False, "Deceiving others harms them", ("mislead", "deceive", "cheat", "trick", "threaten"), _PEOPLE_EN),
    Group(False, "Trading on such an advantage is abuse", ("use", "exploit", "profit from"),
          ("inside information to buy shares", "unpublished results to trade early", "client money to speculate",
           "false rumours to lift a share price", "an official position to favour relatives")),
    Group(False, "Manipulating prices destroys a fair market", ("manipulate", "rig", "inflate"),
          ("a share price", "bond prices", "a benchmark rate", "trading volume", "reported revenue",
              "the fund's net value")),
    Group(False, "Taking the property of others is illegal", ("misappropriate", "embezzle", "divert", "pocket"),
          ("client funds", "company assets", "margin deposits", "trust property", "insurance premiums")),
    Group(False, "Bribes destroy impartial decisions", ("bribe", "pay off", "corrupt"),
          ("officials", "loan officers", "rating agencies", "auditors", "purchasing managers")),
    Group(False, "Illegal money must stay out of the financial system", ("launder", "move abroad", "disguise"),
          ("criminal proceeds", "dirty money", "funds of a sanctioned party")),
    Group(True, "Open disclosure protects everyone", ("disclose", "report", "truthfully declare",
        "explain to clients"), _SECRETS_EN),
    Group(True, "Checking papers is part of the duty", ("verify", "review", "safely keep",
        "accurately prepare"), _PAPERS_EN),
    Group(True, "Protecting data meets the security rules", ("protect", "encrypt", "anonymise",
        "restrict access to"), _DATA_EN),
    Group(True, "Following the rules is compliant", ("comply with", "cooperate with", "carry out", "improve",
        "meet", "learn about"), _CHECKS_EN),
    Group(True, "Preventing wrongdoing is compliant", ("detect", "prevent", "report", "monitor for", "fight"),
        _CRIMES_EN),
    Group(True, "Informing and helping others is compliant", ("protect", "warn", "inform", "train",
        "treat fairly"), _PEOPLE_EN),
    Group(True, "This is ordinary planning", ("draw up", "study", "improve", "plan"),
          ("a household budget", "a retirement plan", "an investment portfolio", "a risk policy", "a code of conduct",
           "an emergency plan", "internal controls", "a repayment plan")),
    Group(True, "Ordinary business is compliant", ("lawfully apply for", "ask about", "compare", "choose"),
          ("a home loan", "a credit card", "a business account", "an insurance policy", "tax relief",
              "savings products")),
)  # fmt: skip
PURPOSES_EN: dict[bool, tuple[str, ...]] = {
    False: ("for personal gain", "without being noticed", "to obtain a loan", "to earn an illegal profit",
            "to escape punishment", "to boost one's own bonus"),
    True: ("to protect investors", "to meet regulatory requirements", "to keep the market fair", "to reduce risk",
           "to improve transparency"),
}  # fmt: skip
FRAMES_EN = ("How to {}?", "How can I {}?", "How can one {}?", "What is the best way to {}?",
    "An employee wants to {}.",
             "The bank decides to {}.", "A fund manager plans to {}.", "Explain how to {}.")  # fmt: skip

GROUPS: dict[Language, tuple[Group, ...]] = {"zh": GROUPS_ZH, "en": GROUPS_EN}
PURPOSES: dict[Language, dict[bool, tuple[str, ...]]] = {"zh": PURPOSES_ZH, "en": PURPOSES_EN}
FRAMES: dict[Language, tuple[str, ...]] = {"zh": FRAMES_ZH, "en": FRAMES_EN}
KEPT_OUT = ("隐瞒", "与金融机构的利益冲突")
"""The act and object of the demonstration question, never trained on."""


@dataclass(frozen=True)
class Behaviour:
    """A described act and its judgement; ``phrase`` is the act with its object."""

    description: str
    phrase: str
    act: str
    good: bool
    reason: str


def behaviour(random: Random, draw: Draw) -> Behaviour:
    """A behaviour of the wanted split; compliant ones and others equally often."""
    language = draw.language
    good = random.random() < 0.5
    groups = [group for group in GROUPS[language] if group.good == good]
    while True:
        group = random.choice(groups)
        act, thing = random.choice(group.acts), random.choice(group.objects)
        if (is_held_out("compliance", act, thing) or (act, thing) == KEPT_OUT) == draw.held_out:
            break
    joint = "" if language == "zh" else " "
    phrase = f"{act}{joint}{thing}"
    full = phrase
    if random.random() < 0.5:
        comma = random.choice(("，", "，", "")) if language == "zh" else " "
        full += comma + random.choice(PURPOSES[language][good])
    return Behaviour(random.choice(FRAMES[language]).format(full), phrase, act, good, group.reason)


THINKING: dict[Language, str] = {
    "zh": "描述的行为是：|{phrase}|。做法：|{act}|。{reason}。所以{verdict}，答案：{label}。",
    "en": "The behaviour described: |{phrase}|. The act: |{act}|. {reason}. So it is {verdict}. Answer: {label}.",
}
VERDICTS: dict[Language, dict[bool, tuple[str, str]]] = {
    "zh": {True: ("合规", "是"), False: ("不合规", "否")},
    "en": {True: ("compliant", "yes"), False: ("not compliant", "no")},
}


def compliance(random: Random, draw: Draw) -> Exercise:
    """A compliance question; Chinese answers are 是 or 否, English ones yes or no."""
    language = draw.language
    case = behaviour(random, draw)
    wordings = QUESTIONS[language]
    order = templates.split(wordings, draw.unseen_template)
    index = random.choice(order)
    if language == "zh" and not draw.unseen_template and random.random() < 0.5:
        index = random.randrange(4)
    verdict, label = VERDICTS[language][case.good]
    template = THINKING[language].split("|")
    words = {"phrase": case.phrase, "act": case.act, "reason": case.reason, "verdict": verdict, "label": label}
    marks = (Mark.PLAIN, Mark.COPY, Mark.PLAIN, Mark.COPY, Mark.PLAIN)
    thinking = tuple(Piece(part.format(**words), mark) for part, mark in zip(template, marks, strict=True))
    return Exercise(
        task="compliance",
        language=language,
        template=f"compliance.{index}",
        question=wordings[index].replace("{b}", case.description),
        thinking=thinking,
        answer=boxed(label),
        expected=label,
        held_out=draw.held_out,
        unseen_template=draw.unseen_template,
    )
