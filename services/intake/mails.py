"""The mails by which intake tells who raised an issue that a reply is out; the address comes from the vault."""

from services.intake.contacts import Contacts
from services.intake.person.life import Person
from services.intake.vault import Erased
from shared.contract.subjects import subject_of
from shared.contract.words import Language, Means, Unsent
from shared.domain.notices import Notice
from shared.mail import Mail
from shared.notifying import ACTOR
from shared.store import Aggregates

WHY = "a notice by mail"
"""What is written down of each look at an address."""
SUBJECTS = {
    Language.CHINESE: "您反映的问题 {number} 已有答复，请您评价",
    Language.ENGLISH: "There is a reply to your issue {number}: please rate it",
}
TEXTS = {
    Language.CHINESE: """\
您好：

您反映的问题（编号 {number}）已有答复。请您看一看：答复是否满意，问题是否解决。
{place}
不评价不会算作满意。

此邮件由系统发出，请勿回复。
亲清直通车
""",
    Language.ENGLISH: """\
Hello,

There is a reply to your issue {number}. Please look at it and say whether you are satisfied, and whether it is solved.
{place}
What is not rated never counts as satisfied.

This mail was sent by a machine; please do not answer it.
Qinqing direct
""",
}
PLACES = {
    Language.CHINESE: "\n查看答复并评价：{url}\n",
    Language.ENGLISH: "\nRead the reply and rate it: {url}\n",
}


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
        (item,) = notice.items
        url = f"{self._portal_url}/issues/{item.issue}"
        place = PLACES[language].format(url=url) if self._portal_url else ""
        return Mail(
            id=id,
            to=contact.mail,
            subject=SUBJECTS[language].format(number=item.number),
            text=TEXTS[language].format(number=item.number, place=place),
            language="zh-CN" if language is Language.CHINESE else "en",
        )
