"""Which officials dispatch tells by mail that there is work, and what they read."""

from typing import Any

import pytest

from services.dispatch.consumer import consumer
from services.dispatch.issue.noticing import (
    INSTRUCTION_OVERDUE,
    LOOK_BACK,
    NOBODY_HOLDS,
    NOTICED,
    RULING_OVERDUE,
    TO_CO_HANDLERS,
    WARNING,
)
from services.dispatch.mails import SUBJECTS, TEXTS, Mails, Posts
from services.dispatch.talk.reactions import KNOWN as OF_TALKS
from shared.bus.processor import Processor
from shared.contract.commands.dispatch import PublishDepartment, PublishStaff
from shared.contract.commands.notices import PrepareStaffNotice
from shared.contract.envelope import open_envelope
from shared.contract.events.supervision import DepartmentAddressed
from shared.contract.subjects import subject_of
from shared.contract.words import MAIL, DocumentKind, Level, Occurrence, Role, Saying, Unsent
from shared.domain.notices import Item, Notice
from shared.domain.notices import State as NoticeState
from shared.mail import Mail
from tests.unit.dispatch.given import (
    ACCEPTED,
    AGREE,
    ASSIGN,
    CO_HANDLE,
    CO_HANDLER,
    GRANTED,
    HANDLER,
    ISSUE,
    LEADER,
    NAME,
    OFFICE,
    PLANNER,
    Dispatch,
    department,
    published,
)
from tests.unit.one_aggregate import after
from tests.unit.reference import JURISDICTION

ASSIGNED, NAMED, SENT_BACK, REWORK = (
    Occurrence.ASSIGNED,
    Occurrence.HANDLER_NAMED,
    Occurrence.SENT_BACK,
    Occurrence.REWORK,
)


async def staffed(
    leaders: tuple[str, ...] = ("wang",), handlers: tuple[str, ...] = ("li", "zhao")
) -> Dispatch:
    """Dispatch whose housing department has these people, with an issue that waits for it."""
    dispatch = await published()
    await with_people(dispatch, "housing", leaders=leaders, handlers=handlers)
    await dispatch.register()
    await dispatch.take(ACCEPTED)
    dispatch.commands.clear()
    return dispatch


async def with_people(dispatch: Dispatch, code: str, **people: Any) -> None:
    """A department's entry is published again, with these people."""
    entry = dispatch.reference.departments[code].all()[-1]
    names = set(PublishDepartment.model_fields) - {"in_force_from"}
    fields = {name: getattr(entry, name) for name in names} | people
    publish = PublishDepartment(**fields)
    outcome = await dispatch.ask(publish, after(), "administrator:wu", subject=department(code))
    assert outcome["status"] == "done", outcome


def told(dispatch: Dispatch) -> list[tuple[str, str]]:
    """Of what, and who, in order; each notice once however often it was asked for."""
    found: dict[str, tuple[str, str]] = {}
    for out in dispatch.commands:
        envelope = open_envelope(out.value)
        if envelope.type == PrepareStaffNotice.type:
            data = PrepareStaffNotice.model_validate(envelope.data)
            assert (data.issue, data.number) == (ISSUE, "HZ-1")
            found[out.key] = (data.about, data.to)
    return list(found.values())


async def test_the_leaders_are_told_of_what_is_assigned_to_their_department() -> None:
    dispatch = await staffed()
    await dispatch.ask(ASSIGN, after(hours=1), OFFICE)
    assert told(dispatch) == [(ASSIGNED, "wang")]


async def test_where_no_leader_is_named_the_handlers_are_told() -> None:
    dispatch = await staffed(leaders=())
    await dispatch.ask(ASSIGN, after(hours=1), OFFICE)
    assert told(dispatch) == [(ASSIGNED, "li"), (ASSIGNED, "zhao")]


async def test_the_same_assignment_delivered_twice_prepares_the_same_notice() -> None:
    dispatch = await staffed()
    record = dispatch.command(ASSIGN, after(hours=1), OFFICE)
    await dispatch.deliver(record)
    before = [out.value for out in dispatch.commands]
    await dispatch.deliver(record)
    assert {out.value for out in dispatch.commands} == set(before)
    assert len(told(dispatch)) == 1


async def test_a_storm_of_assignments_at_midnight_becomes_one_notice_to_each_leader() -> None:
    dispatch = await staffed(leaders=("wang", "wu"))
    midnight = after(hours=15)
    for number in range(100):
        await dispatch.register(subject=f"issue-{number}")
        await dispatch.deliver(dispatch.event(ACCEPTED, after(), f"issue-{number}"))
    for number in range(100):
        await dispatch.ask(ASSIGN, midnight, OFFICE, subject=f"issue-{number}")
    await dispatch.settle(midnight)
    notices = [document for id, document in dispatch.store.documents.items() if id.startswith("notice:")]
    told_of = {one["state"]["to"]: (one["state"]["state"], len(one["state"]["items"])) for one in notices}
    assert told_of == {"wang": ("waiting", 100), "wu": ("waiting", 100)} and len(notices) == 2
    opens = {document["due"]["at"] for document in notices}
    assert opens == {"2026-03-03T00:30:00.000Z"}


