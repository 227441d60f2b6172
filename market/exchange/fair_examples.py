"""What the empty spreadsheet of a fair explains, and the small invented fair that it shows."""

from collections.abc import Mapping, Sequence
from datetime import date

from market.exchange.fair_headings import SheetKind
from market.exchange.fair_words import Words
from market.exchange.sheets import Cell
from schemas.vocab import Lang

# A form has no day of its own; a fixed one keeps its bytes the same.
CREATED = date(2000, 1, 1)

INTRODUCTION: tuple[Words, ...] = (
    (
        "填好各表后运行：duijie fair 本文件.xlsx -o 输出文件夹。示例行请替换成您自己的内容。",
        "Fill in the sheets, then run: duijie fair THIS.xlsx -o FOLDER. Replace the examples.",
    ),
    (
        "列的顺序随意，不用的列可以删去；表名、列名中英文均可。必须有的只有“参会单位”和“场次”。",
        "Columns may stand in any order or be left out; participants and slots are needed.",
    ),
    (
        "电话和邮箱只有在“同意公开联系方式”填“是”时才会出现在任何输出中。",
        "Telephone and mail appear in an output only where the column of consent says yes.",
    ),
)

SHEET_HINTS: Mapping[SheetKind, Words] = {
    "fair": ("本场对接会，一行一项", "The fair itself, one setting a row"),
    "participants": (
        "一行一个单位；同一单位再写一行，就多一位参会人",
        "One organisation a row; a further row of the same one adds a delegate",
    ),
    "results": (
        "单位带来的成果；列名与 duijie pair 相同，可直接粘贴成果汇总表",
        "Results that are brought; the same columns as for duijie pair",
    ),
    "needs": (
        "单位带来的需求；列名与 duijie pair 相同，可直接粘贴需求汇总表",
        "Needs that are brought; the same columns as for duijie pair",
    ),
    "wishes": ("谁想见谁，或不愿见谁", "Who wants to meet whom, or does not"),
    "slots": (
        "一行一场；填了“每场分钟”，就把这段时间切成多场",
        "One slot a row, or a stretch that is cut into slots of so many minutes",
    ),
    "tables": (
        "一行一张桌；填了“数量”，桌号后面加 01、02……",
        "One table a row; with a number, 01, 02 … are added to the name",
    ),
}

