"""What becomes of a talk is told to who leads it and to the people of the departments that are to be there."""

from collections.abc import Iterator

from services.dispatch.talk.life import Talk
from shared.contract.commands.notices import PrepareStaffNotice
from shared.contract.events.talks import DepartmentsInformed
from shared.contract.words import Occurrence
from shared.domain.decisions import Change, Context, Message
from shared.domain.notices import tell
from shared.domain.talks import begins_text

KNOWN = (Occurrence.TALK_POSTPONED, Occurrence.TALK_CHANGED, Occurrence.TALK_CANCELLED)
"""What there are words for; of anything else that a newer intake tells nobody hears from here."""


def tell_people(talk: Talk | None, happened: DepartmentsInformed, context: Context) -> Change[Talk] | None:
    """Each hears of it once in each of their ways; of a merged department whoever has its work by now."""
    if happened.about not in KNOWN:
        return None
    after = Talk(about=happened.about, starts_at=happened.starts_at)
    return Change(after, tuple(_notices(happened, context)))


def _notices(happened: DepartmentsInformed, context: Context) -> Iterator[Message]:
    directory = context.directory
    codes = dict.fromkeys(map(directory.successor, happened.departments))
    leading = (account for code in codes for account in directory.leading(code))
    known = (account for account in happened.leaders if directory.official(account))
    accounts = dict.fromkeys((*known, *leading))
    body = {"number": begins_text(happened.starts_at), "about": happened.about}
    for account in accounts:
        if account == happened.by:
            continue  # nobody is told of what they did themselves
        for way in directory.ways(account):
            to = {"to": account, "way": way}
            yield tell(PrepareStaffNotice, context, {**body, **to}, in_office_hours=True)
