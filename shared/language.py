"""The reasons for a refusal in the user's language: one short sentence each, Chinese and English."""

from collections.abc import Mapping

from shared.domain.decisions import Reason

REASONS: dict[Reason, tuple[str, str]] = {
    Reason.UNKNOWN_ISSUE: ("没有这件问题", "there is no such issue"),
    Reason.UNKNOWN_PERSON: ("没有这位企业家", "there is no such person"),
    Reason.ALREADY_REGISTERED: ("已经登记", "this is registered already"),
    Reason.ALREADY_PUBLISHED: (
        "这一版本已经发布，内容不同",
        "this version was published already with other content",
    ),
    Reason.ALREADY_ANNOUNCED: ("这一场恳谈会已经发布", "this talk was announced already"),
    Reason.UNKNOWN_TALK: ("没有这一场恳谈会", "there is no such talk"),
    Reason.LEADER_MISSING: ("恳谈会须有领导参加", "a talk needs a leader"),
    Reason.LEADER_BUSY: (
        "这位领导同一时间已安排另一场恳谈会",
        "this leader is at another talk at the same time",
    ),
    Reason.TALK_FULL: ("恳谈会名额不足", "the talk has not so many places left"),
    Reason.BY_INVITATION: ("这一场恳谈会只邀请点名的企业参加", "one comes to this talk by invitation alone"),
    Reason.NAMES_SOMEBODY: (
        "公开的文字里还有反映人的姓名、企业名称、信用代码或邮箱，请隐去后再公开",
        "the words still name who raised it, or the enterprise: leave name, code and address out first",
    ),
    Reason.ILLEGAL_MOVE: ("当前状态不允许这样做", "not possible in its present state"),
    Reason.UNKNOWN_DEPARTMENT: ("没有这个部门", "there is no such department"),
    Reason.UNKNOWN_WAY: ("没有这个告知途径", "there is no such way of telling people"),
    Reason.NOT_THE_HOLDER: ("只有当前承办部门可以这样做", "only the department that holds it may do this"),
    Reason.TALK_NOT_OVER: (
        "恳谈会尚未结束，须待其结束后办理",
        "its talk is not over yet: this may be done once it is",
    ),
    Reason.NOT_AT_THE_TALK: (
        "只有到场部门可以当场领办或答复",
        "only a department that is at the talk claims or answers on the spot",
    ),
    Reason.STALE_ASSIGNMENT: ("这份办件已不是当前办件", "this is no longer the current assignment"),
    Reason.STALE_ROUND: ("这一轮答复已不是当前一轮", "this is not the current reply round"),
    Reason.STALE_WORDS: ("原话已有变动，请先查看最新内容", "the words have changed: read the newest first"),
    Reason.STALE_DRAFT: ("这份答复稿已不是当前一稿", "this is not the current draft"),
    Reason.STALE_VERSION: ("这份答复已不是最新一版", "this is not the newest version of the reply"),
    Reason.STALE_REVISION: (
        "内容已被他人修改，请看过现在的内容再改",
        "somebody changed it meanwhile: read what is known now, and change that",
    ),
    Reason.STALE_STEP: (
        "督办梯级已有变动，请先查看",
        "it stands at another step of the ladder: read it first",
    ),
    Reason.STALE_REQUEST: (
        "这项申请已有变动，请先查看",
        "another request waits now: read it first",
    ),
    Reason.RETURN_TOO_LATE: ("退回须在一个工作日内提出", "a return must come within one working day"),
    Reason.APPEAL_TOO_LATE: ("申请复核的期限已过", "the time to appeal is over"),
    Reason.EXTENSION_TOO_LATE: (
        "延期须在到期前至少一个工作日提出",
        "an extension is asked for at least one working day before it is due",
    ),
    Reason.EXTENSION_USED_UP: ("这一承诺的延期次数已用完", "this promise may be extended no more"),
    Reason.DATE_TOO_EARLY: ("新的期限须晚于现在的期限", "name a day after the one on which it is due"),
    Reason.DATE_TOO_FAR: ("延期超过了规定的工作日数", "that is more working days than an extension may have"),
    Reason.NO_WORKING_DAY: ("这一天不是工作日", "this is no working day"),
    Reason.BASIS_MISSING: ("请写明法定程序的依据", "name the legal basis of the procedure"),
    Reason.OUTCOME_NOT_FOR_KIND: ("办理结果与问题类型不符", "this outcome does not fit the kind of issue"),
    Reason.DATE_MISSING: ("计划办理须写明日期", "a planned outcome needs its date"),
    Reason.DATE_PAST: ("日期不能早于现在", "the date may not be in the past"),
    Reason.SIGNATURE_MISSING: ("请署上本人姓名", "your own name is needed as a signature"),
    Reason.UNKNOWN_DOCUMENT: ("没有这份文书", "there is no such document"),
    Reason.UNKNOWN_INSTRUCTION: ("没有这条批示", "there is no such instruction"),
    Reason.TOO_MANY: ("数量已达上限", "there are as many as there may be"),
    Reason.REASON_MISSING: ("请写明理由", "a reason is needed"),
    Reason.RECEIPT_MISSING: ("请写明接收机关的回执", "the receipt of the body that takes it is needed"),
    Reason.CONFIRMATION_MISSING: ("请写明本人如何、何时确认", "say how and when the person confirmed it"),
    Reason.CO_HANDLER_NOT_HEARD: (
        "协办单位的意见尚未收齐，不能签发",
        "a co-handler is still to be heard: nobody signs off before that",
    ),
    Reason.ANSWER_MISSING: (
        "协办单位有不同意见，签发前请予以答复",
        "a co-handler objects: answer that before you sign off",
    ),
    Reason.SAME_PERSON: (
        "经办或申请的人不能同时签发、审核、批准或评价",
        "who handles it or asked for it may not sign off, release, grant, rate or close it",
    ),
    Reason.UNKNOWN_LEADER: ("名录中没有这位领导", "no such leader is in the directory"),
    Reason.PERIOD_NOT_OVER: ("这一时期尚未结束", "that period is not over yet"),
    Reason.STALE_EDITION: (
        "材料已另有一版，请先看过最新一版",
        "the paper has another edition by now: read that one first",
    ),
    Reason.WRONG_ROLE: ("您的身份不能这样做", "this role may not do this"),
    Reason.NOT_ELIGIBLE: ("这一来源的问题不得不予受理", "an issue from this source may not be rejected"),
    Reason.WRONG_CREDIT_CODE: ("统一社会信用代码不正确", "the unified social credit code is wrong"),
    Reason.WORDS_ERASED: ("原文已销毁", "its words were erased"),
    Reason.MALFORMED: ("内容格式不正确", "the content is malformed"),
    Reason.ID_REUSED: ("同一请求编号用于了不同内容", "the same request key was used with another body"),
    Reason.FAILED: ("处理失败，已另存待查", "handling failed; it was set aside for an operator"),
    Reason.DISCARDED: ("处理失败，已由运维人员放弃", "it failed, and an operator gave it up"),
}


