"""The words that head the columns of tables: of results, of needs, of signed projects.

Headers are compared without case, width, blanks, punctuation, units in brackets and marks such
as * or （必填）. The table is data: a header that people write and we miss is added here.
"""

from typing import Literal, NamedTuple

from market.exchange.cells import word_set

ListingKind = Literal["result", "need"]
# What tables may hold: listings, organisations that register for a fair, projects to be signed.
TableKind = Literal["result", "need", "registration", "signing"]


class Heading(NamedTuple):
    """The headers of one field.

    `zh` and `en` are the ones that are written; `synonyms` are also read; `weak` ones count only
    when no other column names the field.
    """

    field: str
    zh: str
    en: str
    synonyms: str = ""
    weak: str = ""


RESULT_HEADINGS = (
    Heading(
        "id",
        "成果编号",
        "id",
        "编号 成果号 成果id 项目编号 成果代码 result_id result_no",
        "序号 行号 no",
    ),
    Heading(
        "title",
        "成果名称",
        "title",
        "项目名称 技术名称 成果标题 科技成果名称 技术成果名称 成果题目 专利名称 科技成果 技术成果 "
        "result_title result_name result technology technology_name project_name",
        "名称 标题 题目 主题 name",
    ),
    Heading(
        "summary",
        "成果简介",
        "summary",
        "简介 摘要 项目简介 技术简介 成果介绍 成果描述 成果内容 成果概述 项目介绍 技术介绍 "
        "技术描述 描述 "
        "详细描述 详细介绍 简要介绍 技术指标 主要技术指标 主要指标 性能指标 创新点 主要创新点 "
        "技术创新点 "
        "技术特点 技术优势 优势 特点 应用前景 市场前景 应用领域 应用范围 应用场景 应用情况 背景 "
        "技术背景 "
        "项目背景 技术原理 技术内容 核心技术 "
        "description abstract result_description result_summary overview introduction "
        "innovation advantages applications background",
        "内容 说明 介绍 正文 text content details",
    ),
    Heading("keywords", "关键词", "keywords", "关键字 主题词 标签 keyword tags"),
    Heading(
        "fields",
        "技术领域",
        "field",
        "领域 所属领域 所属技术领域 高新技术领域 技术分类 fields technology_field",
    ),
    Heading(
        "industries",
        "所属行业",
        "industries",
        "行业 国民经济行业 国民经济行业分类 行业代码 行业分类 行业类别 应用行业 industry "
        "industry_code "
        "industry_codes",
    ),
    Heading(
        "trl",
        "技术成熟度",
        "trl",
        "成熟度 成熟度等级 技术成熟度等级 技术就绪度 所处阶段 成果阶段 阶段 研发阶段 成果所处阶段 "
        "maturity stage technology_readiness_level",
    ),
    Heading(
        "modes",
        "合作方式",
        "cooperation_modes",
        "转化方式 拟转化方式 合作意向 拟合作方式 合作模式 转让方式 交易方式 意向合作方式 "
        "cooperation_mode mode modes cooperation transfer_mode",
    ),
    Heading(
        "price",
        "转让价格（元）",
        "price_cny",
        "价格 报价 意向价格 拟转让价格 转让金额 转让费 价格区间 意向价 金额 price asking_price",
    ),
    Heading(
        "division",
        "所在地区",
        "region",
        "所在地 地区 区域 所在市县 所属地区 所在区域 所在城市 城市 行政区划 行政区划代码 所在省市 "
        "division location city district region_code",
    ),
    Heading(
        "institute",
        "完成单位",
        "institute",
        "单位 单位名称 高校院所 成果单位 持有单位 所属单位 成果持有单位 成果完成单位 第一完成单位 "
        "高校 "
        "院校 研究机构 权利人 专利权人 institution organisation organization university owner",
    ),
    Heading(
        "credit_code",
        "统一社会信用代码",
        "credit_code",
        "信用代码 社会信用代码 机构代码 uscc unified_social_credit_code",
    ),
    Heading(
        "patents",
        "专利号",
        "patents",
        "知识产权 专利 专利申请号 专利情况 知识产权情况 知识产权编号 patent patent_no "
        "patent_number "
        "patent_numbers",
    ),
    Heading(
        "rights",
        "权利状态",
        "rights",
        "法律状态 专利状态 知识产权状态 权属状态 ip_status patent_status legal_status",
    ),
    Heading(
        "ready_on",
        "可交付日期",
        "ready_date",
        "交付日期 可转化时间 可转化日期 预计完成时间 可交付时间 ready ready_on available_from",
    ),
)

