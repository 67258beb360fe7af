"""What becomes of issues in the town: each shape is a list of steps with the office minutes before each of them.

The last number of a shape says how long ago its last step was. A shape ends in the state that it is named after; what
time alone does (warnings, breaches, lapses) follows by itself when the history is played.
"""

from typing import NamedTuple

from services.cli.scenario.office_time import DAY_MINUTES
from shared.contract.words import Phase

DAY = DAY_MINUTES
Gap = tuple[int, int]
"""At least and at most so many office minutes."""


class Shape(NamedTuple):
    """One way an issue may go: (verb, minutes before it), and how long ago the last step was."""

    steps: tuple[tuple[str, Gap], ...]
    ago: Gap
    outcomes: str = "now"
    """Which replies fit: ``now`` what is done already, ``later`` what can only be promised, ``words`` explanations."""
    department: str = ""
    """Held by this one; empty: by whichever the topic is for."""
    raiser: str = ""
    """Raised by this entrepreneur; empty: by anybody."""
    own: bool = True
    """Raised by entrepreneurs themselves; an official never writes it down for them."""
    phase: Phase | None = None
    """Before, at or after a talk: the gaps then begin with its issue, and behind ``AT_THE_TALK`` with its end."""


_IN = (("register", (0, 0)), ("accept", (20, 180)))
_WAITING = (*_IN,)
_ASSIGNED = (*_IN, ("assign", (15, 240)))
_SIGNED = (*_ASSIGNED, ("sign", (20, 200)))
_NAMED = (*_ASSIGNED, ("name_handler", (10, 60)), ("sign", (15, 120)))
_CO_HANDLED = (
    *_IN,
    ("assign_with_another", (15, 240)),
    ("name_handler", (10, 60)),
    ("sign", (15, 120)),
)
_DRAFTED = (*_NAMED, ("draft", (DAY, 4 * DAY)))
_SIGNED_OFF = (*_DRAFTED, ("sign_off", (20, 240)))
_CHECKED = (*_SIGNED_OFF, ("check", (20, 200)))
_REPLIED = (*_CHECKED, ("release", (10, 90)))
_RATED = (*_REPLIED, ("rate_satisfied", (30, 4 * DAY)))
_REWORK_ASKED = (*_REPLIED, ("rate_dissatisfied", (60, 2 * DAY)))
_REWORK = (*_REWORK_ASKED, ("grant", (60, DAY)))
_SECOND = (
    *_REWORK,
    ("draft", (DAY, 2 * DAY)),
    ("sign_off", (20, 200)),
    ("check", (20, 120)),
    ("release", (10, 60)),
)
_LONG = (10 * DAY, 45 * DAY)
_MIDDLE = (2 * DAY, 45 * DAY)
_LATE_REPLY = tuple(
    ("draft", (10 * DAY, 13 * DAY)) if verb == "draft" else (verb, gap) for verb, gap in _RATED
)

