"""A directory file (departments, routing rules, staff), read and checked entry by entry."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from services.cli.reference.versions import Published
from shared.contract.command import Command
from shared.contract.commands.dispatch import PublishDepartment, PublishRules, PublishStaff
from shared.contract.event import Event
from shared.contract.events.dispatch import DepartmentPublished, RulesPublished, StaffPublished
from shared.contract.subjects import id_of, subject_of
from shared.handwritten import WrongFile, faults_of, read_object

DEPARTMENTS, RULES, STAFF = "departments", "rules", "staff"
FORM = '{"departments": [...], "rules": {...}, "staff": [...]}'
ID_FIELDS = {DEPARTMENTS: "code", STAFF: "id"}
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CODE_RULE = "write small letters, digits and _, beginning with a letter, at most 40, such as housing"
_STAFF_ID = re.compile(r"[A-Za-z0-9_.@-]{1,80}")
_STAFF_ID_RULE = "write letters, digits and . _ @ -, at most 80, such as chen.wei"

Publish = PublishDepartment | PublishRules | PublishStaff
EVENTS: Mapping[type[Command], type[Event]] = {
    PublishDepartment: DepartmentPublished,
    PublishRules: RulesPublished,
    PublishStaff: StaffPublished,
}
"""What a command of a directory file becomes once it is published."""


class Entry(NamedTuple):
    """One entry of the file: where it stands, and the command that publishes it. The rules have no id of their own."""

    place: str
    id: str
    command: Publish

    def subject(self, jurisdiction: str) -> str:
        """The aggregate it is a version of."""
        return subject_of(self.command.aggregate, self.id or jurisdiction)


class Difference(NamedTuple):
    """One entry that is published otherwise: field -> (published, in the file); ``after`` is the version in force."""

    subject: str
    command: Publish
    after: str
    fields: Mapping[str, tuple[object, object]]

    def facts(self) -> dict[str, object]:
        """The difference as JSON."""
        fields = {name: {"published": was, "file": is_} for name, (was, is_) in self.fields.items()}
        return {"subject": self.subject, "new": not self.after, "fields": fields}


def read_directory(path: Path) -> list[Entry]:
    """The entries of a file in the order of their publication: departments, rules, staff; raises WrongFile."""
    found = read_object(path)
    faults = [
        f"{path}, field {name}: there is no such field; the form is {FORM}"
        for name in found
        if name not in (DEPARTMENTS, RULES, STAFF)
    ]
    departments, wrong = _list(path, DEPARTMENTS, found.get(DEPARTMENTS, []), PublishDepartment)
    staff, wrong_staff = _list(path, STAFF, found.get(STAFF, []), PublishStaff)
    rules, wrong_rules = _rules(f"{path}, {RULES}", found.get(RULES))
    faults += [*wrong, *wrong_rules, *wrong_staff]
    entries = [*departments, *rules, *staff]
    if not entries and not faults:
        faults.append(f"{path}: it has no entry; the form is {FORM}")
    if faults:
        raise WrongFile(faults)
    return entries


def staff_entry(account: str, fields: Mapping[str, object]) -> Entry:
    """The entry of one official who stands in no file; raises WrongFile."""
    entries, faults = _list(Path("staff add"), STAFF, [{"id": account, **fields}], PublishStaff)
    if faults:
        raise WrongFile(faults)
    return entries[0]


def check_codes(entries: Iterable[Entry], published: Published) -> None:
    """Raise WrongFile where an entry names a department that is neither in the file nor published."""
    entries = list(entries)
    known = {id_of(subject) for subject in published.subjects("department")}
    known |= {entry.id for entry in entries if isinstance(entry.command, PublishDepartment)}
    faults = [
        f"{entry.place}, field {field}: there is no department {code!r}; known are {', '.join(sorted(known))}"
        for entry in entries
        for field, code in _codes_named(entry.command)
        if code not in known
    ]
    if faults:
        raise WrongFile(faults)


def differences(
    entries: Iterable[Entry], published: Published, jurisdiction: str, now: datetime
) -> list[Difference]:
    """The entries that are new or differ from what is in force at the instant from which they would hold."""
    found = []
    for entry in entries:
        subject = entry.subject(jurisdiction)
        at = entry.command.in_force_from or now
        version = published.in_force(subject, at)
        before = None if version is None else EVENTS[type(entry.command)].read(version.data)
        fields = _fields(entry.command, before)
        if version is None or fields:
            after = "" if version is None else version.version
            found.append(Difference(subject, entry.command, after, fields))
    return found


def steps(found: Iterable[Difference]) -> list[list[Difference]]:
    """What to publish one after the other: departments, then rules, then staff; empty steps left out."""
    order = (PublishDepartment, PublishRules, PublishStaff)
    parts = [[one for one in found if type(one.command) is shape] for shape in order]
    return [part for part in parts if part]


def cannot_merge(code: str, into: str, published: Published, now: datetime) -> str:
    """Why this department cannot be merged into that one, as a sentence; "" where the owner may be asked."""
    codes = [id_of(subject) for subject in published.subjects("department")]
    for name in (code, into):
        if name not in codes:
            return f"没有这个部门 / no such department: {name}; known: {', '.join(codes)}"
    if code == into:
        return f"--into: {code} cannot be merged into itself; name the department that takes over its work"
    version = published.in_force(subject_of("department", into), now)
    successor = version.data.get("merged_into") if version else None
    return f"--into: {into} was merged into {successor} itself; name {successor}" if successor else ""


def not_in_file(entries: Iterable[Entry], published: Published) -> list[str]:
    """The codes of published departments that the file leaves out: they stay as they are."""
    named = {entry.id for entry in entries if isinstance(entry.command, PublishDepartment)}
    return [code for code in map(id_of, published.subjects("department")) if code not in named]


def _fields(command: Publish, before: Event | None) -> dict[str, tuple[object, object]]:
    after = command.model_dump(mode="json", exclude={"in_force_from"})
    was = {} if before is None else before.model_dump(mode="json", include=set(after))
    # As JSON, because the order of a mapping's keys counts too; of a new entry only what it says is shown.
    return {
        name: (was.get(name), value)
        for name, value in after.items()
        if (value if before is None else json.dumps(was.get(name)) != json.dumps(value))
    }


def _list(
    path: Path, name: str, found: object, shape: type[PublishDepartment | PublishStaff]
) -> tuple[list[Entry], list[str]]:
    if not isinstance(found, list):
        return [], [f"{path}, field {name}: write a list, [...]; the form is {FORM}"]
    entries: list[Entry] = []
    faults: list[str] = []
    first: dict[str, int] = {}
    for number, fields in enumerate(found):
        place, id, wrong = _place(path, name, number, fields)
        if id in first:
            wrong.append(
                f"{place}, field {ID_FIELDS[name]}: {id!r} is {name}[{first[id]}] already; keep one of the two"
            )
        entry, more = (None, []) if wrong else _entry(place, id, _without(fields, ID_FIELDS[name]), shape)
        first.setdefault(id, number)
        entries += [] if entry is None else [entry]
        faults += [*wrong, *more]
    return entries, faults


def _place(path: Path, name: str, number: int, fields: object) -> tuple[str, str, list[str]]:
    """Where an entry stands, its id, and what is wrong with the id."""
    place, field = f"{path}, {name}[{number}]", ID_FIELDS[name]
    if not isinstance(fields, dict):
        return place, f"#{number}", [f'{place}: write an object, {{"{field}": ...}}']
    pattern, rule = (_CODE, _CODE_RULE) if name == DEPARTMENTS else (_STAFF_ID, _STAFF_ID_RULE)
    id = fields.get(field)
    if isinstance(id, str) and pattern.fullmatch(id):
        return f"{place} ({id})", id, []
    wrong = "it is missing" if id is None else f"{str(id)[:60]!r} is none"
    return place, f"#{number}", [f"{place}, field {field}: {wrong}; {rule}"]


def _entry(place: str, id: str, fields: object, shape: type[Publish]) -> tuple[Entry | None, list[str]]:
    try:
        return Entry(place, id, shape.model_validate(fields)), []
    except ValidationError as error:
        return None, faults_of(error, place)


def _rules(place: str, fields: object) -> tuple[list[Entry], list[str]]:
    """The routing rules; a word that speaks for two departments, or is blank, decides nothing."""
    if fields is None:
        return [], []
    entry, faults = _entry(place, "", fields, PublishRules)
    if entry is None or not isinstance(entry.command, PublishRules):
        return [], faults
    owners: dict[str, str] = {}
    for code, words in entry.command.keywords.items():
        for word in words:
            other = owners.setdefault(word, code)
            if not word.strip():
                faults.append(f"{place}, field keywords.{code}: a word is blank; leave it out")
            elif other != code:
                rule = f"{word!r} speaks for {other} already; leave it to one of the two"
                faults.append(f"{place}, field keywords.{code}: {rule}")
    return [entry], faults


def _without(fields: Mapping[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in fields.items() if key != name}


def _codes_named(command: Publish) -> list[tuple[str, str]]:
    """(field, code) of every department that an entry names."""
    match command:
        case PublishDepartment():
            return [("parent", command.parent)] if command.parent else []
        case PublishStaff():
            return [("department", command.department)] if command.department else []
    return [("fallback", command.fallback), *((f"keywords.{code}", code) for code in command.keywords)]
