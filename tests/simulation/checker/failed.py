"""What must have become of the commands that a service set aside, by the commands of operators on its topic."""

import hashlib
import json
from collections import defaultdict

from tests.simulation.checker.history import (
    DISCARD,
    KEEPS,
    MOST_KEPT_BYTES,
    REDELIVER,
    Evidence,
    Opened,
    aggregate_of,
)


class Commands:
    """What must have become of the commands that a service set aside: failed, discarded, or decided on after all."""

    def __init__(self, evidence: Evidence) -> None:
        self.after: dict[tuple[str, str, str], str] = {}
        """(service, subject, id) -> ``failed``, ``discarded`` or ``decided``, for those that failed once."""
        self.failures: dict[tuple[str, str, str], int] = defaultdict(int)
        """How many dead letters were made of it."""
        self.handed_in: dict[tuple[str, str, str], int] = defaultdict(int)
        for opened in evidence.opened:
            topic = opened.record.topic
            if topic.endswith(".commands"):
                service = topic.partition(".")[0]
                aside = opened.place in evidence.dead_letters.get(service, {})
                self._take(service, opened, aside, opened.place in evidence.answered)

    def _take(self, service: str, opened: Opened, aside: bool, answered: bool) -> None:
        """``answered``: a copy of this command failed before, so this one does nothing."""
        event = opened.event
        if event is not None and event["type"] == DISCARD:
            name = (service, event["subject"], event["data"]["command"])
            if self.after.get(name) == "failed" and not (aside or answered):
                self.after[name] = "discarded"
            return
        if event is not None and event["type"] == REDELIVER:
            if event["data"]["topic"] != opened.record.topic:
                return  # an event
            value, subject = event["data"]["value"].encode(), event["subject"]
        else:
            value, subject = opened.record.value or b"", (opened.record.key or b"").decode("utf-8", "replace")
            if opened.record.sha256 not in (None, hashlib.sha256(value).hexdigest()):
                return  # changed on its way: nobody knows what it was
        id = _id_of(value, subject)
        if not id or aggregate_of(subject) not in KEEPS[service] or len(value) > MOST_KEPT_BYTES:
            return
        name = (service, subject, id)
        again = event is not None and event["type"] == REDELIVER and not answered
        self.handed_in[name] += again
        self.failures[name] += aside
        if aside and name not in self.after:
            self.after[name] = "failed"
        elif again and not aside and self.after.get(name) == "failed":
            self.after[name] = "decided"


def _id_of(value: bytes, subject: str) -> str:
    """The id of a command about this subject, whatever else is wrong with it."""
    try:
        envelope = json.loads(value)
        return str(envelope["id"]) if envelope["subject"] == subject else ""
    except (ValueError, KeyError, TypeError):
        return ""
