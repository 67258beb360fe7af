"""What each step of a shape asks, and of whom: one function for each verb."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from services.cli.scenario.saying import Saying
from services.cli.scenario.script import Script
from services.cli.scenario.shapes import Shape
from services.cli.scenario.vocabulary import departments, words
from services.supervision.builtin import builtin_calendar, builtin_policy
from shared.contract.words import (
    Body,
    Confirmation,
    Finding,
    Kind,
    PauseGround,
    Phase,
    RejectionGround,
    Role,
    Satisfaction,
    Solved,
    Source,
)
from shared.domain.clocks import SHANGHAI, due_at

OFFICE = ("chen", "wang", "xiaoyun", "duanrong", "maojun")
LEADER = f"{Role.LEADER}:qian"
SUPERVISOR = f"{Role.SUPERVISOR}:zhao"


@dataclass
class Scene:
    """One issue while it is written: its script, its words, and who has it."""

    script: Script
    saying: Saying
    shape: Shape
    dice: Random
    wrong: str
    """A department that is given it by mistake; empty where nobody errs."""
    origin: Source
    which: int = 0
    """Which of the department's handlers."""
    another: str = ""
    """The department whose opinion is asked for."""
    talk: str = ""
    """The talk that it came from, where that is known."""
    talk_on: str = ""
    phase: Phase = Phase.AT

    @property
    def right(self) -> str:
        """The department whose matter it is."""
        return self.saying.topic.department

    def name_of(self, code: str) -> str:
        """A department as people call it."""
        return departments()[code].name_zh

    def handler(self) -> str:
        """Who handles it, as an actor."""
        return self.script.of_department(Role.HANDLER, self.which)

    def leader(self) -> str:
        """Who signs for its department, as an actor."""
        return self.script.of_department(Role.DEPARTMENT_LEADER)

    def officer(self, which: int = 0) -> str:
        """An account of the office: another one for another number."""
        return OFFICE[(self.which + which) % len(OFFICE)]

    def office(self, which: int = 0) -> str:
        """The same as an actor."""
        return f"{Role.OFFICE}:{self.officer(which)}"

    def why(self, purpose: str) -> str:
        """A reason, which may name the department whose matter it is."""
        return self.saying.why(purpose, other=self.name_of(self.right))


def register(scene: Scene, at: datetime) -> None:
    said: dict[str, Any] = {"title": scene.saying.title, "text": scene.saying.text}
    if scene.saying.topic.kind is not Kind.PROBLEM:
        said["kind"] = scene.saying.topic.kind.value
    if scene.dice.random() < 0.06:
        said["urgent"] = True
    if scene.origin is not Source.ONLINE:
        said |= {"origin": scene.origin.value, **_occasion(scene, at)}
    scene.script.register(at, said)


def _occasion(scene: Scene, at: datetime) -> dict[str, Any]:
    """What an official says of how the issue came, as its source asks."""
    on = at.astimezone(SHANGHAI).date().isoformat()
    match scene.origin:
        case Source.HOTLINE:
            return {"occasion": {"called_from": scene.script.firm.phone}}
        case Source.WRITTEN:
            return {"occasion": {"on": on}}
        case Source.VISIT:
            return {"occasion": {"on": on, "visited_by": "shen"}}
        case Source.TALK:
            known = {"id": scene.talk, "on": scene.talk_on} if scene.talk else {"on": on}
            return {"occasion": known, "phase": scene.phase.value}
    return {}


def accept(scene: Scene, at: datetime) -> None:
    """Of a talk by the clerk who has written it down."""
    scene.script.ask("intake.accept", (scene.talk and scene.script.recorder) or scene.office(), at)


def ask_material(scene: Scene, at: datetime) -> None:
    scene.script.ask("intake.ask_material", scene.office(), at, words=scene.why("ask_enterprise"))


def reject(scene: Scene, at: datetime) -> None:
    ground = scene.dice.choice(tuple(RejectionGround))
    explanation = words()["reasons"]["reject"][ground.value]
    scene.script.ask("intake.reject", scene.office(), at, ground=ground.value, explanation=explanation)


