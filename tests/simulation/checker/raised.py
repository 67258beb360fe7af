"""The words of an issue stand on topics from its acceptance on, as they were said; only its raiser speaks for it.

Written down here a second time on purpose: from docs/loop.md and docs/security.md, not from the services' code.
"""

from collections.abc import Iterator

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Event, Evidence, Said, kind_of

WITH_WORDS = ("intake.accept", "issue.accepted", "order.assigned", "order.co_handle")
"""Where the words stand: on the acceptance, asked and done, and on the orders to departments."""
SPOKEN = ("reply.rated", "issue.appealed", "words.confirmed")
"""What only its raiser does."""
RECORDED = ("issue.withdrawn", "words.corrected")
"""What an official may write down for them, and is named then."""
CARRIERS = ("record.redeliver",)
"""What hands another record in again, whole."""


def check_raised(evidence: Evidence) -> Iterator[Violation]:
    """Every record about an issue of which is known who raised it and what was said."""
    said = evidence.history.said
    for opened in evidence.opened:
        event = opened.event
        if event is None or event["subject"] not in said:
            continue
        yield from _words(event, said[event["subject"]], opened.place, (opened.record.value or b"").decode())
    for service in ("intake", "feedback"):
        for subject, events in evidence.events_by(service).items():
            for event in events if subject in said else ():
                yield from _speaker(evidence, event, said[subject])


def _words(event: Event, said: Said, place: str, raw: str) -> Iterator[Violation]:
    kind, where = kind_of(event), f"{event['subject']}: {event['id']} at {place}"
    if kind in WITH_WORDS:
        if (event["data"].get("title"), event["data"].get("text")) != (said.title, said.text):
            yield Clause.WORDS_SAME(f"{where} ({kind}) says something else than its raiser")
    elif kind not in CARRIERS and (said.title in raw or said.text in raw):
        yield Clause.WORDS_SEALED(f"{where} ({kind}) says what nobody but intake may read yet")


def _speaker(evidence: Evidence, event: Event, said: Said) -> Iterator[Violation]:
    kind, where = kind_of(event), f"{event['subject']}: {event['id']}"
    if kind == "issue.registered" and event["data"].get("person") != said.person.partition(":")[2]:
        yield Clause.RAISED_BY(f"{where} names {event['data'].get('person')} instead of {said.person}")
    own = kind in SPOKEN or (kind in RECORDED and not event["data"].get("by"))
    if own:
        cause = evidence.by_id.get(event.get("cause", ""))
        actor = said.person if cause is None or cause.event is None else cause.event.get("actor", said.person)
        if actor != said.person:
            yield Clause.RAISER_ONLY(f"{where} ({kind}) was asked by {actor}, it was raised by {said.person}")