NEED_HEADINGS = (
    Heading("id", "需求编号", "id", "编号 需求号 需求id 需求代码 need_id need_no", "序号 行号 no"),
    Heading(
        "title",
        "需求名称",
        "title",
        "需求标题 技术需求名称 难题名称 技术难题名称 需求题目 榜单名称 技术需求 需求项目名称 "
        "项目名称 "
        "需求项目 难题 need_title need_name need",
        "名称 标题 题目 主题 name",
    ),
    Heading(
        "description",
        "需求描述",
        "description",
        "需求内容 技术难题 详细描述 需求简介 需求说明 需求详情 需求概述 技术需求描述 技术需求内容 "
        "技术难题描述 难题描述 问题描述 描述 简介 具体内容 主要内容 需求背景 背景 现状 技术现状 "
        "应用场景 拟解决的问题 拟解决的技术难题 summary need_description requirement requirements "
        "problem background",
        "内容 说明 介绍 正文 text content details",
    ),
    Heading("keywords", "关键词", "keywords", "关键字 主题词 标签 keyword tags"),
    Heading(
        "indicators",
        "考核指标",
        "indicators",
        "技术指标 主要指标 主要技术指标 指标 指标要求 技术指标要求 技术参数 预期目标 预期指标 "
        "indicator targets assessment_indicators",
    ),
    Heading(
        "fields",
        "技术领域",
        "field",
        "领域 所属领域 所属技术领域 高新技术领域 技术分类 fields technology_field",
    ),
    Heading(
        "industries",
        "所属行业",
        "industries",
        "行业 国民经济行业 国民经济行业分类 行业代码 行业分类 行业类别 产业 industry industry_code "
        "industry_codes",
    ),
    Heading(
        "trl_min",
        "最低成熟度",
        "trl_min",
        "成熟度下限 最低技术成熟度 成熟度起 min_trl",
    ),
    Heading("trl_max", "最高成熟度", "trl_max", "成熟度上限 最高技术成熟度 成熟度止 max_trl"),
    Heading(
        "trl",
        "期望成熟度",
        "trl",
        "要求成熟度 成熟度 技术成熟度 成熟度要求 技术成熟度要求 期望阶段 成果阶段 所处阶段 阶段 "
        "maturity stage required_trl",
    ),
    Heading(
        "modes",
        "合作方式",
        "cooperation_modes",
        "合作意向 拟合作方式 合作模式 意向合作方式 期望合作方式 转化方式 解决方式 "
        "cooperation_mode mode modes cooperation",
    ),
    Heading(
        "budget",
        "投入预算（元）",
        "budget_cny",
        "预算 拟投入资金 拟投入 投入资金 投入预算 拟投入金额 预算金额 经费预算 项目预算 资金投入 "
        "拟投入经费 意向金额 意向投入 榜额 金额 报价 budget funding",
    ),
    Heading(
        "deadline",
        "截止日期",
        "deadline",
        "期限 完成时限 需求时限 时限 截止时间 需求期限 完成期限 解决时限 有效期 有效期至 "
        "要求完成时间 "
        "期望完成时间 due due_date time_limit",
    ),
    Heading(
        "division",
        "所在地区",
        "region",
        "所在地 地区 区域 所在市县 所属地区 所在区域 所在城市 城市 行政区划 行政区划代码 所在省市 "
        "division location city district region_code",
    ),
    Heading(
        "enterprise",
        "企业名称",
        "enterprise",
        "企业 需求单位 单位 单位名称 公司 公司名称 需求企业 需方 发榜单位 出题单位 需求方 "
        "company company_name organisation organization",
    ),
    Heading(
        "credit_code",
        "统一社会信用代码",
        "credit_code",
        "信用代码 社会信用代码 机构代码 uscc unified_social_credit_code",
    ),
)

