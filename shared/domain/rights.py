"""Who may do what: one table of verbs by kind, role and scope, and one of who reads which fields.

Both fail closed: a verb that is in no row belongs to the system alone, a field that is in no group is shown to nobody.
docs/rights.md is printed from here, and a test asks every route as every role.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from shared.contract.words import Role

SYSTEM = "system"
"""Who acts for nobody: a fan-out, a first start, a gateway that answers. No token names this role."""


class Scope(StrEnum):
    """How far a right reaches."""

    OWN = "own"
    """What one raised, or wrote down for somebody else."""
    DEPARTMENT = "department"
    """What one's department holds."""
    TAKING_PART = "taking_part"
    """That, and what it co-handles."""
    JURISDICTION = "jurisdiction"
    """Everything of one's own jurisdiction."""
    COUNTIES = "counties"
    """That, and what its counties sent up."""


REACH = tuple(Scope)
"""From the least to the farthest."""


class Belongs(NamedTuple):
    """To whom one aggregate belongs, as far as its state says: references, departments, who wrote it down."""

    person: str = ""
    recorded_by: str = ""
    departments: tuple[str, ...] = ()
    co_handlers: tuple[str, ...] = ()
    """The departments that were asked for an opinion on it."""
    jurisdiction: str = ""
    """Whose it is where that is not the deployment's own."""
    anonymous: bool = False
    sealed: bool = False
    """Its words stand on no topic yet."""

    def followed(self, successor: Callable[[str], str]) -> "Belongs":
        """The same in a directory: what a merged department had belongs to whoever has its work by now as well."""
        return self._replace(
            departments=_with_successors(self.departments, successor),
            co_handlers=_with_successors(self.co_handlers, successor),
        )


def _with_successors(departments: tuple[str, ...], successor: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*departments, *map(successor, departments))))


NOBODYS = Belongs()
"""Of what belongs to nobody in particular, such as a policy."""


class Asker(NamedTuple):
    """Who asks in one role: ``office:chen``, ``handler:housing/li``, ``dept:housing``, ``entrepreneur:<reference>``."""

    role: str
    account: str
    department: str = ""

    @classmethod
    def of(cls, actor: str) -> "Asker":
        """The asker that an actor names."""
        role, _, name = actor.partition(":")
        if role not in IN_DEPARTMENTS:
            return cls(role, name)
        department, _, account = name.partition("/")
        return cls(role, account, department)

    @property
    def actor(self) -> str:
        """How a command names this asker."""
        name = "/".join(part for part in (self.department, self.account) if part)
        return f"{self.role}:{name if self.role in IN_DEPARTMENTS else self.account}"

    def is_within(self, scope: Scope, belongs: Belongs) -> bool:
        """Whether what belongs so is within this scope of the asker."""
        match scope:
            case Scope.OWN:
                owner = belongs.person if self.role == Role.ENTREPRENEUR else belongs.recorded_by
                return bool(owner) and owner == self.account
            case Scope.DEPARTMENT:
                return bool(self.department) and self.department in belongs.departments
            case Scope.TAKING_PART:
                taking_part = (*belongs.departments, *belongs.co_handlers)
                return bool(self.department) and self.department in taking_part
            case Scope.JURISDICTION:
                return not belongs.jurisdiction
        return True


IN_DEPARTMENTS = (Role.HANDLER, Role.DEPARTMENT_LEADER, Role.DEPARTMENT)
"""The roles whose actors name their department first."""

Grants = Mapping[Role, Scope]
OWN, DEPARTMENT, TAKING_PART = Scope.OWN, Scope.DEPARTMENT, Scope.TAKING_PART
HERE, COUNTIES = Scope.JURISDICTION, Scope.COUNTIES