SHAPES: dict[str, Shape] = {
    # what waits for somebody now
    "wu_replied": Shape(_REPLIED, (60, 2 * DAY), raiser="wu"),
    "wu_in_progress": Shape(_NAMED, (2 * DAY, 4 * DAY), raiser="wu"),
    "wu_rated": Shape(_RATED, _LONG, raiser="wu"),
    "registered": Shape(_IN[:1], (10, 250)),
    "material_asked": Shape((*_IN[:1], ("ask_material", (20, 200))), (60, DAY)),
    "registered_late": Shape(_IN[:1], (3 * DAY + 30, 4 * DAY)),
    "waiting": Shape(_WAITING, (15, 300)),
    "waiting_late": Shape(_WAITING, (3 * DAY, 4 * DAY)),
    "assigned": Shape(_ASSIGNED, (5, 120)),
    "assigned_late": Shape(_ASSIGNED, (DAY, 2 * DAY)),
    "assigned_housing": Shape(_ASSIGNED, (5, 100), department="housing"),
    "returned": Shape((*_SIGNED, ("return", (20, 200))), (20, 200), department="other"),
    "in_progress": Shape(_NAMED, (DAY, 6 * DAY)),
    "in_progress_housing": Shape(_NAMED, (DAY, 5 * DAY), department="housing"),
    "due_soon": Shape(_NAMED, (8 * DAY + 100, 9 * DAY)),
    "in_progress_late": Shape(_NAMED, (11 * DAY, 14 * DAY)),
    "in_progress_red": Shape(_NAMED, (19 * DAY, 20 * DAY)),
    "suspended": Shape((*_NAMED, ("ask_pause", (DAY, 3 * DAY)), ("grant_pause", (30, 200))), (60, 2 * DAY)),
    "pause_asked": Shape((*_NAMED, ("ask_pause", (DAY, 4 * DAY))), (10, 200)),
    "wu_questioned": Shape((*_NAMED, ("ask_enterprise", (DAY, 3 * DAY))), (60, DAY), raiser="wu"),
    "supplied": Shape(
        (*_NAMED, ("ask_enterprise", (DAY, 3 * DAY)), ("supply_material", (100, 2 * DAY))), (60, DAY)
    ),
    "extension_asked": Shape((*_NAMED, ("ask_extension", (2 * DAY, 5 * DAY))), (10, 300)),
    "extended": Shape(
        (*_NAMED, ("ask_extension", (2 * DAY, 5 * DAY)), ("grant_extension", (30, 200))), (60, 2 * DAY)
    ),
    "drafted": Shape(_DRAFTED, (20, 300)),
    "drafted_housing": Shape(_DRAFTED, (20, 300), department="housing"),
    "sent_back": Shape((*_SIGNED_OFF, ("send_back", (20, 120))), (30, 300)),
    "sent_back_housing": Shape((*_SIGNED_OFF, ("send_back", (20, 120))), (30, 300), department="housing"),
    "signed_off": Shape(_SIGNED_OFF, (15, 240)),
    "checked": Shape(_CHECKED, (10, 120)),
    "replied": Shape(_REPLIED, (60, 6 * DAY)),
    "replied_in_words": Shape(_REPLIED, (60, 6 * DAY), outcomes="words"),
    "rework_asked": Shape(_REWORK_ASKED, (30, 300)),
    "rework": Shape(_REWORK, (60, 2 * DAY)),
    "recalled": Shape((*_SIGNED, ("recall", (30, 200))), (15, 200), department="other"),
    "appealed": Shape((*_IN[:1], ("reject", (60, 400)), ("appeal", (200, 3 * DAY))), (60, DAY)),
    "tracked": Shape(_RATED, (5 * DAY, 25 * DAY), outcomes="later"),
    "co_handled": Shape(_CO_HANDLED, (DAY, 2 * DAY)),
    "co_handler_agrees": Shape((*_CO_HANDLED, ("agree", (200, DAY))), (60, 2 * DAY)),
    "co_handler_objects": Shape((*_CO_HANDLED, ("object", (200, DAY)), ("draft", (DAY, 2 * DAY))), (60, 300)),
    "promise_kept": Shape((*_RATED, ("find_kept", (10 * DAY, 15 * DAY))), (60, 5 * DAY), outcomes="later"),
    "promise_broken": Shape(
        (*_RATED, ("find_broken", (10 * DAY, 15 * DAY))), (60, 3 * DAY), outcomes="later"
    ),
    "looked_at_again": Shape(
        (*_RATED, ("look_again", (10 * DAY, 15 * DAY))), (DAY, 5 * DAY), outcomes="later"
    ),
    # what is over
    "closed": Shape(_RATED, _MIDDLE),
    "closed_in_words": Shape(_RATED, _MIDDLE, outcomes="words"),
    "closed_late": Shape(_LATE_REPLY, (2 * DAY, 35 * DAY)),
    "lapsed": Shape(_REPLIED, (14 * DAY, 45 * DAY)),
    "closed_after_rework": Shape((*_SECOND, ("rate_satisfied", (60, 3 * DAY))), (DAY, 30 * DAY)),
    "rework_refused": Shape((*_REWORK_ASKED, ("refuse", (60, DAY))), (DAY, 40 * DAY), outcomes="words"),
    "finished": Shape((*_RATED, ("finish", (10 * DAY, 20 * DAY))), (2 * DAY, 20 * DAY), outcomes="later"),
    "transferred": Shape(
        (
            *_SIGNED,
            ("return", (20, 200)),
            ("uphold", (60, 300)),
            ("sign", (20, 150)),
            *_RATED[5:],
        ),
        _MIDDLE,
        department="other",
    ),
    "kept": Shape(
        (*_SIGNED, ("return", (20, 200)), ("keep", (60, 300)), ("sign", (20, 150)), *_RATED[5:]), _MIDDLE
    ),
    "assigned_again": Shape(
        (
            *_ASSIGNED,
            ("recall", (30, 100)),
            ("assign", (20, 200)),
            ("sign", (20, 150)),
            *_RATED[5:],
        ),
        _MIDDLE,
        department="other",
    ),
    "corrected": Shape((*_REPLIED, ("correct", (60, 2 * DAY))), (DAY, 5 * DAY)),
    "words_corrected": Shape(
        (*_IN[:1], ("correct_words", (10, 60)), ("accept", (30, 200)), *_RATED[2:]), _MIDDLE
    ),
    "on_behalf": Shape((*_IN[:1], ("confirm_words", (30, 300)), *_RATED[1:]), _MIDDLE, own=False),
    "on_behalf_in_progress": Shape(_NAMED, (DAY, 5 * DAY), own=False),
    "rejected": Shape((*_IN[:1], ("reject", (60, 400))), (DAY, 40 * DAY)),
    "appeal_dismissed": Shape(
        (*_IN[:1], ("reject", (60, 400)), ("appeal", (200, 3 * DAY)), ("dismiss", (60, 2 * DAY))),
        (DAY, 40 * DAY),
    ),
    "appeal_upheld": Shape(
        (
            *_IN[:1],
            ("reject", (60, 400)),
            ("appeal", (200, 3 * DAY)),
            ("uphold_appeal", (60, DAY)),
            *_RATED[1:],
        ),
        (DAY, 35 * DAY),
    ),
    "referred": Shape((*_IN, ("refer", (60, 400)), ("receipt", (DAY, 3 * DAY))), (DAY, 40 * DAY)),
    "withdrawn": Shape((*_SIGNED, ("withdraw", (60, 2 * DAY))), (DAY, 45 * DAY)),
    "withdrawn_early": Shape((*_IN[:1], ("withdraw", (30, 200))), (DAY, 45 * DAY)),
    "withdrawn_by_call": Shape((*_IN, ("withdraw_by_call", (60, 400))), (DAY, 45 * DAY), own=False),
}