def appeal(scene: Scene, at: datetime) -> None:
    scene.script.ask("intake.appeal", scene.script.raiser, at, reason=scene.why("appeal"))


def uphold_appeal(scene: Scene, at: datetime) -> None:
    _decide_appeal(scene, at, upheld=True)


def dismiss(scene: Scene, at: datetime) -> None:
    _decide_appeal(scene, at, upheld=False)


def _decide_appeal(scene: Scene, at: datetime, *, upheld: bool) -> None:
    """By somebody else than who rejected it."""
    reason = scene.why("uphold_appeal" if upheld else "dismiss_appeal")
    scene.script.ask("intake.decide_appeal", scene.office(1), at, upheld=upheld, reason=reason)


def refer(scene: Scene, at: datetime) -> None:
    body, addressee, reason = scene.dice.choice(words()["reasons"]["refer"])
    said = {"body": Body(body).value, "addressee": scene.saying.fill(addressee), "reason": reason}
    scene.script.ask("intake.refer", scene.office(), at, **said)


def receipt(scene: Scene, at: datetime) -> None:
    number = f"〔{at.year}〕{scene.dice.randint(11, 320)}号"
    on = at.astimezone(SHANGHAI).date().isoformat()
    scene.script.ask("intake.record_receipt", scene.office(), at, number=number, on=on)


def withdraw(scene: Scene, at: datetime) -> None:
    scene.script.ask("intake.withdraw", scene.script.raiser, at, reason=scene.why("withdraw"))


def withdraw_by_call(scene: Scene, at: datetime) -> None:
    """The office writes down what the person confirmed on the phone."""
    confirmed = {"confirmed_by": Confirmation.CALL.value, "called_by": scene.officer()}
    confirmed_at = (at - timedelta(minutes=9)).isoformat()
    reason = scene.why("withdraw")
    scene.script.ask(
        "intake.withdraw", scene.office(), at, reason=reason, **confirmed, confirmed_at=confirmed_at
    )


def correct_words(scene: Scene, at: datetime) -> None:
    added = f"{scene.saying.text}{scene.why('planned_words')}"
    said = {"title": scene.saying.title, "text": added}
    scene.script.ask("intake.correct_words", scene.script.raiser, at, **said)


def confirm_words(scene: Scene, at: datetime) -> None:
    scene.script.ask("intake.confirm_words", scene.script.raiser, at, version=1)


def assign(scene: Scene, at: datetime) -> None:
    """To the wrong department first, where somebody errs."""
    first = scene.wrong if scene.wrong and not scene.script.assignments else scene.right
    words_of_it = () if first == scene.wrong else (scene.saying.title, scene.saying.text)
    scene.script.assign(at, scene.officer(), first, *words_of_it)


def assign_with_another(scene: Scene, at: datetime) -> None:
    """And another department is asked for its opinion in the same step."""
    others = [code for code in departments() if code not in (scene.right, "office")]
    scene.another = scene.dice.choice(others)
    asked: dict[str, Any] = {"co_handlers": [scene.another], "wanted": scene.why("opinion_wanted")}
    title, text = scene.saying.title, scene.saying.text
    scene.script.assign(at, scene.officer(), scene.right, title, text, **asked)


def agree(scene: Scene, at: datetime) -> None:
    _opinion(scene, at, agrees=True)


def object_to_it(scene: Scene, at: datetime) -> None:
    _opinion(scene, at, agrees=False)


def _opinion(scene: Scene, at: datetime, *, agrees: bool) -> None:
    """What a handler of the other department says."""
    people = departments()[scene.another].handlers
    actor = f"{Role.HANDLER}:{scene.another}/{people[scene.which % len(people)]}"
    words_of_it = scene.why("agree" if agrees else "object")
    said = {"assignment": f"{scene.script.subject}.c1", "agrees": agrees, "words": words_of_it}
    scene.script.ask("dispatch.give_opinion", actor, at, **said)


def claim(scene: Scene, at: datetime) -> None:
    scene.script.claim(at, scene.right, scene.which)


def answer_on_the_spot(scene: Scene, at: datetime) -> None:
    outcome, text, _ = scene.saying.reply(scene.shape.outcomes, at, False)
    scene.script.answer_there(at, scene.right, outcome, text)


