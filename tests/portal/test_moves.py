"""Where the portal takes an issue to stand is where its owners have it: what it offers is what they would take."""

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from services.portal.moves import standing
from services.portal.projection.batch import Applier
from services.portal.projection.database import create
from shared.bus.records import Outgoing
from shared.contract.subjects import kind_of
from tests.contract.scripted import BEGINS, play
from tests.contract.world import World
from tests.portal.projection.given import JURISDICTION, projected

OWNERS = ("intake", "dispatch", "feedback")


class Watched(World):
    """After each thing that happens, what the projection says of the issues it moved is compared with the documents of
    their owners, as long as all of these have read everything.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        super().__init__(BEGINS)
        database.row_factory = sqlite3.Row
        self._database, self._applier = database, Applier(database, JURISDICTION)
        self._shown: Counter[str] = Counter()
        self.apart: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.stood: set[tuple[str, str]] = set()

    def _let_happen(self, *outgoing: Outgoing) -> dict[str, Any]:
        answers = super()._let_happen(*outgoing)
        new = [record for topic, log in self.log.items() for record in log[self._shown[topic] :]]
        self._shown.update({topic: len(log) - self._shown[topic] for topic, log in self.log.items()})
        for subject in self._applier.apply(projected(new)).subjects:
            if kind_of(subject) == "issue" and not self._paused:
                self._compare(subject)
        return answers

    def _compare(self, subject: str) -> None:
        row = self._database.execute("SELECT * FROM issue WHERE id = ?", (subject,)).fetchone()
        states = {name: self.stores[name].documents[subject]["state"]["state"] for name in OWNERS}
        self.stood |= set(states.items())
        if standing(row) != states:
            self.apart.append((subject, standing(row), states))


def test_an_issue_stands_in_the_portal_where_its_owners_have_it(tmp_path: Path) -> None:
    world = Watched(create(tmp_path / "projection.db"))
    play(world)
    assert not world.apart
    assert len(world.stood) > 25, sorted(world.stood)