_OFFICE: Grants = {Role.OFFICE: HERE}
_RAISER: Grants = {Role.ENTREPRENEUR: OWN}
_ITS_PEOPLE: Grants = {
    Role.HANDLER: DEPARTMENT,
    Role.DEPARTMENT_LEADER: DEPARTMENT,
    Role.DEPARTMENT: DEPARTMENT,
}
_WHO_TAKES_PART: Grants = dict.fromkeys(_ITS_PEOPLE, TAKING_PART)
_RECORDERS = (
    Role.CLERK,
    Role.OFFICE,
    Role.FEDERATION,
    Role.CPPCC,
    Role.OBSERVER,
    Role.LIAISON,
    Role.TOWNSHIP,
)
"""Who writes down what an entrepreneur says."""
_ORGANISERS = (Role.FEDERATION, Role.CLERK, Role.OFFICE)
"""Who organises talks and writes down what is said there."""
_EVERYBODY: Grants = dict.fromkeys(Role, COUNTIES)
OFFICIALS = tuple(role for role in Role if role not in (Role.ENTREPRENEUR, Role.OPERATOR, Role.ADMINISTRATOR))
_IN_OFFICE = tuple(role for role in Role if role not in (Role.ENTREPRENEUR, Role.DEPARTMENT))
"""The people who act in office: a department's own system reads its orders."""
_OVERSEERS: Grants = {
    Role.SUPERVISOR: COUNTIES,
    Role.LEADER: COUNTIES,
    Role.CPPCC: HERE,
    Role.DISCIPLINE: COUNTIES,
}

