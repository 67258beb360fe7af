"""Who asks about an issue stands on the topic under its own reference there, and a stranger under none of anybody's."""

from typing import Any

import pytest

from shared.domain.rights import Asker
from shared.identity.raisers import Raisers
from tests.keys import REFERENCES, caller
from tests.said import raiser

ISSUE = "7K3M9QXT2B4N6"
LI = REFERENCES.person("li")
LI_HERE, WANG_HERE = (raiser(account, ISSUE).partition(":")[2] for account in ("li", "wang"))


class One:
    """A service that knows one issue, which this person raised."""

    def __init__(self, person: str | None) -> None:
        self._person = person

    async def get(self, id: str) -> dict[str, Any] | None:
        return None if self._person is None else {"state": {"person": self._person}}


@pytest.mark.parametrize(
    ("person", "account", "reference"),
    [
        (LI, "li", LI),
        (LI_HERE, "li", LI_HERE),
        (LI, "wang", WANG_HERE),
        (LI_HERE, "wang", WANG_HERE),
        (None, "li", LI_HERE),
    ],
    ids=["named", "anonymous", "a stranger, named", "a stranger, anonymous", "not known here"],
)
async def test_the_reference_is_the_one_that_fits_else_of_this_issue_alone(
    person: str | None, account: str, reference: str
) -> None:
    service = One(person)
    raisers = Raisers(REFERENCES, service)
    asker, _ = await raisers.asking(ISSUE, Asker.of(raiser(account)), "key")
    reader = raisers.known(ISSUE, caller(f"entrepreneur:{account}"), await service.get(ISSUE))
    assert (asker.account, reader.person) == (reference, reference)


async def test_the_bearer_of_a_link_is_the_person_of_that_issue_though_it_is_anonymous() -> None:
    asker, _ = await Raisers(REFERENCES, One(LI_HERE)).asking(ISSUE, Asker.of(raiser("li", ISSUE)), "key")
    assert asker.account == LI_HERE


async def test_a_raisers_key_does_not_stand_on_the_topic_and_is_the_same_each_time() -> None:
    raisers, asker = Raisers(REFERENCES, One(LI)), Asker.of(raiser("li"))
    keys = [(await raisers.asking(issue, asker, "li-phone-1"))[1] for issue in (ISSUE, ISSUE, "another")]
    assert keys[0] == keys[1] != keys[2]
    assert "li" not in keys[0]


async def test_about_anything_but_an_issue_a_person_is_the_same_everywhere() -> None:
    raisers, asker = Raisers(REFERENCES, One(None)), Asker.of(raiser("li"))
    assert await raisers.asking(f"person:{LI}", asker, "k") == (asker, "k")
    assert raisers.known(f"person:{LI}", caller("entrepreneur:li"), None).person == LI


async def test_an_official_stands_there_by_account_and_key() -> None:
    raisers, official = Raisers(REFERENCES, One(LI)), Asker.of("office:chen")
    assert await raisers.asking(ISSUE, official, "k") == (official, "k")
    assert raisers.known(ISSUE, caller("office:chen"), None) == caller("office:chen")
