"""What can be wrong with the spreadsheet of a fair: kind, and the sentence in both languages."""

from typing import Literal

_Message = tuple[Literal["refused", "warning"], str, str]

FAIR_ROW_MESSAGES: dict[str, _Message] = {
    "cell_missing": ("refused", "没有填写“{name}”", "“{name}” is missing"),
    "kind_unread": (
        "refused",
        "类别“{value}”无法理解，应为：{known}",
        "the kind “{value}” is not understood; one of: {known}",
    ),
    "number_unread": (
        "refused",
        "“{value}”应为 {low}–{high} 的整数",
        "“{value}” should be a whole number from {low} to {high}",
    ),
    "slots_unread": (
        "refused",
        "场次“{value}”无法理解（应如 1-3、5，共 {count} 场）",
        "the slots “{value}” are not understood (such as 1-3, 5; there are {count})",
    ),
    "time_unread": (
        "refused",
        "时间“{value}”无法理解（应如 09:00）",
        "the time “{value}” is not understood (such as 09:00)",
    ),
    "times_backwards": (
        "refused",
        "结束“{end}”不晚于开始“{begin}”",
        "the end “{end}” is not later than the beginning “{begin}”",
    ),
    "slots_overlap": (
        "refused",
        "与第 {first} 行的时间重叠",
        "overlaps the time of row {first}",
    ),
    "too_many_slots": ("refused", "场次超过 {limit} 个", "there are more than {limit} slots"),
    "too_many_tables": ("refused", "洽谈桌超过 {limit} 张", "there are more than {limit} tables"),
    "table_repeated": (
        "refused",
        "桌号“{value}”与第 {first} 行重复",
        "the table “{value}” is already that of row {first}",
    ),
    "table_unknown": (
        "refused",
        "“{value}”不在“{sheet}”中",
        "“{value}” is not in “{sheet}”",
    ),
    "tables_too_few": (
        "refused",
        "固定了 {count} 张桌，应为洽谈组数 {teams}",
        "names {count} tables of its own; it should be one for each of {teams} teams",
    ),
    "participant_id_repeated": (
        "refused",
        "编号“{value}”与第 {first} 行重复",
        "the id “{value}” is already that of row {first}",
    ),
    "organisation_unknown": (
        "refused",
        "“{value}”不在参会单位中",
        "“{value}” is not among the participants",
    ),
    "organisation_missing": (
        "refused",
        "没有写明是哪个单位的",
        "does not say whose it is",
    ),
    "organisation_ambiguous": (
        "refused",
        "“{value}”指多个单位，请写编号",
        "“{value}” means several organisations; please write the id",
    ),
    "wish_unread": (
        "refused",
        "意愿“{value}”无法理解，应为：{known}",
        "the wish “{value}” is not understood; one of: {known}",
    ),
    "wish_target_unknown": (
        "refused",
        "“{value}”既不是参会单位，也不是本场的成果或需求",
        "“{value}” is neither a participant nor a result or need of this fair",
    ),
    "wish_for_oneself": ("refused", "不能与自己会面", "nobody meets itself"),
    "kinds_do_not_meet": (
        "refused",
        "{first}与{second}之间不安排会面",
        "meetings between {first} and {second} are not arranged",
    ),
    "setting_unread": (
        "refused",
        "“{value}”无法理解，应为：{known}",
        "“{value}” is not understood; one of: {known}",
    ),
    "time_zone_unknown": (
        "refused",
        "没有“{value}”这个时区（应如 Asia/Shanghai）",
        "there is no time zone “{value}” (such as Asia/Shanghai)",
    ),
    "setting_unknown": (
        "warning",
        "“{value}”不是已知的项目，未使用",
        "“{value}” is no known setting and was not used",
    ),
    "column_unknown": ("warning", "未使用这一列", "this column was not used"),
    "consent_unread": (
        "warning",
        "“{value}”不是明确的同意，按不同意处理",
        "“{value}” is no clear consent and counts as none",
    ),
    "kind_differs": (
        "warning",
        "与第 {first} 行写的不同，以第 {first} 行为准",
        "differs from row {first}, which counts",
    ),
    "sheets_unread": ("warning", "未读取的工作表：{others}", "sheets that were not read: {others}"),
    "tables_assumed": (
        "warning",
        "没有“洽谈桌”表，按 {count} 张桌安排",
        "there is no sheet of tables; {count} tables are assumed",
    ),
    "participants_assumed": (
        "warning",
        "没有“参会单位”表，参会单位取自成果和需求",
        "there is no sheet of participants; they are taken from results and needs",
    ),
}

FAIR_FILE_MESSAGES: dict[str, tuple[str, str]] = {
    "fair_not_workbook": (
        "对接会要用一个 .xlsx 工作簿（duijie fair --template 可生成空表）",
        "a fair is one .xlsx workbook (duijie fair --template writes an empty one)",
    ),
    "fair_without_slots": (
        "没有可用的“场次”表：至少要有一行日期、开始、结束{why}",
        "there is no usable sheet of slots: it takes a row with day, beginning and end{why}",
    ),
    "fair_without_participants": (
        "没有参会单位{why}",
        "there are no participants{why}",
    ),
}