RIGHTS: Mapping[tuple[str, str], Grants] = {
    # intake
    ("issue", "register"): {Role.ENTREPRENEUR: HERE, **dict.fromkeys(_RECORDERS, HERE)},
    ("issue", "accept"): {Role.OFFICE: HERE, Role.CLERK: OWN},  # of a talk
    ("issue", "reject"): _OFFICE,
    ("issue", "withdraw"): {**_RAISER, **_OFFICE},
    ("person", "register"): {
        Role.ENTREPRENEUR: HERE,
        **dict.fromkeys(_RECORDERS, HERE),
    },  # of themselves alone
    ("person", "find"): dict.fromkeys(_RECORDERS, HERE),
    ("person", "change"): {**_RAISER, Role.CLERK: HERE, Role.OFFICE: HERE},
    ("person", "erase"): {**_RAISER, Role.OFFICE: HERE},
    ("person", "contact"): {**_RAISER, Role.CLERK: HERE, Role.OFFICE: HERE},
    ("person", "looks"): {**_RAISER, Role.SUPERVISOR: HERE},
    ("enterprise", "record"): {Role.CLERK: HERE, Role.OFFICE: HERE},
    ("issue", "ask_material"): _OFFICE,
    ("issue", "appeal"): _RAISER,
    ("issue", "decide_appeal"): _OFFICE,
    ("issue", "refer"): _OFFICE,
    ("issue", "record_receipt"): _OFFICE,
    ("issue", "disclose"): _OFFICE,
    ("issue", "restore"): _OFFICE,
    ("issue", "correct_words"): {**_RAISER, **dict.fromkeys(_RECORDERS, OWN)},
    ("issue", "confirm_words"): _RAISER,
    ("issue", "supply_material"): {**_RAISER, **dict.fromkeys(_RECORDERS, OWN)},
    ("issue", "make_link"): {**_RAISER, **dict.fromkeys(_RECORDERS, OWN), **_OFFICE},
    ("issue", "revoke_link"): {**_RAISER, **dict.fromkeys(_RECORDERS, OWN), **_OFFICE},
    ("link", "redeem"): {Role.OPERATOR: HERE, Role.ADMINISTRATOR: HERE},  # whoever signs tokens
    **{("agenda", verb): dict.fromkeys(_ORGANISERS, HERE) for verb in ("announce", "postpone", "appoint")},
    **{("talk", verb): dict.fromkeys(_ORGANISERS, HERE) for verb in ("change", "name", "cancel")},
    **{("talk", verb): dict.fromkeys(_ORGANISERS, HERE) for verb in ("open", "attend", "hold")},
    ("talk", "sign_up"): {Role.ENTREPRENEUR: HERE},  # for themselves alone
    ("talk", "stay_away"): {Role.ENTREPRENEUR: HERE},
    ("rotation", "publish"): {Role.FEDERATION: HERE, Role.OFFICE: HERE},
    ("rotation", "swap"): {Role.FEDERATION: HERE, Role.OFFICE: HERE},
    # dispatch
    ("issue", "assign"): _OFFICE,
    ("batch", "assign"): _OFFICE,
    # Of a department at the talk, or who writes down what is said there, in the name of its person.
    ("issue", "claim"): dict.fromkeys((Role.HANDLER, Role.DEPARTMENT_LEADER, *_ORGANISERS), HERE),
    ("issue", "answer_on_the_spot"): dict.fromkeys((Role.DEPARTMENT_LEADER, *_ORGANISERS), HERE),
    ("issue", "recall"): _OFFICE,
    ("issue", "rule"): _OFFICE,
    ("issue", "sign"): _ITS_PEOPLE,
    ("issue", "return"): _ITS_PEOPLE,
    ("issue", "name_handler"): _ITS_PEOPLE,  # as long as the directory names no leaders, anybody there
    ("issue", "add_co_handler"): _OFFICE,
    ("issue", "release_co_handler"): _OFFICE,
    ("issue", "give_opinion"): _WHO_TAKES_PART,  # the very department that was asked
    ("issue", "draft"): _ITS_PEOPLE,
    ("issue", "sign_off"): {Role.DEPARTMENT_LEADER: DEPARTMENT},
    ("issue", "send_back"): {**_ITS_PEOPLE, **_OFFICE},
    ("issue", "check"): _OFFICE,
    ("issue", "release"): _OFFICE,
    ("issue", "correct"): _OFFICE,
    ("issue", "ask_extension"): _ITS_PEOPLE,
    ("issue", "grant_extension"): _OFFICE,  # one level up, and never who asked
    ("issue", "refuse_extension"): _OFFICE,
    ("issue", "ask_pause"): _ITS_PEOPLE,
    ("issue", "ask_enterprise"): _ITS_PEOPLE,
    ("issue", "grant_pause"): _OFFICE,  # never who asked
    ("issue", "refuse_pause"): _OFFICE,
    ("issue", "end_pause"): {**_ITS_PEOPLE, **_OFFICE},
    ("department", "publish"): {Role.OFFICE: HERE, Role.ADMINISTRATOR: HERE},
    ("department", "merge"): {Role.OFFICE: HERE, Role.ADMINISTRATOR: HERE},
    ("staff", "publish"): {Role.ADMINISTRATOR: HERE},
    ("staff", "choose_ways"): dict.fromkeys(_IN_OFFICE, HERE),  # of themselves alone
    ("staff", "read_ways"): {**dict.fromkeys(_IN_OFFICE, OWN), Role.OPERATOR: HERE},
    ("rules", "publish"): {Role.OFFICE: HERE, Role.ADMINISTRATOR: HERE},
    ("alert", "report"): {Role.OPERATOR: HERE},  # whoever watches, with a token of an operator's
    # feedback
    ("issue", "rate"): _RAISER,
    ("issue", "decide_rework"): _OFFICE,
    ("issue", "finish_tracking"): {Role.LEADER: HERE},
    ("rating_round", "start"): {Role.OFFICE: HERE, Role.FEDERATION: HERE},
    ("paper", "publish"): _OFFICE,
    ("paper", "record_meeting"): _OFFICE,
    # supervision
    ("issue", "explain"): _ITS_PEOPLE,
    # Of the level that issued it or a higher one, and nobody of the department that holds it.
    ("issue", "lift_ladder"): {Role.SUPERVISOR: HERE, Role.LEADER: HERE},
    # The same: nothing goes out under the name of a lower level, or of who is meant.
    **{
        ("issue", verb): {Role.SUPERVISOR: HERE, Role.LEADER: HERE}
        for verb in ("issue_document", "sign_document", "lift_document")
    },
    ("issue", "answer_order"): _ITS_PEOPLE,
    # Nobody of the department that answered, nor who drafted or signed off what it answered.
    ("issue", "record_look_back"): {Role.SUPERVISOR: HERE},
    ("issue", "give_instruction"): {Role.LEADER: HERE},  # of the holder's level or a higher one
    ("issue", "take_back_instruction"): {Role.LEADER: HERE},  # who gave it
    ("issue", "report_instruction"): _ITS_PEOPLE,
    ("policy", "publish"): {Role.SUPERVISOR: HERE, Role.ADMINISTRATOR: HERE},
    ("calendar", "publish"): {Role.SUPERVISOR: HERE, Role.ADMINISTRATOR: HERE},
    # reading
    ("issue", "fetch"): dict.fromkeys(IN_DEPARTMENTS, HERE),  # a file whose hash the order told them
    ("issue", "read"): {
        **_RAISER,
        **dict.fromkeys(_RECORDERS, OWN),
        Role.CLERK: HERE,
        Role.OFFICE: HERE,
        **_WHO_TAKES_PART,
        **_OVERSEERS,
    },
    ("person", "read"): {**_RAISER, **dict.fromkeys(_RECORDERS, OWN), Role.CLERK: HERE, Role.OFFICE: HERE},
    ("alert", "read"): {Role.OPERATOR: HERE},
    ("notice", "read"): {Role.OPERATOR: HERE},  # how often it was tried, and why it was given up; no address
    ("enterprise", "read"): dict.fromkeys(OFFICIALS, HERE),
    ("paper", "read"): dict.fromkeys(OFFICIALS, HERE),
    **{
        (kind, "read"): _EVERYBODY
        for kind in (
            *("department", "staff", "rules", "register", "policy", "calendar", "reference"),
            *("talk", "agenda", "rotation", "batch", "rating_round"),
        )
    },
    # operators
    **{
        ("record", verb): {Role.OPERATOR: HERE}
        for verb in ("read", "replay", "discard", "skip", "publish_again")
    },
    ("history", "drive"): {Role.OPERATOR: HERE},
    # the portal
    ("internal_note", "read"): {Role.HANDLER: DEPARTMENT, Role.DEPARTMENT_LEADER: DEPARTMENT, **_OFFICE},
    ("internal_note", "write"): {Role.HANDLER: DEPARTMENT, Role.DEPARTMENT_LEADER: DEPARTMENT, **_OFFICE},
    ("projection", "rebuild"): {Role.OPERATOR: HERE},
    ("figures", "read"): {**dict.fromkeys(OFFICIALS, HERE), Role.OPERATOR: HERE},
}
"""(kind, verb) -> each role that may, and how far. ``record`` is what went wrong; ``history`` a replay's own routes;
``internal_note``, ``projection`` and ``figures`` are the portal's."""