def name_handler(scene: Scene, at: datetime) -> None:
    account = scene.handler().rpartition("/")[2]
    scene.script.ask("dispatch.name_handler", scene.leader(), at, **scene.script.held, handler=account)


def sign(scene: Scene, at: datetime) -> None:
    scene.script.ask("dispatch.sign", scene.handler(), at, **scene.script.held)


def give_back(scene: Scene, at: datetime) -> None:
    said = {**scene.script.held, "reason": scene.why("return")}
    scene.script.ask("dispatch.return", scene.handler(), at, **said)


def uphold(scene: Scene, at: datetime) -> None:
    scene.script.rule(at, scene.officer(), True, scene.right, scene.why("uphold"))


def keep(scene: Scene, at: datetime) -> None:
    scene.script.rule(at, scene.officer(), False, "", scene.why("keep"))


def recall(scene: Scene, at: datetime) -> None:
    said = {**scene.script.held, "reason": scene.why("recall")}
    scene.script.ask("dispatch.recall", scene.office(), at, **said)


def draft(scene: Scene, at: datetime) -> None:
    again = scene.script.round > 1
    outcome, text, on = scene.saying.reply(scene.shape.outcomes, at, again)
    scene.script.draft(at, scene.handler(), outcome, text, on)


def ask_extension(scene: Scene, at: datetime) -> None:
    """Three working days more than the promise has, of which the first step of an issue is the beginning."""
    calendar = builtin_calendar()
    due = due_at(scene.script.steps[0].at, builtin_policy().limits["promise"], builtin_policy(), calendar).at
    until = calendar.working_day(calendar.working_days_through(due.astimezone(SHANGHAI).date()) + 3)
    said = {**scene.script.held, "until": until.isoformat(), "reason": scene.why("ask_extension")}
    scene.script.ask("dispatch.ask_extension", scene.handler(), at, **said)


def grant_extension(scene: Scene, at: datetime) -> None:
    scene.script.ask("dispatch.grant_extension", scene.office(2), at, **scene.script.held, request=1)


def ask_pause(scene: Scene, at: datetime) -> None:
    said = {"ground": PauseGround.WAITING.value, "reason": scene.why("ask_pause")}
    scene.script.ask("dispatch.ask_pause", scene.handler(), at, **scene.script.held, **said)


def grant_pause(scene: Scene, at: datetime) -> None:
    scene.script.ask("dispatch.grant_pause", scene.office(2), at, **scene.script.held, request=1)


def ask_enterprise(scene: Scene, at: datetime) -> None:
    said = {**scene.script.held, "words": scene.why("ask_enterprise")}
    scene.script.ask("dispatch.ask_enterprise", scene.handler(), at, **said)


def supply_material(scene: Scene, at: datetime) -> None:
    said = {"request": 1, "text": scene.why("supply_material")}
    scene.script.ask("intake.supply_material", scene.script.raiser, at, **said)


def sign_off(scene: Scene, at: datetime) -> None:
    scene.script.ask("dispatch.sign_off", scene.leader(), at, **scene.script.read)


def check(scene: Scene, at: datetime) -> None:
    scene.script.ask("dispatch.check", scene.office(1), at, **scene.script.read)


def release(scene: Scene, at: datetime) -> None:
    scene.script.ask("dispatch.release", scene.office(2), at, **scene.script.read)


def send_back(scene: Scene, at: datetime) -> None:
    said = {**scene.script.read, "reason": scene.why("send_back")}
    scene.script.ask("dispatch.send_back", scene.office(1), at, **said)


def correct(scene: Scene, at: datetime) -> None:
    """The reply that is out gets a corrected version beside it."""
    assert scene.script.answer is not None, "a reply is out"
    text = words()["replies"]["corrected"][0].format(text=scene.script.answer[1])
    scene.script.correct(at, scene.officer(3), text, scene.why("correct"))