def reason_text(reason: str, language: str = "zh") -> str:
    """One reason in ``zh`` or ``en``; an unknown one comes back as it is."""
    try:
        chinese, english = REASONS[Reason(reason)]
    except ValueError:
        return reason
    return english if language == "en" else chinese


RULES: dict[str, str] = {
    "missing": "必填",
    "extra_forbidden": "没有这个字段",
    "string_too_long": "最多 {max_length} 个字",
    "string_too_short": "至少 {min_length} 个字",
    "string_type": "应为文字",
    "string_pattern_mismatch": "格式应为 {pattern}",
    "enum": "应为其中之一：{expected}",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "int_from_float": "应为整数",
    "greater_than_equal": "应不小于 {ge}",
    "less_than_equal": "应不大于 {le}",
    "literal_error": "应为 {expected}",
    **dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "timezone_aware"),
        "应为带时区的时刻，例如 2026-03-04T08:30:00+08:00",
    ),
    "time_type": "应为时刻，例如 08:30",
    "time_parsing": "应为时刻，例如 08:30",
    "tuple_type": "应为列表",
    "too_long": "最多 {max_length} 项",
    "too_short": "至少 {min_length} 项",
    "json_invalid": "不是合法的 JSON：{error}",
    "dict_type": "应为 JSON 对象",
    "model_type": "应为 JSON 对象",
    "model_attributes_type": "应为 JSON 对象（Content-Type: application/json）",
}
"""Pydantic's error types in Chinese; the braces take the numbers of the rule that was broken."""


def rule_text(kind: str, message: str, context: Mapping[str, object], language: str = "zh") -> str:
    """What would be right for one field; an error type without a translation keeps pydantic's own sentence."""
    template = RULES.get(kind)
    if language == "en" or template is None:
        return message.removeprefix("Value error, ")
    try:
        said = {name: str(value).replace("' or '", "' 或 '") for name, value in context.items()}
        return template.format(**said)
    except KeyError:
        return message