_SPOKEN = (("register", (0, 0)), ("accept", (2, 4)))
_ANSWERED = _RATED[5:]
_AFTERWARDS = (("assign", (40, 400)), ("name_handler", (10, 60)), ("sign", (15, 120)), *_ANSWERED)

TALK_SHAPES: dict[str, Shape] = {
    "brought": Shape((*_SPOKEN, *_AFTERWARDS), (0, 0), phase=Phase.BEFORE),
    "wu_brought": Shape((*_SPOKEN, *_AFTERWARDS), (0, 0), raiser="wu", phase=Phase.BEFORE),
    "said": Shape((*_SPOKEN, *_AFTERWARDS), (0, 0), own=False, phase=Phase.AT),
    "claimed": Shape((*_SPOKEN, ("claim", (2, 4)), *_ANSWERED), (0, 0), own=False, phase=Phase.AT),
    "answered_there": Shape(
        (*_SPOKEN, ("answer_on_the_spot", (2, 4)), ("check", (20, 200)), *_ANSWERED[3:]),
        (0, 0),
        outcomes="words",
        own=False,
        phase=Phase.AT,
    ),
    "added_after": Shape(
        (("register", (20, 90)), ("accept", (5, 30)), *_AFTERWARDS), (0, 0), own=False, phase=Phase.AFTER
    ),
}
"""What is raised for a talk, at it and after it, and how far it would go: today cuts it off."""

AT_THE_TALK = ("register", "accept", "claim", "answer_on_the_spot")

FIRST = (
    *("wu_replied", "registered", "waiting", "assigned_housing", "drafted_housing", "in_progress_housing"),
    *("returned", "signed_off", "checked", "in_progress_late", "closed", "wu_in_progress"),
    *("rework_asked", "tracked", "appealed", "rejected", "referred", "withdrawn", "replied", "rework"),
    *("wu_rated", "sent_back_housing", "assigned", "drafted", "in_progress", "lapsed", "recalled"),
    *("closed_after_rework", "rework_refused", "finished", "transferred", "kept", "assigned_again"),
    *("corrected", "words_corrected", "on_behalf", "on_behalf_in_progress", "appeal_dismissed"),
    *("appeal_upheld", "withdrawn_early", "withdrawn_by_call", "registered_late", "waiting_late"),
    *("assigned_late", "closed_late", "closed_in_words", "replied_in_words", "sent_back"),
    *("registered", "registered", "waiting", "waiting", "assigned", "assigned", "assigned_housing"),
    *("drafted", "drafted", "drafted_housing", "in_progress_housing", "returned", "signed_off", "signed_off"),
    *(
        "checked",
        "due_soon",
        "due_soon",
        "in_progress_late",
        "in_progress_red",
        "replied",
        "replied",
        "rework_asked",
    ),
    *("suspended", "pause_asked", "extension_asked", "extended", "wu_questioned", "supplied"),
    "material_asked",
    *("co_handled", "co_handler_agrees", "co_handler_objects"),
    *("promise_kept", "promise_broken", "looked_at_again"),
)
"""Each shape once, in the order in which a smaller town has them, and then again what people have several of."""

REST = {
    "closed": 48,
    "closed_in_words": 12,
    "closed_late": 9,
    "lapsed": 9,
    "on_behalf": 8,
    "in_progress": 10,
    "replied": 4,
    "closed_after_rework": 4,
    "transferred": 4,
    "rejected": 3,
    "withdrawn": 3,
    "referred": 2,
    "on_behalf_in_progress": 3,
    "tracked": 3,
    "words_corrected": 2,
    "kept": 2,
    "withdrawn_early": 2,
}
"""By what weight all others are chosen."""
