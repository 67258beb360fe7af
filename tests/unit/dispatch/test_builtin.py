"""What a first start publishes: thirty departments as enterprises meet them, and invented people who work there."""

import re
from collections import Counter
from hashlib import sha256

from services.dispatch.builtin import first_commands, invented_staff
from shared.contract.commands.dispatch import DraftReply, PublishDepartment, PublishStaff
from shared.contract.subjects import id_of
from shared.contract.words import Outcome, Role
from shared.domain.masking import masked
from shared.domain.rights import IN_DEPARTMENTS
from tests.unit.reference import JURISDICTION

STAFF = dict(invented_staff())
FIRST_START = first_commands(JURISDICTION, with_people=True)
DEPARTMENTS = {id_of(subject): one for subject, one in FIRST_START if isinstance(one, PublishDepartment)}
PLAIN_PATH = {
    "chen": (Role.OFFICE, ""),
    "wang": (Role.OFFICE, ""),
    "li": (Role.HANDLER, "housing"),
    "zhou": (Role.DEPARTMENT_LEADER, "housing"),
    "zhao": (Role.SUPERVISOR, ""),
    "qian": (Role.LEADER, ""),
}
KNOWN_TO_EVERYBODY = frozenset(
    (
        *("000b178b", "03f9580f", "07b05713", "0d9adc5f", "0deb52c0", "0e49f815", "0f74f35c", "101ee7fa"),
        *("12d9189d", "15f211fc", "1906f807", "1a6ded82", "1cf91c08", "1e823941", "22c76488", "2484b2d6"),
        *("28952707", "299f2cd7", "30efb411", "36da0e23", "3a984a00", "3ad794c1", "3cc97e0a", "3df3ea5c"),
        *("3e08775f", "460131af", "48ab2d96", "49a83e44", "49d696b2", "49fe4317", "5165e16e", "51d791c2"),
        *("5344bf3a", "56220762", "5c9d831b", "5e5bc5c6", "61a40d8f", "62431bd9", "6357ebf7", "6433ee9f"),
        *("6ac5762f", "756a3824", "77cefd8d", "7b40814b", "7c89d148", "7cbcf989", "7da2a3ee", "817149b8"),
        *("89d1f92b", "8decd89c", "92a054e8", "93d3ca9d", "95f9e15a", "962d4992", "97a2383f", "98efe807"),
        *("9b4375ad", "a067d6e3", "a16c7d51", "a6a58ff7", "a6fd1fc4", "a93d642f", "aa4ac1c8", "ac2e5da7"),
        *("af28b4f0", "af73757d", "afea3193", "b311ee8d", "b3275abe", "b4f47cb0", "b6413e1a", "b7a17b43"),
        *("b940c5c6", "b9f3a059", "ba48c133", "ba805189", "bb1dc81d", "c433139b", "c4c6c579", "c7687d15"),
        *("c7ee76d5", "c8021115", "c837b1ef", "c896412c", "c8d95c90", "d1d51d7a", "de077a6a", "def8834c"),
        *("e066c147", "e10a333c", "e5404262", "e5bb64d7", "e6589729", "e75a65c8", "ea90fdac", "f57195c7"),
        *("f61a04d1"),
    )
)
"""Hashes of names that people of public life bear: nobody invented has one of them, and they need not stand here."""


def test_there_are_thirty_departments_with_names_duties_and_the_posts_of_their_heads() -> None:
    assert len(DEPARTMENTS) == 30
    for code, entry in DEPARTMENTS.items():
        assert re.fullmatch(r"[a-z][a-z_]*", code), "a code is part of a topic's name"
        assert re.search(r"[\u4e00-\u9fff]", entry.name_zh) and entry.name_en.isascii(), code
        assert entry.head.startswith(entry.name_zh) and entry.head != entry.name_zh, code
        assert len(entry.duties) >= 4 and all(2 <= len(duty) <= 20 for duty in entry.duties), code
    names = [name for entry in DEPARTMENTS.values() for name in (entry.name_zh, entry.name_en)]
    assert len(names) == len(set(names))
    duties = Counter(duty for entry in DEPARTMENTS.values() for duty in entry.duties)
    assert duties.most_common(1)[0][1] == 1, "what two departments do belongs to neither"


def test_in_each_department_there_are_invented_handlers_and_a_leader() -> None:
    for code, entry in DEPARTMENTS.items():
        assert entry.handlers and len(entry.leaders) == 1, code
        assert not set(entry.handlers) & set(entry.leaders), "who drafts does not sign off"
        for account in (*entry.handlers, *entry.leaders):
            assert STAFF[account].department == code


def test_each_department_publishes_an_invented_phone_where_its_people_are_invented_and_none_elsewhere() -> (
    None
):
    phones = [phone for entry in DEPARTMENTS.values() for phone in entry.phones]
    assert len(set(phones)) == len(phones) == len(DEPARTMENTS)
    assert all(re.fullmatch(r"0572-0\d{6}", phone) for phone in phones), "nobody's number begins with 0 there"
    elsewhere = [one for _, one in first_commands(JURISDICTION) if isinstance(one, PublishDepartment)]
    assert len(elsewhere) == len(phones) and not any(one.phones for one in elsewhere)


def test_a_reply_that_names_its_departments_published_phone_keeps_it() -> None:
    (phone,) = DEPARTMENTS["housing"].phones
    published = frozenset(one.replace("-", "") for entry in DEPARTMENTS.values() for one in entry.phones)
    draft = DraftReply(
        assignment="A.1", round=1, outcome=Outcome.SOLVED, text=f"请拨打 {phone} 或 0572-2039817。"
    )
    kept, hidden = masked(draft, lambda: published)
    assert (kept.text, hidden) == (f"请拨打 {phone} 或 0572-****817。", 1)
    assert masked(draft)[1] == 2


def test_the_people_of_the_plain_path_are_there_and_the_office_has_clerks_enough() -> None:
    for account, (role, department) in PLAIN_PATH.items():
        assert (STAFF[account].roles, STAFF[account].department) == ((role,), department)
    roles = Counter(role for official in STAFF.values() for role in official.roles)
    assert roles[Role.OFFICE] >= 5
    assert roles[Role.CLERK] >= 3
    assert {*roles} == {*Role} - {Role.DEPARTMENT, Role.ENTREPRENEUR}


def test_every_invented_official_has_a_name_of_their_own_and_a_department_that_is_there() -> None:
    names = [official.name for official in STAFF.values()]
    assert len(names) == len(set(names))
    for account, official in STAFF.items():
        assert re.fullmatch(r"[a-z]+", account)
        assert re.fullmatch(r"[\u4e00-\u9fff]{2,4}", official.name)
        assert official.department in ("", *DEPARTMENTS)
        assert bool(official.department) == any(role in IN_DEPARTMENTS for role in official.roles)


def test_nobody_invented_has_the_name_of_somebody_whom_everybody_knows() -> None:
    assert not [name for name in (one.name for one in STAFF.values()) if known_to_everybody(name)]


def known_to_everybody(name: str) -> bool:
    """Whether people of public life bear this name."""
    return sha256(name.encode()).hexdigest()[:8] in KNOWN_TO_EVERYBODY


def test_staff_is_published_before_the_rules_and_after_the_departments_it_works_in() -> None:
    kinds = [type(one) for _, one in FIRST_START]
    assert kinds.index(PublishStaff) == len(DEPARTMENTS)
