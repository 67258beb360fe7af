"""THE CONTRACT: every event, its type string, its topic, and when it happens.

A class is declared as ``class IssueRegistered(Event, type="issue.registered.v1", topic="intake.events")``.
Type strings are written out, never derived from the class. ``topic`` is without the namespace's prefix;
``dept.<code>.orders`` stands for one topic a department. Readers of our own topics ignore unknown fields
and count unknown types; a changed meaning is a new version beside the old one (docs/events.md).

The subject, hence the issue's, talk's or cluster's own id, stands in the envelope and is not repeated here.
``by``, ``head``, ``leader`` and the like hold a principal (the id of a sign-in) and ``person`` a reference:
names and phone numbers never go on ``*.events``; they are looked up by right, and every look is logged.
"""

# One import for all readers; the files beside this one hold a topic's events each, in the order of a life.
# ruff: noqa: F403
from shared.events.base import *
from shared.events.directives import *
from shared.events.dispatch import *
from shared.events.feedback import *
from shared.events.intake import *
from shared.events.matters import *
from shared.events.orders import *
from shared.events.replies import *
from shared.events.supervision import *
from shared.events.words import *
