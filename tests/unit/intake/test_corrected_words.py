"""The first words of an issue stay: corrected ones stand beside them, sealed alike, and the person confirms them."""

import pytest

from services.intake.issue.life import State
from services.intake.issue.wording import MOST_CORRECTIONS
from shared.contract.commands.intake import ConfirmWords, NewestWords
from shared.contract.events.intake import CorrectedWords, IssueAccepted, WordsConfirmed, WordsCorrected
from tests.contacts import SAID
from tests.unit.intake.given import ACCEPT, CORRECT, CORRECT_PLAIN, LI, OFFICE, RAISER, REJECT, Played
from tests.unit.intake.over_http import CLERK, WORDS, Intake
from tests.unit.intake.over_http import LI as PERSON
from tests.unit.one_aggregate import after

PHONE = SAID
CORRECTED = {"title": "停车难", "text": f"厂门口没有货车车位，请回电{PHONE}。"}
READ = NewestWords(version=2, title="停车难", text="厂门口没有货车车位")


async def test_before_acceptance_a_correction_stands_on_the_topics_sealed_alone() -> None:
    intake = await Intake().raised()
    answer = await intake.about("correct-words", CORRECTED, PERSON)
    assert answer.json() == {"status": "done", "state": "registered", "version": 2, "masked": 1}
    assert intake.issue.events[-1] == WordsCorrected(version=2)
    on_topics = [str(envelope) for envelope in intake.issue.envelopes.values()]
    assert not [raw for raw in (*on_topics, str(intake.asked)) if "货车" in raw or PHONE in raw]


@pytest.mark.parametrize("anonymous", [False, True])
async def test_who_may_read_it_is_shown_each_correction_beside_the_first_words(anonymous: bool) -> None:
    intake = await Intake().raised(WORDS.model_copy(update={"anonymous": anonymous}))
    await intake.about("correct-words", CORRECTED, PERSON)
    for reader in (PERSON, OFFICE, CLERK):
        shown = await intake.shown(reader)
        assert (shown["text"], [each["title"] for each in shown["corrected_words"]]) == (
            WORDS.text,
            ["停车难"],
        )
        assert PHONE not in shown["corrected_words"][0]["text"]
        as_said = shown.get("corrected_as_said")
        assert as_said == (None if reader == CLERK else [CORRECTED])


async def test_the_acceptance_carries_the_first_words_and_the_newest_correction() -> None:
    intake = await Intake().raised()
    for number, text in enumerate(("两个车位", "三个车位")):
        await intake.about("correct-words", {"title": "停车难", "text": text}, PERSON, str(number))
    assert (await intake.about("accept", {}, OFFICE)).json()["state"] == "accepted"
    newest = CorrectedWords(version=3, title="停车难", text="三个车位")
    assert intake.issue.events[-1] == IssueAccepted(
        title=WORDS.title, text=WORDS.text, corrected=newest, by="chen"
    )


async def test_once_it_was_taken_on_a_correction_stands_on_the_event_masked() -> None:
    intake = await Intake().raised()
    await intake.about("accept", {}, OFFICE)
    await intake.about("correct-words", CORRECTED, PERSON)
    corrected = intake.issue.events[-1]
    assert isinstance(corrected, WordsCorrected)
    assert (corrected.version, corrected.text[:9], PHONE in corrected.text) == (
        2,
        "厂门口没有货车车位",
        False,
    )


async def test_a_correction_that_is_sent_again_is_the_same_one_also_once_it_was_taken_on() -> None:
    intake = await Intake().raised()
    for _ in range(2):
        assert (await intake.about("correct-words", CORRECTED, PERSON)).json()["version"] == 2
    await intake.about("accept", {}, OFFICE)
    assert (await intake.about("correct-words", CORRECTED, PERSON)).json()["version"] == 2
    assert len(intake.issue.state.corrections) == 1


async def test_who_wrote_it_down_corrects_what_the_person_said_and_the_event_names_them() -> None:
    intake = await Intake().raised(who=CLERK)
    assert (await intake.about("correct-words", CORRECTED, CLERK)).status_code == 200
    assert intake.issue.events[-1] == WordsCorrected(version=2, by="zhao")
    for stranger in ("clerk:sun", "entrepreneur:wang"):
        refused = await intake.about("correct-words", CORRECTED, stranger)
        assert (refused.status_code, refused.json()["reason"]) == (403, "wrong_role")


async def test_what_an_appeal_says_is_sealed_and_read_by_its_raiser_and_the_office() -> None:
    intake = await Intake().raised()
    await intake.about("correct-words", CORRECTED, PERSON)
    intake.issue.ask(REJECT, after(hours=1), OFFICE)
    reason = {"reason": f"已撤诉，请回电{PHONE}"}
    assert (await intake.about("appeal", reason, PERSON)).json()["state"] == "appealed"
    assert "撤诉" not in str(intake.asked)
    for reader, reads in ((PERSON, True), (OFFICE, True), (CLERK, False)):
        shown = await intake.shown(reader)
        assert ("appeal" in shown) == reads
        if reads:
            assert shown["appeal"]["reason"].startswith("已撤诉") and PHONE not in shown["appeal"]["reason"]


async def test_what_was_erased_is_corrected_and_appealed_against_no_more() -> None:
    intake = await Intake().raised()
    await intake.erase(f"issue:{intake.id}")
    for verb, body in (("correct-words", CORRECTED), ("appeal", {"reason": "已撤诉"})):
        assert (await intake.about(verb, body, PERSON)).json()["reason"] == "words_erased"
    assert len(intake.asked) == 1


def test_only_the_person_confirms_the_words_and_only_the_newest() -> None:
    issue = Played().walk(State.REGISTERED)
    issue.want("correct_words")
    for actor in ("entrepreneur:wang", OFFICE):
        assert issue.ask(ConfirmWords(version=2), after(), actor)["reason"] == "wrong_role"
    assert issue.ask(ConfirmWords(version=1), after(), RAISER)["reason"] == "stale_words"
    assert issue.ask(ConfirmWords(version=2), after(), RAISER)["version"] == 2
    assert issue.events[-1] == WordsConfirmed(version=2, person=LI)
    assert issue.state.confirmed == 2


def test_who_takes_an_issue_on_has_read_its_newest_words() -> None:
    issue = Played().walk(State.REGISTERED)
    issue.want("correct_words")
    for wrong in (ACCEPT, ACCEPT.model_copy(update={"corrected": READ.model_copy(update={"version": 3})})):
        assert issue.ask(wrong, after(), OFFICE)["reason"] == "stale_words"
    assert issue.ask(ACCEPT.model_copy(update={"corrected": READ}), after(), OFFICE)["status"] == "done"


def test_a_correction_that_crossed_the_acceptance_is_sent_once_more() -> None:
    """Else it would stand on no topic, and the department would never read it."""
    issue = Played().walk(State.ACCEPTED)
    assert issue.ask(CORRECT, after(), RAISER)["reason"] == "stale_words"
    assert issue.ask(CORRECT_PLAIN, after(), RAISER)["status"] == "done"


def test_the_words_are_corrected_nine_times_at_most() -> None:
    issue = Played().walk(State.REGISTERED)
    for number in range(MOST_CORRECTIONS):
        words = CORRECT.words.model_copy(update={"words": f"sealed{number}"})
        assert (
            issue.ask(CORRECT.model_copy(update={"words": words}), after(), RAISER)["version"] == number + 2
        )
    outcome = issue.ask(CORRECT, after(), RAISER)
    assert (outcome["status"], outcome["reason"]) == ("refused", "illegal_move")