_NAME_OF_PARTICIPANT: Words = (
    "与“参会单位”中的名称或编号一致（必填）",
    "As in the sheet of participants, name or id (needed)",
)
_ZONE: Words = ("如：鞋服", "Such as: shoes")
_HINTS: Mapping[tuple[SheetKind, str], Words] = {
    ("fair", "key"): ("项目名称，见“说明”", "The name of a setting, see the sheet of help"),
    ("fair", "value"): ("项目的内容", "What the setting is"),
    ("fair", "name"): ("对接会名称；不填则用文件名", "The fair's name; else that of the file"),
    ("fair", "organizer"): ("主办单位", "Who holds the fair"),
    ("fair", "venue"): ("场馆", "The hall or building"),
    ("fair", "address"): ("详细地址", "Its address"),
    ("fair", "time_zone"): ("默认 Asia/Shanghai", "Asia/Shanghai where nothing is said"),
    ("fair", "about"): ("印在手册上的简介", "A few words for the handbook"),
    ("fair", "url"): ("印成手册封面的二维码", "Printed as a QR code on the handbook"),
    ("fair", "seating"): (
        "固定：一方整场坐在自己的桌；自由：任意桌。不填则桌够时固定",
        "fixed: hosts keep their table; free: any table. Else fixed where tables are enough",
    ),
    ("fair", "floor"): ("尽量保证每单位至少几场，默认 1", "Meetings for each if possible; 1"),
    ("fair", "most_meetings"): ("每单位最多几场，默认不限", "Most meetings of each; no bound"),
    ("participants", "id"): ("可不填，默认用名称", "May be left out: the name serves"),
    ("participants", "name"): ("单位全称（必填）", "The full name (needed)"),
    ("participants", "kind"): (
        "高校院所、企业、投资机构、飞地或技术经理人（必填）",
        "Institute, Enterprise, Investor, Outpost or Broker (needed)",
    ),
    ("participants", "zone"): _ZONE,
    ("participants", "teams"): ("能同时洽谈几组，默认 1", "How many talks at the same time; 1"),
    ("participants", "most_meetings"): ("最多几场，默认不限", "Most meetings; no bound"),
    ("participants", "floor"): ("至少几场（尽量），默认同全场", "Least meetings, if possible"),
    ("participants", "absent"): ("不在场的场次，如 1-3、5", "Slots missed, such as 1-3, 5"),
    ("participants", "tables"): ("自己的桌号，每组一张", "Its own tables, one for each team"),
    ("participants", "profile"): ("印在手册上的一两句话", "A line or two for the handbook"),
    ("participants", "delegate"): ("姓名，印在胸卡上", "The name on the badge"),
    ("participants", "post"): ("印在胸卡上", "Stands on the badge"),
    ("participants", "phone"): ("仅在同意后公开", "Shown only with consent"),
    ("participants", "email"): ("仅在同意后公开", "Shown only with consent"),
    ("participants", "consents"): (
        "本人单独同意向排定会面的单位公开，填“是”；空白为不同意",
        "yes: the person agrees that whoever it meets may see them; blank is no",
    ),
    ("results", "id"): ("可不填，默认用行号", "May be left out: the row's number serves"),
    ("results", "fields"): ("如：新材料", "Such as: New materials"),
    ("results", "division"): ("如：泉州市丰泽区", "A code of GB/T 2260, such as 350503"),
    ("needs", "id"): ("可不填，默认用行号", "May be left out: the row's number serves"),
    ("needs", "fields"): ("如：新材料", "Such as: New materials"),
    ("needs", "division"): ("如：晋江市", "A code of GB/T 2260, such as 350582"),
    ("results", "title"): ("必填", "Needed"),
    ("results", "summary"): ("技术内容与指标，越具体越好", "What it does, with figures"),
    ("results", "keywords"): ("用顿号隔开", "Parted by commas"),
    ("results", "industries"): ("代码或名称，如 C1954", "Codes such as C1954"),
    ("results", "trl"): ("1–9 或 中试、量产", "1–9"),
    ("results", "modes"): ("如：技术许可、合作开发", "Such as: licence, joint R&D"),
    ("results", "price"): ("如 80万、面议；不会写入输出", "Used for matching, never shown"),
    ("results", "institute"): _NAME_OF_PARTICIPANT,
    ("needs", "title"): ("必填", "Needed"),
    ("needs", "description"): ("现状与难题，越具体越好", "What is the matter, with figures"),
    ("needs", "indicators"): ("如：湿摩擦系数≥0.5", "Such as: wet friction ≥ 0.5"),
    ("needs", "industries"): ("代码或名称，如 C1954", "Codes such as C1954"),
    ("needs", "trl_min"): ("1–9", "1–9"),
    ("needs", "modes"): ("如：技术许可、合作开发", "Such as: licence, joint R&D"),
    ("needs", "budget"): ("如 80万；不会写入输出", "Used for matching, never shown"),
    ("needs", "enterprise"): _NAME_OF_PARTICIPANT,
    ("wishes", "who"): _NAME_OF_PARTICIPANT,
    ("wishes", "whom"): (
        "参会单位，或某项成果、需求的名称或编号（必填）",
        "A participant, or a result or need by title or id (needed)",
    ),
    ("wishes", "wish"): ("必须、愿意或不见；空白为愿意", "must, like or no; blank is like"),
    ("wishes", "note"): ("自己看的备注", "A note for yourself"),
    ("slots", "day"): ("如 2027-06-18；空白同上一行", "Such as 2027-06-18; blank as above"),
    ("slots", "begins"): ("如 09:00", "Such as 09:00"),
    ("slots", "ends"): ("如 11:40", "Such as 11:40"),
    ("slots", "slot_min"): ("如 20；空白为整段一场", "Such as 20; blank: one slot"),
    ("slots", "gap_min"): ("两场之间走动的时间", "For walking between two slots"),
    ("tables", "name"): ("如 A-01；填了数量则写前缀 A-", "Such as A-01, or A- with a number"),
    ("tables", "count"): ("这个前缀有几张桌", "How many tables of this prefix"),
    ("tables", "hall"): ("如：1号馆", "Such as: Hall 1"),
    ("tables", "zone"): _ZONE,
}


