"""The office asks other departments for their opinion in the step in which it assigns an issue."""

import pytest

from tests.portal.given import Given
from tests.portal.office_given import OFFICE, PATH, TRIAGE, clerk, directory, raised, sent, suggests


@pytest.fixture(autouse=True)
def _known(given: Given) -> None:
    directory(given)


async def test_others_are_asked_for_their_opinion_in_the_same_step(given: Given) -> None:
    raised(given)
    suggests(given, "urban_management")
    browser = clerk(given)
    await browser.open(TRIAGE)
    asked = {"opinion-housing": "1", "opinion-planning": "1", "wanted": "能否共用管沟"}
    await browser.send(f"{OFFICE}/accept", do="accept_and_assign", **asked)
    await sent(given)
    [body] = given.asked.bodies(f"{PATH}/assign")
    assert body == {
        "department": "urban_management",
        "co_handlers": ["housing", "planning"],
        "wanted": "能否共用管沟",
    }


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"opinion-housing": "1"}, "请写明就什么征求意见"),
        ({"wanted": "能否共用管沟"}, "请选择协办部门"),
        ({"opinion-urban_management": "1", "wanted": "能否共用管沟"}, "不再另行提出意见"),
        ({"opinion-housing": "1", "wanted": "长" * 2001}, "最多 2000 个字"),
    ],
)
async def test_what_is_wrong_about_them_is_said_and_nothing_is_sent_or_lost(
    typed: dict[str, str], said: str, given: Given
) -> None:
    raised(given)
    suggests(given, "urban_management")
    browser = clerk(given)
    await browser.open(TRIAGE)
    answer = await browser.send(f"{OFFICE}/accept", do="accept_and_assign", **typed)
    assert answer.status_code == 422 and said in browser.text
    assert typed.get("wanted", "") in browser.page.text
    await sent(given)
    assert not given.asked.bodies(f"{PATH}/assign")
