"""The mails and posts by which dispatch tells officials that there is work; the directory says where they are reached.

In Chinese, with the same in English: the directory does not say which language somebody reads.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from services.dispatch.alert.life import Alert
from services.dispatch.talk.life import Talk
from shared.contract.subjects import KINDS, id_of, kind_of
from shared.contract.words import Occurrence, Unsent
from shared.domain.notices import Item, Notice
from shared.domain.reference import Directory
from shared.domain.talks import begins_text
from shared.mail import Mail
from shared.posting import Line, Post
from shared.store import Aggregates

SUBJECTS = {
    Occurrence.ASSIGNED: "新交办：问题 {number} 请签收",
    Occurrence.HANDLER_NAMED: "问题 {number} 由您经办",
    Occurrence.SENT_BACK: "问题 {number} 的答复稿已退回，请修改",
    Occurrence.REWORK: "问题 {number} 需重新办理",
    Occurrence.MATERIAL_SUPPLIED: "问题 {number} 的提出人已补充材料",
    Occurrence.WARNED: "预警：问题 {number} 即将到期",
    Occurrence.REMINDED: "催办：问题 {number} 已逾期",
    Occurrence.LOOK_BACK: "回头看：问题 {number} 承诺事项到期",
    Occurrence.ORDERED: "督办：问题 {number} 须限期回复督办单",
    Occurrence.DOCUMENT_ISSUED: "问题 {number} 有一份监督文书",
    Occurrence.CO_HANDLE: "协办：问题 {number} 请贵部门提出意见",
    Occurrence.CO_HANDLER_HEARD: "问题 {number} 的协办单位已反馈意见",
    Occurrence.OPINION_OVERDUE: "催办：问题 {number} 的协办意见已逾期",
    Occurrence.INSTRUCTED: "批示：问题 {number} 请按要求办理并报告",
    Occurrence.INSTRUCTION_OVERDUE: "催办：问题 {number} 的批示逾期未报告",
    Occurrence.INSTRUCTION_TAKEN_BACK: "问题 {number} 的批示已收回",
    Occurrence.RULING_OVERDUE: "催办：问题 {number} 的退回逾期未裁定",
    Occurrence.NOBODY_HOLDS: "催办：问题 {number} 尚无承办部门，请尽快交办",
    Occurrence.TO_BE_SIGNED: "问题 {number} 有一份监督文书待签发",
    Occurrence.FOR_INFORMATION: "知悉：问题 {number} 已发出一份监督文书",
    Occurrence.TALK_POSTPONED: "您或贵部门参加的政企恳谈会已改期（{number}）",
    Occurrence.TALK_CHANGED: "您或贵部门参加的政企恳谈会安排有变化（{number}）",
    Occurrence.TALK_CANCELLED: "您或贵部门参加的政企恳谈会已取消（{number}）",
    Occurrence.ALERT_FIRES: "系统告警：{number}",
    Occurrence.ALERT_OVER: "系统告警已解除：{number}",
}
TEXTS = {
    Occurrence.ASSIGNED: (
        "问题 {number} 已交办贵部门，请签收并确定经办人。",
        "Issue {number} was assigned to your department: please sign for it and name who handles it.",
    ),
    Occurrence.HANDLER_NAMED: (
        "问题 {number} 由您经办，请按期办理。",
        "You are to handle issue {number}: please do so in time.",
    ),
    Occurrence.SENT_BACK: (
        "您拟写的问题 {number} 答复稿已退回，请查看理由并修改。",
        "Your draft of the reply to issue {number} was sent back: please read why, and change it.",
    ),
    Occurrence.REWORK: (
        "提出人对问题 {number} 的答复不满意，经批准重新办理。",
        "Who raised issue {number} is not satisfied with the reply: it is to be handled once more.",
    ),
    Occurrence.MATERIAL_SUPPLIED: (
        "问题 {number} 的提出人已答复您部门的询问，请查看并继续办理。",
        "Who raised issue {number} has answered what your department asked: please read it and go on.",
    ),
    Occurrence.WARNED: (
        "问题 {number} 的办理期限将至，请抓紧办理并答复。",
        "Issue {number} is due soon: please handle it and reply in time.",
    ),
    Occurrence.REMINDED: (
        "问题 {number} 已超过承诺期限，现予催办，请立即办理并答复。",
        "The promise of issue {number} was broken: this is a reminder to handle it and reply at once.",
    ),
    Occurrence.LOOK_BACK: (
        "问题 {number} 答复中承诺今后办理的事项，现到回头看时间，请核实办理情况。",
        "What the reply to issue {number} promised for later is looked at now: please see what came of it.",
    ),
    Occurrence.ORDERED: (
        "问题 {number} 已被督办，请在督办单规定的期限内回复。",
        "A supervision order was issued on issue {number}: please answer it in time.",
    ),
    Occurrence.DOCUMENT_ISSUED: (
        "贵部门承办的问题 {number} 有一份经签发的监督文书，请查看。",
        "A signed document of supervision concerns issue {number} of your department: please read it.",
    ),
    Occurrence.CO_HANDLE: (
        "请贵部门协办问题 {number}，按期向主办单位反馈意见。",
        "Your department is a co-handler of issue {number}: please give the lead your opinion in time.",
    ),
    Occurrence.CO_HANDLER_HEARD: (
        "问题 {number} 的一家协办单位已反馈意见，请查看。",
        "A co-handler of issue {number} has given its opinion: please read it.",
    ),
    Occurrence.OPINION_OVERDUE: (
        "贵部门对问题 {number} 的协办意见已逾期，请立即反馈。",
        "The opinion of your department on issue {number} is overdue: please give it at once.",
    ),
    Occurrence.INSTRUCTED: (
        "领导对问题 {number} 作出批示，请按要求办理，并在期限内报告落实情况。",
        "A leader gave an instruction on issue {number}: please follow it, and report in time what was done.",
    ),
    Occurrence.INSTRUCTION_OVERDUE: (
        "领导对问题 {number} 的批示已过报告期限，现予催办，请立即报告落实情况。",
        "The report on a leader's instruction on issue {number} is overdue: please report at once what was done.",
    ),
    Occurrence.INSTRUCTION_TAKEN_BACK: (
        "领导对问题 {number} 的一条批示已收回，无需再报告。",
        "A leader's instruction on issue {number} was taken back: no report is owed any more.",
    ),
    Occurrence.RULING_OVERDUE: (
        "问题 {number} 已被承办部门退回，裁定期限已过，现予催办，请尽快裁定。",
        "Issue {number} was returned and the time to rule on that is over: please rule on it.",
    ),
    Occurrence.NOBODY_HOLDS: (
        "问题 {number} 尚无承办部门，而承诺期限将到或已过，请尽快交办。",
        "Issue {number} has no department, and its promised date is near or over: please assign it.",
    ),
    Occurrence.TO_BE_SIGNED: (
        "问题 {number} 已起草一份监督文书，待签发或决定不予签发。",
        "A supervision document on issue {number} was drafted: it is to be signed, or given up.",
    ),
    Occurrence.FOR_INFORMATION: (
        "问题 {number} 已发出一份监督文书，请知悉。",
        "A supervision document on issue {number} is out, for your information.",
    ),
    Occurrence.TALK_POSTPONED: (
        "您或贵部门参加的政企恳谈会已改期，现定于 {number} 举行，请相应安排。",
        "A talk that you lead, or at which your department is to be present, has moved: it begins at {number} "
        "(Shanghai).",
    ),
    Occurrence.TALK_CHANGED: (
        "{number} 的政企恳谈会，地点、参加的领导或部门有变化，时间不变，请查看最新的安排。",
        "The talk of {number} (Shanghai) is held at another place, led by others, or other departments are to be "
        "present; its time stays. Please look at what is announced now.",
    ),
    Occurrence.TALK_CANCELLED: (
        "原定于 {number} 举行的政企恳谈会已取消，您和贵部门无需参加。",
        "The talk that was to begin at {number} (Shanghai) is called off: neither you nor anybody of your "
        "department need come.",
    ),
    Occurrence.ALERT_FIRES: (
        "系统告警 {number}，始于 {since}：{summary}。处置办法：{runbook}。",
        "The alert {number} fires since {since} (Shanghai): {summary}. What to do: {runbook}.",
    ),
    Occurrence.ALERT_OVER: (
        "系统告警 {number} 已于 {until} 解除，始于 {since}：{summary}。",
        "The alert {number} is over since {until} (Shanghai); it fired from {since}: {summary}.",
    ),
}
CALLING = (Occurrence.TALK_POSTPONED, Occurrence.TALK_CHANGED)
"""What calls people somewhere at a certain time."""
ALERTS = (Occurrence.ALERT_FIRES, Occurrence.ALERT_OVER)
DASHBOARDS = "operator/dashboards"
"""Where the portal shows what is watched."""
DIGEST = "您有 {count} 项事项待办"
NO_DETAILS: Mapping[str, str] = MappingProxyType({})
BODY = """\
您好：