def rate_satisfied(scene: Scene, at: datetime) -> None:
    """Or at least basically so: what is done can be better."""
    full = scene.dice.random() < 0.72
    satisfaction = Satisfaction.SATISFIED if full else Satisfaction.BASICALLY_SATISFIED
    reason = scene.why("satisfied" if full else "basically")
    rate(scene, at, satisfaction, Solved.YES if full else Solved.PARTLY, reason)


def rate_dissatisfied(scene: Scene, at: datetime) -> None:
    rate(scene, at, Satisfaction.DISSATISFIED, Solved.NO, scene.why("dissatisfied"))


def rate(scene: Scene, at: datetime, satisfaction: Satisfaction, solved: Solved, reason: str) -> None:
    """The newest reply, by who raised it."""
    said = {"round": scene.script.round, "satisfaction": satisfaction.value, "solved": solved.value}
    scene.script.ask("feedback.rate", scene.script.raiser, at, **said, reason=reason)


def grant(scene: Scene, at: datetime) -> None:
    said = {"round": scene.script.round, "granted": True, "reason": scene.why("grant")}
    scene.script.ask("feedback.decide_rework", scene.office(), at, **said)
    scene.script.round += 1
    scene.script.version = 1


def refuse(scene: Scene, at: datetime) -> None:
    said = {"round": scene.script.round, "granted": False, "reason": scene.why("refuse")}
    scene.script.ask("feedback.decide_rework", scene.office(), at, **said)


def find_kept(scene: Scene, at: datetime) -> None:
    _look_back(scene, at, Finding.KEPT)
    scene.script.round += 1


def find_broken(scene: Scene, at: datetime) -> None:
    _look_back(scene, at, Finding.BROKEN)


def look_again(scene: Scene, at: datetime) -> None:
    """Not yet: on a day in about a month they look again."""
    next_on = at.astimezone(SHANGHAI).date() + timedelta(days=scene.dice.randint(25, 40))
    _look_back(scene, at, Finding.NOT_YET, next_on=next_on.isoformat())


def _look_back(scene: Scene, at: datetime, finding: Finding, **more: str) -> None:
    said = {"round": scene.script.round, "finding": finding.value, "words": scene.why(f"found_{finding}")}
    scene.script.ask("supervision.record_look_back", SUPERVISOR, at, **said, **more)


def finish(scene: Scene, at: datetime) -> None:
    scene.script.ask("feedback.finish_tracking", LEADER, at, reason=scene.why("finish"))


VERBS: Mapping[str, Callable[[Scene, datetime], None]] = {
    "register": register,
    "accept": accept,
    "ask_material": ask_material,
    "reject": reject,
    "appeal": appeal,
    "dismiss": dismiss,
    "uphold_appeal": uphold_appeal,
    "refer": refer,
    "receipt": receipt,
    "withdraw": withdraw,
    "withdraw_by_call": withdraw_by_call,
    "correct_words": correct_words,
    "confirm_words": confirm_words,
    "assign": assign,
    "claim": claim,
    "answer_on_the_spot": answer_on_the_spot,
    "assign_with_another": assign_with_another,
    "agree": agree,
    "object": object_to_it,
    "name_handler": name_handler,
    "sign": sign,
    "return": give_back,
    "uphold": uphold,
    "keep": keep,
    "recall": recall,
    "ask_extension": ask_extension,
    "grant_extension": grant_extension,
    "ask_pause": ask_pause,
    "grant_pause": grant_pause,
    "ask_enterprise": ask_enterprise,
    "supply_material": supply_material,
    "draft": draft,
    "sign_off": sign_off,
    "check": check,
    "release": release,
    "send_back": send_back,
    "correct": correct,
    "rate_satisfied": rate_satisfied,
    "rate_dissatisfied": rate_dissatisfied,
    "grant": grant,
    "refuse": refuse,
    "find_kept": find_kept,
    "find_broken": find_broken,
    "look_again": look_again,
    "finish": finish,
}
"""How each step of a shape is asked."""
RAISERS = frozenset(
    (
        "register",
        "appeal",
        "withdraw",
        "correct_words",
        "confirm_words",
        "supply_material",
        "rate_satisfied",
        "rate_dissatisfied",
    )
)
"""What entrepreneurs do, at any hour."""
