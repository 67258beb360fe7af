"""The mails by which intake tells raisers that there is something to read; the addresses come from the vault."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.intake.contacts import Contacts
from services.intake.person.life import Person
from services.intake.talk.life import State, Talk
from services.intake.vault import Erased
from shared.contract.subjects import KINDS, id_of, kind_of, subject_of
from shared.contract.words import Language, Means, Occurrence, Unsent
from shared.domain.notices import Item, Notice
from shared.domain.talks import begins_text
from shared.mail import Mail
from shared.notifying import ACTOR
from shared.store import Aggregates

WHY = "a notice by mail"
"""What is written down of each look at an address."""
HEAD = {Language.CHINESE: "您好：\n\n", Language.ENGLISH: "Hello,\n\n"}
FOOT = {
    Language.CHINESE: "\n此邮件由系统发出，请勿回复。\n亲清直通车\n",
    Language.ENGLISH: "\nThis mail was sent by a machine; please do not answer it.\nQinqing direct\n",
}


class Said(NamedTuple):
    """What a mail says in one language: its subject, its text, and the line with the link to the issue."""

    subject: str
    text: str
    place: str


SAID: Mapping[str, Mapping[Language, Said]] = {
    Occurrence.RATING_INVITED: {
        Language.CHINESE: Said(
            "您反映的问题 {number} 已有答复，请您评价",
            "您反映的问题（编号 {number}）已有答复。请您看一看：答复是否满意，问题是否解决。\n"
            "{place}\n不评价不会算作满意。\n",
            "\n查看答复并评价：{url}\n",
        ),
        Language.ENGLISH: Said(
            "There is a reply to your issue {number}: please rate it",
            "There is a reply to your issue {number}. Please look at it and say whether you are satisfied, and "
            "whether it is solved.\n{place}\nWhat is not rated never counts as satisfied.\n",
            "\nRead the reply and rate it: {url}\n",
        ),
    },
    Occurrence.RATING_REMINDED: {
        Language.CHINESE: Said(
            "请您评价已有的答复（{number}）",
            "您反映的以下问题已有答复，还在等您评价：答复是否满意，问题是否解决。\n{place}\n"
            "不评价不会算作满意。\n",
            "\n{number}：{url}\n",
        ),
        Language.ENGLISH: Said(
            "Replies wait for your rating ({number})",
            "There is a reply to these issues of yours, and nobody has heard yet whether you are satisfied and whether "
            "it is solved:\n{place}\nWhat is not rated never counts as satisfied.\n",
            "\n{number}: {url}\n",
        ),
    },
    Occurrence.DISCLOSED: {
        Language.CHINESE: Said(
            "您反映的问题 {number} 的答复已公开",
            "您反映的问题（编号 {number}）的答复已在线上专栏公开，供其他企业参考。"
            "公开的文字隐去了姓名、企业名称和联系方式。\n{place}\n如您认为不宜公开，请与交办办公室联系。\n",
            "\n查看问题：{url}\n",
        ),
        Language.ENGLISH: Said(
            "The reply to your issue {number} is public",
            "The reply to your issue {number} stands in the online column now, for other enterprises to read. It names "
            "neither you nor your enterprise, and no number of yours.\n{place}\nIf it should not be public, please "
            "tell the assigning office.\n",
            "\nRead the issue: {url}\n",
        ),
    },
    Occurrence.QUESTION: {
        Language.CHINESE: Said(
            "办理您反映的问题 {number} 需要您补充材料",
            "承办部门在办理您反映的问题（编号 {number}）时，有一个问题想请您说明或补充材料。请您看一看并答复。\n"
            "{place}\n过期未答复的，部门将按现有材料继续办理。\n",
            "\n查看询问并答复：{url}\n",
        ),
        Language.ENGLISH: Said(
            "Something is asked about your issue {number}",
            "The department that handles your issue {number} needs something of you to go on. Please read what it "
            "asks, and answer.\n{place}\nWithout an answer in time it goes on with what there is.\n",
            "\nRead the question and answer: {url}\n",
        ),
    },
    Occurrence.PUT_OFF: {
        Language.CHINESE: Said(
            "您反映的问题 {number} 延期答复",
            "经批准，您反映的问题（编号 {number}）延期答复。新的答复日期、原定日期和延期理由都在问题页面上。\n{place}",
            "\n查看新的日期：{url}\n",
        ),
        Language.ENGLISH: Said(
            "The reply to your issue {number} will take longer",
            "The department that handles your issue {number} was given more time. The new date stands on the page of "
            "the issue, beside the first one and the reason.\n{place}",
            "\nRead the new date: {url}\n",
        ),
    },
    Occurrence.TALK_NAMED: {
        Language.CHINESE: Said(
            "邀请您参加政企恳谈会（{number}）",
            "现邀请您参加 {number} 的政企恳谈会，请您拨冗出席，并欢迎会前反映问题。\n{place}",
            "\n查看恳谈会：{url}\n",
        ),
        Language.ENGLISH: Said(
            "You are invited to a talk ({number})",
            "You are asked to take part in the talk that begins at {number} (Shanghai), and welcome to bring a "
            "question.\n{place}",
            "\nRead about the talk: {url}\n",
        ),
    },
    Occurrence.TALK_POSTPONED: {
        Language.CHINESE: Said(
            "政企恳谈会已改期（{number}）",
            "您报名的政企恳谈会已改期，现定于 {number} 举行。会前反映的问题，承诺时限随之顺延。\n{place}",
            "\n查看恳谈会：{url}\n",
        ),
        Language.ENGLISH: Said(
            "The talk has moved to {number}",
            "The talk in which you would take part has moved: it begins at {number} (Shanghai). What was raised for "
            "it is due later with it.\n{place}",
            "\nRead about the talk: {url}\n",
        ),
    },
    Occurrence.TALK_CHANGED: {
        Language.CHINESE: Said(
            "政企恳谈会的安排有变化（{number}）",
            "{number} 的政企恳谈会，地点或参加的领导有变化，时间不变。请您看一看最新的安排。\n{place}",
            "\n查看恳谈会：{url}\n",
        ),
        Language.ENGLISH: Said(
            "Something has changed about the talk of {number}",
            "The talk that begins at {number} (Shanghai) is held at another place, or led by others; its time stays. "
            "Please look at what is announced now.\n{place}",
            "\nRead about the talk: {url}\n",
        ),
    },
    Occurrence.TALK_CANCELLED: {
        Language.CHINESE: Said(
            "政企恳谈会已取消（{number}）",
            "原定于 {number} 举行的政企恳谈会已取消。会前反映的问题照常交办，承诺时限即日起算。\n{place}",
            "\n查看恳谈会：{url}\n",
        ),
        Language.ENGLISH: Said(
            "The talk of {number} is called off",
            "The talk that was to begin at {number} (Shanghai) is called off. What was raised for it is handled all "
            "the same, and its time runs from now on.\n{place}",
            "\nRead about the talk: {url}\n",
        ),
    },
}

CALLING = (Occurrence.TALK_NAMED, Occurrence.TALK_POSTPONED, Occurrence.TALK_CHANGED)
"""What calls people somewhere at a certain time."""


class Mails:
    """Writes the mail of one notice, or says why there can be none."""

    def __init__(self, contacts: Contacts, store: Aggregates, portal_url: str) -> None:
        """``portal_url``: where people find the portal; empty: mails have no link."""
        self._contacts, self._store, self._portal_url = contacts, store, portal_url.rstrip("/")

    async def write(self, id: str, notice: Notice) -> Mail | Unsent:
        """In the person's language; that somebody looked at the address is written down, as of every look."""
        document = await self._store.get(subject_of("person", notice.to))
        state = (document or {}).get("state")
        if state is None:
            return Unsent.NO_ADDRESS
        person = Person.model_validate(state)
        if person.channels and Means.MAIL not in person.channels:
            return Unsent.UNWANTED
        try:
            contact = await self._contacts.show(notice.to, ACTOR, WHY)
        except Erased:
            return Unsent.ERASED
        if contact is None or not contact.mail:
            return Unsent.NO_ADDRESS
        language = person.language or Language.CHINESE
        said = SAID[notice.items[0].about][language]
        numbers = ", ".join(item.number for item in notice.items)
        return Mail(
            id=id,
            to=contact.mail,
            subject=said.subject.format(number=numbers),
            text=HEAD[language]
            + said.text.format(number=numbers, place=self._places(notice.items, said))
            + FOOT[language],
            language="zh-CN" if language is Language.CHINESE else "en",
        )

    async def is_still_so(self, item: Item) -> bool:
        """Whether there is something to be told still: nobody is reminded of what was rated meanwhile, or asked to come
        to a talk that was called off, or moved again, since.
        """
        if item.about not in (Occurrence.RATING_REMINDED, *CALLING):
            return True
        document = await self._store.get(item.issue)
        state = (document or {}).get("state") or {}
        if item.about is Occurrence.RATING_REMINDED:
            return bool(state.get("unrated"))
        talk = Talk.model_validate(state)
        return talk.state is not State.CANCELLED and begins_text(talk.starts_at) == item.number

    def _places(self, items: Sequence[Item], said: Said) -> str:
        """Where each of these is found."""
        if not self._portal_url:
            return ""
        urls = (f"{self._portal_url}/{KINDS[kind_of(one.issue)].path}/{id_of(one.issue)}" for one in items)
        return "".join(
            said.place.format(url=url, number=one.number) for one, url in zip(items, urls, strict=True)
        )