async def test_whom_a_leader_names_is_told_and_nobody_of_what_they_did_themselves() -> None:
    dispatch = await staffed()
    await dispatch.walk(["assign", "sign"])
    dispatch.commands.clear()
    await dispatch.ask(NAME, after(hours=2), LEADER)
    assert told(dispatch) == [(NAMED, "li")]
    dispatch.commands.clear()
    oneself = NAME.model_copy(update={"handler": "wang", "substitute": "", "reason": "自己办"})
    await dispatch.ask(oneself, after(hours=3), LEADER)
    assert told(dispatch) == []


async def test_who_drafted_is_told_that_it_came_back() -> None:
    dispatch = await staffed()
    await dispatch.walk(["assign", "sign", "draft"])
    dispatch.commands.clear()
    assert (await dispatch.want("send_back"))["status"] == "done"
    assert told(dispatch) == [(SENT_BACK, HANDLER.rpartition("/")[2])]


async def test_of_a_new_round_who_handled_it_is_told_or_else_the_leaders() -> None:
    for named, whom in (((NAME,), "li"), ((), "wang")):
        dispatch = await staffed()
        await dispatch.walk(["assign", "sign"])
        for command in named:
            await dispatch.ask(command, after(hours=1), LEADER)
        await dispatch.walk(["draft", "sign_off", "check", "release"])
        dispatch.commands.clear()
        await dispatch.take(GRANTED)
        assert told(dispatch) == [(REWORK, whom)]


async def test_nobody_is_told_where_nothing_happened() -> None:
    dispatch = await staffed()
    outcome = await dispatch.ask(ASSIGN.model_copy(update={"department": "nowhere"}), after(), OFFICE)
    assert outcome["status"] == "refused" and told(dispatch) == []


async def test_of_what_is_played_as_history_nobody_is_told() -> None:
    dispatch = await staffed()
    quiet = consumer(JURISDICTION, notices=False)
    dispatch.processor = Processor(quiet, dispatch.store, dispatch._publish, dispatch)
    await dispatch.walk(["assign", "sign", "draft", "send_back"])
    assert told(dispatch) == []


async def test_the_leaders_of_a_co_handler_are_told_and_who_handles_it_of_its_opinion() -> None:
    dispatch = await staffed()
    await dispatch.walk(["assign", "sign"])
    await dispatch.ask(NAME, after(hours=1), LEADER)
    await with_people(dispatch, "planning", leaders=("fang",), handlers=("xu",))
    dispatch.commands.clear()
    asked = dispatch.command(CO_HANDLE, after(hours=1), OFFICE)
    for _ in range(2):
        await dispatch.deliver(asked)
    assert told(dispatch) == [(Occurrence.CO_HANDLE, "fang")]
    dispatch.commands.clear()
    reminder = {"saying": Saying.ISSUED, "kind": DocumentKind.REMINDER, "round": 1}
    late = DepartmentAddressed(department="planning", assignment=CO_HANDLER, **reminder)
    await dispatch.take(late)
    assert told(dispatch) == [(Occurrence.OPINION_OVERDUE, "fang")]
    dispatch.commands.clear()
    await dispatch.ask(AGREE, after(days=4), PLANNER)
    assert told(dispatch) == [(Occurrence.CO_HANDLER_HEARD, "li")]


TO_RAISERS = {
    Occurrence.RATING_INVITED,
    Occurrence.RATING_REMINDED,
    Occurrence.DISCLOSED,
    Occurrence.QUESTION,
    Occurrence.PUT_OFF,
    Occurrence.TALK_NAMED,
}


def test_every_occurrence_that_an_official_is_told_of_has_its_words() -> None:
    others = (WARNING, LOOK_BACK, INSTRUCTION_OVERDUE, RULING_OVERDUE, NOBODY_HOLDS)
    told_of = {telling.about for telling in (*NOTICED.values(), *TO_CO_HANDLERS.values(), *others)}
    told_of |= {Occurrence.TO_BE_SIGNED, Occurrence.FOR_INFORMATION, *OF_TALKS}
    told_of |= {Occurrence.ALERT_FIRES, Occurrence.ALERT_OVER}
    assert told_of == set(SUBJECTS) == set(TEXTS) == set(Occurrence) - TO_RAISERS


# ------------------------------------------------------------------ the mail


def notice(to: str) -> Notice:
    item = Item(issue=ISSUE, number="HZ-1", about=ASSIGNED)
    return Notice(state=NoticeState.SENDING, to=to, way=MAIL, items=(item,), until=after())


