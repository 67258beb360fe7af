"""What is said of one issue: the topic's words with the details that vary, the reply, and why things are done."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from services.cli.scenario.people import Firm
from services.cli.scenario.vocabulary import Topic, departments, words
from shared.contract.words import Kind, Outcome
from shared.domain.clocks import SHANGHAI

OUTCOMES: dict[tuple[str, Kind], tuple[Outcome, ...]] = {
    ("now", Kind.PROBLEM): (Outcome.SOLVED,),
    ("now", Kind.SUGGESTION): (Outcome.ADOPTED,),
    ("later", Kind.PROBLEM): (Outcome.PLANNED, Outcome.NOT_POSSIBLE_NOW),
    ("words", Kind.PROBLEM): (Outcome.EXPLAINED, Outcome.PARTLY_SOLVED),
    ("words", Kind.SUGGESTION): (Outcome.PARTLY_ADOPTED, Outcome.KEPT_FOR_REFERENCE, Outcome.NOT_ADOPTED),
}
"""Which outcomes a shape's replies have; what can only be promised is no suggestion."""


class Saying:
    """The words of one issue, all with the same details."""

    def __init__(self, topic: Topic, firm: Firm, at: datetime, dice: Random) -> None:
        """``at``: when it is raised; the days it speaks of lie before."""
        self.topic, self._dice = topic, dice
        trade: dict[str, Any] = words()["trades"][firm.trade]
        before = at.astimezone(SHANGHAI).date() - timedelta(days=dice.randint(1, 9))
        self._details = {
            "park": firm.park,
            "road": firm.road,
            "port": firm.port,
            "district": firm.district,
            "product": dice.choice(trade["products"]),
            "machine": dice.choice(trade["machines"]),
            "n": str(dice.randint(2, 6)),
            "m": str(dice.randint(11, 68)),
            "k": str(dice.randint(12, 95) * 10),
            "height": f"{dice.randint(26, 34) / 10}",
            "hour": dice.choice(("晚上九点", "晚上十点", "夜里十一点")),
            "fee": f"{dice.randint(3, 48) / 10}万元",
            "money": f"{dice.randint(8, 96)}万元",
            "loan": f"{dice.randint(10, 80) * 10}万元",
            "day": _day(before),
        }
        self.title = self.fill(topic.title)
        self.text = "".join(
            self.fill(part) for part in (self._one("openings"), topic.text, self._one("closings"))
        )

    def fill(self, text: str, **more: str) -> str:
        """A text with its details."""
        return text.format(**self._details, **more)

    def titles(self) -> Iterator[str]:
        """Its title, and how it is told apart where others have that already: by where it is, and of whose product."""
        yield self.title
        yield self.fill(f"{self.title}（{{park}}{{road}}）")
        yield self.fill(f"{self.title}（{{park}}{{road}}，{{product}}）")
        for number in count(2):
            yield self.fill(f"{self.title}（{{park}}，第{number}家）")

    def reply(self, wanted: str, at: datetime, again: bool) -> tuple[Outcome, str, date | None]:
        """(outcome, words, promised date) of a reply that is drafted then; ``again``: in a later round."""
        outcome = self._dice.choice(OUTCOMES[(wanted, self.topic.kind)])
        day = at.astimezone(SHANGHAI).date()
        later = day + timedelta(days=self._dice.randint(45, 85))
        more = {
            "soon": _day(day - timedelta(days=self._dice.randint(0, 1))),
            "later": f"{later.month}月底",
            "duty": self._dice.choice(departments()[self.topic.department].duties),
        }
        body = self._body(outcome, more)
        if again:
            body = self.fill(self._dice.choice(words()["replies"]["again"]), reply=body)
        parts = (self._dice.choice(words()["replies"][place]) for place in ("opening", "closing"))
        opening, closing = parts
        return outcome, f"{opening}{body}{closing}", later if outcome is Outcome.PLANNED else None

    def why(self, purpose: str, **more: str) -> str:
        """A reason for what is done."""
        return self.fill(self._dice.choice(words()["reasons"][purpose]), **more)

    def _body(self, outcome: Outcome, more: dict[str, str]) -> str:
        if outcome in (Outcome.SOLVED, Outcome.ADOPTED):
            return self.fill(self.topic.reply, **more)
        if outcome is Outcome.PLANNED and self.topic.plan:
            return self.fill(self.topic.plan, **more)
        said: Sequence[str] = words()["replies"][outcome.value]
        return self.fill(self._dice.choice(said), **more)

    def _one(self, purpose: str) -> str:
        found: str = self._dice.choice(words()[purpose])
        return found


def _day(on: date) -> str:
    return f"{on.month}月{on.day}日"