LINKED = (
    *("read", "rate", "withdraw", "appeal", "correct_words", "confirm_words", "supply_material"),
    "revoke_link",
)
"""What a link to one issue admits to (docs/security.md)."""

_INSIDE = (Role.OFFICE, *IN_DEPARTMENTS)

GROUPS: Mapping[str, tuple[Role, ...]] = {
    "course": tuple(Role),
    "words": (Role.ENTREPRENEUR, *OFFICIALS),
    "words before acceptance": (
        Role.ENTREPRENEUR,
        *(role for role in _RECORDERS if role is not Role.CPPCC),
    ),
    "as it was said": (Role.ENTREPRENEUR, Role.OFFICE),
    "raiser": (Role.ENTREPRENEUR, *OFFICIALS),
    "raiser of an anonymous issue": (Role.ENTREPRENEUR, Role.OFFICE),
    "appeals and referrals": (Role.ENTREPRENEUR, Role.OFFICE, Role.DISCIPLINE),
    "handling": OFFICIALS,
    "drafts": _INSIDE,
    "opinions": _INSIDE,
    "drafts of other departments": (Role.OFFICE,),
    "who takes part": OFFICIALS,
    "known of a person": tuple(Role),
    "own ways": tuple(Role),
    "nobody": (),
}
"""Groups of fields, and the roles that read them where they may read the aggregate at all."""

