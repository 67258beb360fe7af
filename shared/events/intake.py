"""What intake tells: issues up to acceptance, clusters, talks, deliberations, who and where from, common issues."""

from datetime import date

from pydantic import AwareDatetime

from shared.events.base import INTAKE, Event
from shared.events.words import Attachment, Body, Kind, Level, RejectionGround, Source, Suggestion


class IssueRegistered(Event, type="issue.registered.v1", topic=INTAKE):
    """Happens when an entrepreneur's words are written down; they are frozen from here on."""

    number: str
    kind: Kind = Kind.PROBLEM
    origin: Source = Source.ONLINE
    title: str
    text: str
    enterprise: str = ""
    anonymous: bool = False
    pseudonym: str = ""
    raiser: str = ""
    """Who raised it, as a pseudonym of this issue alone: only the same one may rate (loop.md, feedback)."""


class PromiseStarted(Event, type="promise.started.v1", topic=INTAKE):
    """Happens right after registration: the date the entrepreneur was told, and the rules it came from."""

    started_at: AwareDatetime
    due_at: AwareDatetime
    limit: str
    provisional: bool = False
    policy: str
    calendar: str


class IssueAccepted(Event, type="issue.accepted.v1", topic=INTAKE):
    """Happens when the intake office takes the issue on."""

    by: str


class IssueRejected(Event, type="issue.rejected.v1", topic=INTAKE):
    """Happens when an issue is not accepted because it is already in one of the four procedures."""

    ground: RejectionGround
    explanation: str
    by: str


class IssueWithdrawn(Event, type="issue.withdrawn.v1", topic=INTAKE):
    """Happens when the one who raised it takes the issue back."""

    reason: str = ""


class MaterialAsked(Event, type="issue.material_asked.v1", topic=INTAKE):
    """Happens when the intake office cannot decide yet and asks the raiser for material."""

    what: str
    open_until: AwareDatetime
    by: str


class MaterialSupplied(Event, type="issue.material_supplied.v1", topic=INTAKE):
    """Happens when the raiser supplies what intake, or the department holding the issue, asked for."""

    text: str
    attachments: tuple[Attachment, ...] = ()


class MaterialLapsed(Event, type="issue.material_lapsed.v1", topic=INTAKE):
    """Happens when nothing was supplied in time: the office decides on what there is."""

    open_until: AwareDatetime


class WordsConfirmed(Event, type="issue.words_confirmed.v1", topic=INTAKE):
    """Happens when the speaker confirms the words written down in the room."""

    by: str


class WordsCorrected(Event, type="issue.words_corrected.v1", topic=INTAKE):
    """Happens when the speaker corrects them: set beside the frozen words, never instead."""

    text: str
    by: str


class IssueSummarised(Event, type="issue.summarised.v1", topic=INTAKE):
    """Happens when the office writes its summary; orders carry it beside the original words."""

    summary: str
    by: str


class IssueAppealed(Event, type="issue.appealed.v1", topic=INTAKE):
    """Happens when the raiser asks, once, for a rejection to be looked at again (申请复核)."""

    reason: str


class AppealDecided(Event, type="issue.appeal_decided.v1", topic=INTAKE):
    """Happens when the appeal is decided: upheld means the issue is accepted after all."""

    upheld: bool
    reason: str
    by: str


class ClusterMerged(Event, type="cluster.merged.v1", topic=INTAKE):
    """Happens when alike issues are merged into a cluster, or more are added; a link, never a state."""

    title: str
    members: tuple[str, ...]
    by: str


class ClusterUnmerged(Event, type="cluster.unmerged.v1", topic=INTAKE):
    """Happens when members are taken out of a cluster again (拆案)."""

    members: tuple[str, ...]
    reason: str
    by: str


class IssueClustered(Event, type="issue.clustered.v1", topic=INTAKE):
    """Happens for each member after a merge; it keeps its own promise, reply and rating."""

    cluster: str


class IssueUnclustered(Event, type="issue.unclustered.v1", topic=INTAKE):
    """Happens for each member taken out of its cluster."""

    cluster: str


class TalkAnnounced(Event, type="talk.announced.v1", topic=INTAKE):
    """Happens when a talk is announced: the theme, who leads, which departments will be there."""

    level: Level
    body: Body
    theme: str
    planned_at: AwareDatetime
    place: str
    leaders: tuple[str, ...]
    departments: tuple[str, ...] = ()
    seats: int = 0
    by: str