REGISTRATION_HEADINGS = (
    Heading(
        "title",
        "单位名称",
        "organisation",
        "单位 参会单位 参展单位 报名单位 企业名称 公司名称 高校院所 机构名称 "
        "organization company company_name institute organisation_name",
        "名称 企业 公司 机构 name",
    ),
    Heading(
        "credit_code",
        "统一社会信用代码",
        "credit_code",
        "信用代码 社会信用代码 机构代码 uscc unified_social_credit_code",
    ),
    Heading("reference", "报名编号", "reference", "编号 展位号 参会编号 registration_no"),
    Heading("zone", "展区", "zone", "所在展区 专区"),
    Heading("delegation", "代表团", "delegation", "团组 参会团"),
    Heading("teams", "洽谈组数", "teams", "组数 席位数"),
    Heading("post", "职务", "post", "职位 position job_title"),
    Heading("note", "备注", "note", "说明 notes remark remarks"),
)

SIGNING_HEADINGS = (
    Heading(
        "id",
        "项目编号",
        "id",
        "编号 签约编号 合同编号 project_id project_no reference",
        "序号 行号 no",
    ),
    Heading(
        "title",
        "项目名称",
        "title",
        "签约项目 签约项目名称 项目 协议名称 合同名称 标签 project project_name",
        "名称 标题 name",
    ),
    Heading(
        "parties",
        "签约单位",
        "parties",
        "签约方 签约双方 签约各方 签约主体 合作单位 合作方 参与单位 party",
        "单位",
    ),
    Heading("party_a", "甲方", "party_a", "投资方 引进单位"),
    Heading("party_b", "乙方", "party_b", "落地单位 落地方"),
    Heading(
        "kind",
        "项目类别",
        "kind",
        "类别 签约类别 签约类型 项目类型 项目分类 category",
        "类型 type",
    ),
    Heading(
        "amount",
        "签约金额（元）",
        "amount_cny",
        "金额 投资额 投资金额 总投资 投资总额 项目总投资 计划投资 计划总投资 合同金额 协议金额 "
        "amount investment",
    ),
    Heading(
        "stage",
        "签约形式",
        "stage",
        "签约方式 上台或线下 是否上台 上台 台上台下 on_stage",
        "形式",
    ),
    Heading("batch", "批次", "batch", "签约批次"),
    Heading("place", "上台顺序", "order", "顺序 签约顺序 次序 place"),
    Heading("note", "备注", "note", "说明 备注说明 remarks remark"),
)

HEADINGS: dict[ListingKind, tuple[Heading, ...]] = {
    "result": RESULT_HEADINGS,
    "need": NEED_HEADINGS,
}
ALL_HEADINGS: dict[TableKind, tuple[Heading, ...]] = {
    "result": RESULT_HEADINGS,
    "need": NEED_HEADINGS,
    "registration": REGISTRATION_HEADINGS,
    "signing": SIGNING_HEADINGS,
}

# Names of persons in charge are contact details too; inventors stand in public registers.
CONTACT_WORDS_ZH = word_set(
    "联系人 联系方式 联系电话 联系地址 联络人 联络方式 电话 手机 座机 "
    "固话 邮箱 邮件 电邮 微信 传真 "
    "通讯地址 通信地址 邮编 邮政编码 身份证 负责人 经办人 对接人 技术经理人 联系"
)
CONTACT_WORDS_EN = word_set(
    "contact contacts phone phones telephone telephones mobile cellphone "
    "tel mail email emails "
    "wechat weixin qq fax whatsapp postcode zipcode"
)