async def nothing(item: Item) -> dict[str, str]:
    """What the words about an issue say beside its number."""
    return {}


async def official(dispatch: Dispatch, account: str, mail: str = "") -> Mails:
    """Dispatch's mails, once this official is in its directory."""
    roles = (Role.DEPARTMENT_LEADER,)
    entry = PublishStaff(name="王某", roles=roles, level=Level.CITY, department="housing", mail=mail)
    outcome = await dispatch.ask(entry, after(), "administrator:wu", subject=subject_of("staff", account))
    assert outcome["status"] == "done"
    directory = dispatch.reference.directory
    return Mails(lambda at: directory(at), "city.example", "http://example.com/", nothing)


async def test_the_mail_says_the_number_what_to_do_and_where_in_both_languages() -> None:
    mails = await official(await published(), "wang")
    mail = await mails.write("abc", notice("wang"))
    assert isinstance(mail, Mail)
    assert (mail.id, mail.to) == ("abc", "wang@city.example")
    assert "HZ-1" in mail.subject
    for part in ("请签收", "please sign", f"http://example.com/issues/{ISSUE}"):
        assert part in mail.text
    assert "王某" not in mail.text


async def test_the_entry_of_an_official_says_where_they_are_reached_before_the_pattern_does() -> None:
    mails = await official(await published(), "wang", "wang.fang@elsewhere.example")
    mail = await mails.write("abc", notice("wang"))
    assert isinstance(mail, Mail) and mail.to == "wang.fang@elsewhere.example"


def digest(to: str) -> Notice:
    items = (
        Item(issue=ISSUE, number="HZ-1", about=ASSIGNED),
        Item(issue="issue-2", number="HZ-2", about=SENT_BACK),
    )
    return Notice(state=NoticeState.SENDING, to=to, way=MAIL, items=items, until=after())


async def test_a_digest_is_one_mail_with_a_line_and_a_link_for_each_thing() -> None:
    mails = await official(await published(), "wang")
    mail = await mails.write("abc", digest("wang"))
    assert isinstance(mail, Mail)
    assert (mail.id, "2" in mail.subject) == ("abc", True)
    for part in ("HZ-1 已交办", "HZ-2 答复稿已退回", "/issues/issue-2", f"/issues/{ISSUE}", "please sign"):
        assert part in mail.text


async def test_a_group_reads_for_whom_a_post_is() -> None:
    dispatch = await published()
    await official(dispatch, "wang")
    posts = Posts(dispatch.reference.directory, "http://example.com/", nothing)
    post = await posts.write("abc", digest("wang"))
    assert (post.id, post.to, post.name) == ("abc", "wang", "王某")
    assert [(line.number, line.about, line.url) for line in post.lines] == [
        ("HZ-1", "assigned", f"http://example.com/issues/{ISSUE}"),
        ("HZ-2", "sent_back", "http://example.com/issues/issue-2"),
    ]
    assert (await posts.write("abc", digest("stranger"))).name == "stranger"


@pytest.mark.parametrize(("account", "domain"), [("wang", ""), ("nobody", "city.example")])
async def test_whoever_has_no_address_gets_no_mail(account: str, domain: str) -> None:
    dispatch = await published()
    await official(dispatch, "wang")
    mails = Mails(lambda at: dispatch.reference.directory(at), domain, "", nothing)
    assert await mails.write("abc", notice(account)) is Unsent.NO_ADDRESS


def addressed(saying: Saying = Saying.ISSUED, **values: Any) -> DepartmentAddressed:
    """What supervision has for the housing department."""
    given = {"round": 1, "department": "housing", "document": "d1", "year": 2026, "number": 3}
    return DepartmentAddressed(saying=saying, **{**given, **values})


SAID: dict[str, tuple[DepartmentAddressed, str, list[tuple[str, str]]]] = {
    "a warning": (
        addressed(Saying.WARNING, document="", year=0, number=0, due_at=after(days=10)),
        "order.reminded.v1",
        [(Occurrence.WARNED, "wang")],
    ),
    "a reminder": (
        addressed(kind=DocumentKind.REMINDER),
        "order.reminded.v1",
        [(Occurrence.REMINDED, "wang")],
    ),
    "an order": (
        addressed(kind=DocumentKind.SUPERVISION_ORDER, words="请核查", due_at=after(days=12)),
        "order.ordered.v1",
        [(Occurrence.ORDERED, "wang")],
    ),
    "a look-back": (
        addressed(Saying.LOOK_BACK, document="", year=0, number=0, due_at=after(days=90)),
        "order.reminded.v1",
        [(Occurrence.LOOK_BACK, "wang")],
    ),
    "a card": (
        addressed(kind=DocumentKind.YELLOW_CARD),
        "order.document_issued.v1",
        [(Occurrence.DOCUMENT_ISSUED, "wang")],
    ),
    "an instruction": (
        addressed(Saying.INSTRUCTED, document="", year=0, number=0, instruction=1, words="请核实"),
        "order.instructed.v1",
        [(Occurrence.INSTRUCTED, "wang")],
    ),
    "a reminder of an instruction": (
        addressed(kind=DocumentKind.REMINDER, instruction=1),
        "order.reminded.v1",
        [(Occurrence.INSTRUCTION_OVERDUE, "wang")],
    ),
    "an instruction that is taken back": (
        addressed(Saying.TAKEN_BACK, document="", year=0, number=0, instruction=1, words="已听取汇报"),
        "order.instruction_taken_back.v1",
        [(Occurrence.INSTRUCTION_TAKEN_BACK, "wang")],
    ),
    "a card that is lifted": (
        addressed(Saying.LIFTED, kind=DocumentKind.YELLOW_CARD),
        "order.document_lifted.v1",
        [],
    ),
}