{chinese}
{english}

此邮件由系统发出，请勿回复。
This mail was sent by a machine; please do not answer it.
亲清直通车 Qinqing direct
"""


async def is_still_so(store: Aggregates, item: Item) -> bool:
    """Whether there is something to be told still: nobody is called to a talk that was called off, or moved again,
    since, nor to an alert that is over. What became of it last, this service keeps itself.
    """
    if item.about not in (*CALLING, Occurrence.ALERT_FIRES):
        return True
    document = await store.get(item.issue)
    if document is None:
        return True
    if item.about is Occurrence.ALERT_FIRES:
        return Alert.model_validate(document["state"]).ended_at is None
    talk = Talk.model_validate(document["state"])
    return talk.about != Occurrence.TALK_CANCELLED and begins_text(talk.starts_at) == item.number


Details = Callable[[Item], Awaitable[Mapping[str, str]]]
"""What the words about something say beside its number, by the names that they have there."""


async def details_of(store: Aggregates, item: Item) -> Mapping[str, str]:
    """Of an alert what it says, since when it fires, and what to do; of all else nothing."""
    if item.about not in ALERTS:
        return {}
    document = await store.get(item.issue)
    assert document is not None, "it prepared this notice, and nothing takes it away"
    alert = Alert.model_validate(document["state"])
    until = "" if alert.ended_at is None else begins_text(alert.ended_at)
    words = {"summary": alert.summary.rstrip(".") or "—", "runbook": alert.runbook or "—"}
    return {**words, "since": begins_text(alert.started_at), "until": until}


class Mails:
    """Writes the mail of one notice to an official, or says why there can be none."""

    def __init__(
        self, directory: Callable[[datetime], Directory], domain: str, portal_url: str, details: Details
    ) -> None:
        """``domain``: where officials have their mail whose entries name none; empty: nowhere."""
        self._directory, self._domain, self._portal_url = directory, domain, portal_url
        self._details = details

    async def write(self, id: str, notice: Notice) -> Mail | Unsent:
        """No name and no word of an issue: its number, what there is to do, and where."""
        address = self._address(notice.to)
        if not address:
            return Unsent.NO_ADDRESS
        lines = [line_of(item, self._portal_url, await self._details(item)) for item in notice.items]
        return Mail(
            id=id,
            to=address,
            subject=_subject(notice.items),
            text=BODY.format(
                chinese="\n".join(f"{line.text_zh}\n{line.url}".rstrip() for line in lines) + "\n",
                english="\n".join(line.text_en for line in lines),
            ),
            language="zh-CN",
        )

    def _address(self, account: str) -> str:
        entry = self._directory(datetime.now(UTC)).official(account)
        if entry is None:
            return ""
        return entry.mail or (f"{account}@{self._domain}" if self._domain else "")


class Posts:
    """Writes the post of one notice to an official, for a robot or a webhook."""

    def __init__(self, directory: Callable[[datetime], Directory], portal_url: str, details: Details) -> None:
        self._directory, self._portal_url, self._details = directory, portal_url, details

    async def write(self, id: str, notice: Notice) -> Post:
        """A group has many members, so it says for whom it is."""
        entry = self._directory(datetime.now(UTC)).official(notice.to)
        name = notice.to if entry is None else entry.name
        lines = [line_of(item, self._portal_url, await self._details(item)) for item in notice.items]
        return Post(id, notice.to, name, lines)


def line_of(item: Item, portal_url: str, details: Mapping[str, str] = NO_DETAILS) -> Line:
    """What is said of one thing, in both languages; ``portal_url`` empty: it has no link."""
    place = f"{KINDS[kind_of(item.issue)].path}/{id_of(item.issue)}"
    if item.about in ALERTS:
        place = DASHBOARDS
    chinese, english = (text.format(number=item.number, **details) for text in TEXTS[item.about])
    url = f"{portal_url.rstrip('/')}/{place}" if portal_url else ""
    return Line(item.issue, item.number, item.about, chinese, english, url)


def _subject(items: Sequence[Item]) -> str:
    if len(items) > 1:
        return DIGEST.format(count=len(items))
    (item,) = items
    return SUBJECTS[item.about].format(number=item.number)