def hint_of(kind: SheetKind, field: str) -> Words:
    """What goes into a column, or into a setting of the fair."""
    return _HINTS[kind, field]


def examples_of(kind: SheetKind, lang: Lang) -> Sequence[Sequence[Cell]]:
    """Rows in the order of the template's columns."""
    return (_EXAMPLES_ZH if lang == "zh" else _EXAMPLES_EN)[kind]


_Examples = Mapping[SheetKind, Sequence[Sequence[Cell]]]
_NO = None

_EXAMPLES_ZH: _Examples = {
    "fair": (
        ("名称", "科技成果面对面·鞋服专场（示例）"),
        ("主办方", "示例市科技局"),
        ("地点", "示例国际会展中心"),
        ("地址", "示例市世纪大道 1 号"),
        ("时区", "Asia/Shanghai"),
        ("简介", "鞋服行业成果与需求一对一洽谈。"),
        ("座位", "固定"),
        ("保底会面", 1),
    ),
    "participants": (
        (
            *("U1", "刺桐大学", "高校院所", "鞋服", 2, _NO, _NO, _NO, _NO, "橡胶与纺织材料。"),
            *("王芳", "所长", "0595-00000001", "wang@example.org", "是"),
        ),
        (
            *(_NO, "刺桐大学", _NO, _NO, _NO, _NO, _NO, _NO, _NO, _NO),
            *("陈明", "工程师", "0595-00000002", "chen@example.org", "否"),
        ),
        (
            *("U2", "海丝纺织研究院", "高校院所", "鞋服", 1, 4, _NO, "1-2", _NO, "功能面料。"),
            *("林静", "主任", _NO, _NO, _NO),
        ),
        (
            *("E1", "浪花鞋业有限公司", "企业", "鞋服", 1, _NO, 2, _NO, _NO, "运动鞋。"),
            *("李强", "总工", "0595-00000003", _NO, "是"),
        ),
        (
            *("E2", "示例服饰有限公司", "企业", "鞋服", 1, _NO, _NO, _NO, _NO, "户外服装。"),
            *("赵云", "经理", _NO, _NO, _NO),
        ),
        (
            *("I1", "示例创业投资基金", "投资机构", "综合", 1, 3, _NO, _NO, _NO, "早期项目。"),
            *("孙莉", "合伙人", _NO, _NO, _NO),
        ),
    ),
    "results": (
        (
            *("R1", "高湿摩擦系数橡胶鞋底材料"),
            "用白炭黑补强橡胶，湿态摩擦系数由0.32提升到0.55，耐磨不降，已试穿。",
            *("鞋底、湿摩擦系数、橡胶", "新材料", "C1954", 7, "技术许可、技术服务", "60万"),
            *("350503", "刺桐大学"),
        ),
        (
            *("R2", "无氟防水透湿户外面料整理技术"),
            "采用无氟整理剂，防水等级5级，透湿量10000 g/(m²·24h)，水洗30次不降级。",
            *("面料、无氟、防水透湿", "新材料", "C1752", 6, "技术许可", "面议"),
            *("350500", "海丝纺织研究院"),
        ),
    ),
    "needs": (
        (
            *("N1", "橡胶鞋底在湿地面打滑"),
            "出口运动鞋鞋底在湿瓷砖上打滑被投诉，求湿态摩擦系数高又耐磨的橡胶配方。",
            *("湿摩擦系数≥0.5", "新材料", "C1954", 6, "技术许可", "80万", "350582"),
            "浪花鞋业有限公司",
        ),
        (
            *("N2", "户外服装要无氟防水面料"),
            "欧盟客户要求无氟，现有面料水洗后防水下降，求无氟防水透湿整理方案。",
            *("防水≥4级；透湿≥8000", "新材料", "C1810", 6, "技术许可", "50万", "350581"),
            "示例服饰有限公司",
        ),
    ),
    "wishes": (
        ("浪花鞋业有限公司", "刺桐大学", "必须", _NO),
        ("示例创业投资基金", "高湿摩擦系数橡胶鞋底材料", "愿意", "想看样品"),
        ("示例创业投资基金", "示例服饰有限公司", "愿意", _NO),
        ("海丝纺织研究院", "浪花鞋业有限公司", "不见", _NO),
    ),
    "slots": (
        ("2027-06-18", "09:00", "10:20", 20, _NO),
        (_NO, "14:00", "14:20", _NO, _NO),
    ),
    "tables": (("A-", 3, "1号馆", "鞋服"), ("B-01", _NO, "1号馆", "综合")),
}
_EXAMPLES_EN: _Examples = {
    "fair": (
        ("name", "Results face to face: shoes (an example)"),
        ("organizer", "Example Science Office"),
        ("venue", "Example Expo Centre"),
        ("address", "1 Century Road, Example"),
        ("time_zone", "Asia/Shanghai"),
        ("about", "One-to-one talks of the shoe and clothing trades."),
        ("seating", "fixed"),
        ("floor", 1),
    ),
    "participants": (
        (
            *("U1", "Harbour University", "Institute", "Shoes", 2, _NO, _NO, _NO, _NO, "Rubber."),
            *("Ann Wang", "Dean", "+86 595 0001", "ann@example.org", "yes"),
        ),
        (
            *(_NO, "Harbour University", _NO, _NO, _NO, _NO, _NO, _NO, _NO, _NO),
            *("Ming Chen", "Engineer", "+86 595 0002", "ming@example.org", "no"),
        ),
        (
            *("U2", "Textile Institute", "Institute", "Shoes", 1, 4, _NO, "1-2", _NO, "Fabrics."),
            *("Jing Lin", "Head", _NO, _NO, _NO),
        ),
        (
            *("E1", "Wave Shoe Works", "Enterprise", "Shoes", 1, _NO, 2, _NO, _NO, "Sports shoes."),
            *("Qiang Li", "Engineer", "+86 595 0003", _NO, "yes"),
        ),
        (
            *("E2", "Hill Clothing", "Enterprise", "Shoes", 1, _NO, _NO, _NO, _NO, "Outdoor wear."),
            *("Yun Zhao", "Manager", _NO, _NO, _NO),
        ),
        (
            *("I1", "Example Ventures", "Investor", "General", 1, 3, _NO, _NO, _NO, "Early stage."),
            *("Li Sun", "Partner", _NO, _NO, _NO),
        ),
    ),
    "results": (
        (
            *("R1", "Rubber sole with high wet friction"),
            "Silica-filled rubber lifts wet friction from 0.32 to 0.55 without more abrasion.",
            *("sole; wet friction; rubber", "New materials", "C1954", 7, "licence; service"),
            *("600000", "350503", "Harbour University"),
        ),
        (
            *("R2", "Fluorine-free waterproof finish for outdoor fabric"),
            "Waterproof grade 5, 10,000 g/m² a day of moisture, kept after 30 washes.",
            *("fabric; fluorine-free; waterproof", "New materials", "C1752", 6, "licence"),
            *(_NO, "350500", "Textile Institute"),
        ),
    ),
    "needs": (
        (
            *("N1", "Rubber soles slip on wet floors"),
            "Sports shoes slip on wet tiles; we look for a rubber compound with wet friction.",
            *("wet friction ≥ 0.5", "New materials", "C1954", 6, "licence", "800000"),
            *("350582", "Wave Shoe Works"),
        ),
        (
            *("N2", "Fluorine-free waterproof fabric for outdoor wear"),
            "Customers ask for fluorine-free finish; ours is no longer waterproof after washing.",
            *("grade ≥ 4", "New materials", "C1810", 6, "licence", "500000"),
            *("350581", "Hill Clothing"),
        ),
    ),
    "wishes": (
        ("Wave Shoe Works", "Harbour University", "must", _NO),
        ("Example Ventures", "Rubber sole with high wet friction", "like", "samples?"),
        ("Example Ventures", "Hill Clothing", "like", _NO),
        ("Textile Institute", "Wave Shoe Works", "no", _NO),
    ),
    "slots": (
        ("2027-06-18", "09:00", "10:20", 20, _NO),
        (_NO, "14:00", "14:20", _NO, _NO),
    ),
    "tables": (("A-", 3, "Hall 1", "Shoes"), ("B-01", _NO, "Hall 1", "General")),
}