@pytest.mark.parametrize(("said", "order", "whom"), SAID.values(), ids=SAID)
async def test_what_supervision_has_for_a_department_reaches_its_topic_and_its_people_once(
    said: DepartmentAddressed, order: str, whom: list[tuple[str, str]]
) -> None:
    dispatch = await staffed()
    await dispatch.ask(ASSIGN, after(hours=1), OFFICE)
    dispatch.commands.clear()
    before = dispatch.state
    record = dispatch.event(said, after(days=3))
    await dispatch.deliver(record)
    await dispatch.deliver(record)
    department, type, data = dispatch.orders[-1]
    assert (department, type, data["assignment"]) == ("housing", order, before.assignment)
    assert [one[1] for one in dispatch.orders].count(order) == 1
    assert dispatch.state == before
    assert told(dispatch) == whom


async def test_the_supervision_office_is_told_of_a_look_back_beside_the_department() -> None:
    dispatch = await staffed()
    entry = {"name": "顾严", "level": Level.COUNTY}
    for account, role in (("gu", Role.SUPERVISOR), ("qian", Role.LEADER)):
        await dispatch.ask(
            PublishStaff(**entry, roles=(role,)),
            after(),
            "administrator:wu",
            subject=subject_of("staff", account),
        )
    await dispatch.ask(ASSIGN, after(hours=1), OFFICE)
    dispatch.commands.clear()
    await dispatch.take(addressed(Saying.LOOK_BACK))
    assert told(dispatch) == [(Occurrence.LOOK_BACK, "wang"), (Occurrence.LOOK_BACK, "gu")]


async def test_of_a_late_ruling_the_people_of_the_office_are_told_and_no_department() -> None:
    dispatch = await staffed()
    for account, roles in (("chen", (Role.OFFICE,)), ("zhao", (Role.SUPERVISOR,))):
        entry = PublishStaff(name="某", roles=roles, level=Level.CITY)
        await dispatch.ask(entry, after(), "administrator:wu", subject=subject_of("staff", account))
    await dispatch.ask(ASSIGN, after(hours=1), OFFICE)
    dispatch.commands.clear()
    known = list(dispatch.orders)
    record = dispatch.event(
        addressed(department="", clock="ruling", kind=DocumentKind.REMINDER), after(days=3)
    )
    await dispatch.deliver(record)
    await dispatch.deliver(record)
    assert dispatch.orders == known
    assert told(dispatch) == [(Occurrence.RULING_OVERDUE, "chen")]
    dispatch.commands.clear()
    lifted = addressed(Saying.LIFTED, department="", clock="ruling", kind=DocumentKind.REMINDER)
    await dispatch.take(lifted)
    assert (dispatch.orders, told(dispatch)) == (known, [])


async def test_who_handles_an_issue_is_reminded_beside_the_leader_and_warned_alone() -> None:
    dispatch = await staffed()
    await dispatch.ask(ASSIGN, after(hours=1), OFFICE)
    await dispatch.ask(NAME, after(hours=2), LEADER)
    dispatch.commands.clear()
    await dispatch.take(addressed(Saying.WARNING))
    await dispatch.take(addressed(kind=DocumentKind.REMINDER))
    assert told(dispatch) == [
        (Occurrence.WARNED, "li"),
        (Occurrence.REMINDED, "li"),
        (Occurrence.REMINDED, "wang"),
    ]


async def test_a_department_that_held_it_before_is_told_on_its_topic_and_nobody_by_mail() -> None:
    dispatch = await staffed()
    await dispatch.ask(ASSIGN, after(hours=1), OFFICE)
    dispatch.commands.clear()
    await dispatch.take(addressed(kind=DocumentKind.YELLOW_CARD, department="transport"))
    assert dispatch.orders[-1][:2] == ("transport", "order.document_issued.v1")
    assert told(dispatch) == []