FIELDS: Mapping[str, Mapping[str, str]] = {
    "issue": {
        # where it stands
        **dict.fromkeys(
            (
                "state",
                "erased",
                "occasion",
                "phase",
                "urgent",
                "kind",
                "origin",
                "number",
                "anonymous",
                "registered_at",
                "due_at",
                "ended_at",
                "provisional_because",
                "ground",
                "explanation",
                "rejection",
                "policy",
                "calendar",
                "round",
                "reply",
                "tracked",
                "department",
                "correction",
                "clocks",
                "material_asked",
                "waiting",
                "unrated",
                "disclosed",
                "knows_of_it",
                "reminded_by",
                "presence",
            ),
            "course",
        ),
        **dict.fromkeys(
            (
                "title",
                "text",
                "attachments",
                "corrected",
                "corrected_words",
                "confirmed",
                "question",
                "answers",
                "supplied",
            ),
            "words",
        ),
        **dict.fromkeys(("original", "called_from", "corrected_as_said"), "as it was said"),
        **dict.fromkeys(("appeal", "referral", "link"), "appeals and referrals"),
        **dict.fromkeys(("person", "enterprise", "raised_by", "recorded_by"), "raiser"),
        **dict.fromkeys(
            (
                "assignment",
                "assignments",
                "return_until",
                "kept",
                "passed_on",
                "handler",
                "substitute",
                "promise",
                "extension",
                "extensions_asked",
                "pause",
                "pauses_asked",
                "co_handlers_added",
                "released",
                "climbs",
                "documents",
                "instructions",
                "instructed",
                "lifted_at",
                "reopened_at",
                "answered",
                "heard",
            ),
            "handling",
        ),
        "co_handlers": "opinions",
        "drafts": "drafts",
        "others_drafts": "drafts of other departments",
        **dict.fromkeys(("words", "corrections"), "nobody"),  # sealed: what is opened stands in their place
        "link_sha256": "nobody",
    },
    "person": dict.fromkeys(  # all but the contact, which has a route and a right of its own
        (
            "state",
            "reference",
            "recorded_by",
            "enterprise",
            "chamber",
            "trade",
            "language",
            "channels",
            "registered_at",
            "erased_at",
        ),
        "known of a person",
    ),
    "staff": {"entry": "course", "chosen": "own ways"},
    "talk": {
        **dict.fromkeys(
            (
                *("state", "series", "number", "level", "jurisdiction", "on", "theme", "questions", "place"),
                *("starts_at", "ends_at", "wait_until", "capacity", "organiser", "leaders", "departments"),
                *("opened_at", "ended_at", "lapsed_at", "moves"),
            ),
            "course",
        ),
        **dict.fromkeys(
            ("participants", "attended", "members", "news", "telling", "refused"), "who takes part"
        ),
    },
}
"""kind -> field of its state -> group; kinds that are not here are read whole by whoever may read them."""


def granted(kind: str, verb: str) -> Grants:
    """Who may do this, and how far; nobody but the system where the table has no row."""
    return RIGHTS.get((kind, verb), {})


def scope_of(asker: Asker, kind: str, verb: str) -> Scope | None:
    """How far this asker's role reaches for this verb; None where the role has no such right."""
    if asker.role == SYSTEM:
        return Scope.COUNTIES
    return next((scope for role, scope in granted(kind, verb).items() if role == asker.role), None)


def may(asker: Asker, kind: str, verb: str, belongs: Belongs) -> bool:
    """Whether this asker may do this to what belongs so."""
    scope = scope_of(asker, kind, verb)
    return scope is not None and asker.is_within(scope, belongs)


def groups_of(asker: Asker, belongs: Belongs) -> Iterator[str]:
    """The groups of fields that this asker reads of what belongs so; a draft stays with who holds it and the office,
    and in which ways somebody is told with them."""
    beyond = set()
    if asker.role in IN_DEPARTMENTS and asker.department not in belongs.departments:
        beyond.add("drafts")
    if not may(asker, "staff", "read_ways", belongs):
        beyond.add("own ways")
    for name, roles in GROUPS.items():
        if asker.role in roles and name not in beyond:
            yield name


def readable(kind: str, fields: Collection[str], asker: Asker, belongs: Belongs) -> Iterator[str]:
    """Those of the fields that this asker reads, where they may read the aggregate."""
    groups, read = FIELDS.get(kind), {*groups_of(asker, belongs)}
    for name in fields:
        group = "course" if groups is None else groups.get(name, "")
        if group == "raiser" and belongs.anonymous:
            group = "raiser of an anonymous issue"
        if group == "words" and belongs.sealed:
            group = "words before acceptance"
        if group in read:
            yield name