class TalkPostponed(Event, type="talk.postponed.v1", topic=INTAKE):
    """Happens when a talk moves to another day; what was collected for it waits five working days."""

    previous_at: AwareDatetime
    planned_at: AwareDatetime
    reason: str
    by: str


class TalkOpened(Event, type="talk.opened.v1", topic=INTAKE):
    """Happens when a talk begins and issues are recorded in the room."""

    opened_at: AwareDatetime
    by: str


class TalkHeld(Event, type="talk.held.v1", topic=INTAKE):
    """Happens when a talk ends: the promise of every issue raised at or for it starts here."""

    ended_at: AwareDatetime
    issues: tuple[str, ...]
    entrepreneurs: int
    by: str


class TalkCancelled(Event, type="talk.cancelled.v1", topic=INTAKE):
    """Happens when a talk is called off: the issues collected for it start at this moment."""

    issues: tuple[str, ...]
    reason: str
    by: str


class DeliberationPlanned(Event, type="deliberation.planned.v1", topic=INTAKE):
    """Happens when a deliberation enters the yearly plan (议政、协商)."""

    year: int
    theme: str
    planned_on: date
    departments: tuple[str, ...] = ()
    by: str


class DeliberationOpened(Event, type="deliberation.opened.v1", topic=INTAKE):
    """Happens when a theme is opened for suggestions."""

    open_until: AwareDatetime
    by: str


class DeliberationClosed(Event, type="deliberation.closed.v1", topic=INTAKE):
    """Happens when the deliberation has been held and takes no more suggestions."""

    issues: tuple[str, ...]
    by: str


class SuggestionListSent(Event, type="deliberation.list_sent.v1", topic=INTAKE):
    """Happens when the list of suggestions goes to those who must answer it."""

    suggestions: tuple[Suggestion, ...]
    answer_due_on: date | None = None
    by: str


class SuggestionListReceipted(Event, type="deliberation.list_receipted.v1", topic=INTAKE):
    """Happens when a recipient gives the receipt for its part of the list."""

    department: str
    issues: tuple[str, ...]
    by: str


class EnterpriseFiled(Event, type="enterprise.filed.v1", topic=INTAKE):
    """Happens when an enterprise file (一企一档) is opened or its facts change."""

    credit_code: str
    sector: str = ""
    place: str = ""
    size: str = ""
    white_list: bool = False
    by: str


class EnterpriseVisited(Event, type="enterprise.visited.v1", topic=INTAKE):
    """Happens when a liaison officer has visited an enterprise; issues found there are named."""

    level: Level
    organisation: str
    visited_on: date
    issues: tuple[str, ...] = ()
    by: str


class EntrepreneurFiled(Event, type="entrepreneur.filed.v1", topic=INTAKE):
    """Happens when an entrepreneur is known to the system; who it is stays with intake's door."""

    person: str
    enterprises: tuple[str, ...] = ()
    speaks_as: str


class EntrepreneurErased(Event, type="entrepreneur.erased.v1", topic=INTAKE):
    """Happens when what led from the reference to a person is erased."""

    person: str
    reason: str
    by: str


class SourceFiled(Event, type="source.filed.v1", topic=INTAKE):
    """Happens when an observer or a monitoring point joins the network or changes."""

    origin: Source
    level: Level
    sector: str = ""
    place: str = ""
    liaison: str = ""
    active: bool = True
    by: str


class SourceReported(Event, type="source.reported.v1", topic=INTAKE):
    """Happens when a source reports for a period, also that it heard nothing: coverage counts it."""

    period: str
    issues: tuple[str, ...] = ()
    by: str


class CommonIssueSelected(Event, type="common_issue.selected.v1", topic=INTAKE):
    """Happens when the two-monthly analysis makes a cluster a common issue with a lead department."""

    period: str
    members: tuple[str, ...]
    department: str
    reason: str
    by: str


class MeasureTaken(Event, type="common_issue.measure_taken.v1", topic=INTAKE):
    """Happens when a common issue ends in a measure or a policy."""

    title: str
    document: str
    clause: str
    in_force_on: date | None = None
    members: tuple[str, ...]
    department: str
    by: str


class MeasureTold(Event, type="issue.measure_told.v1", topic=INTAKE):
    """Happens for each member of the common issue: its own words are shown beside the clause."""

    cluster: str
    document: str
    clause: str


class LeaderInstructed(Event, type="leader.instructed.v1", topic=INTAKE):
    """Happens when a leader writes an instruction on an issue (批示); it has its own clock."""

    instruction: str
    text: str
    leader: str
    level: Level
    report_due_at: AwareDatetime | None = None
    by: str
