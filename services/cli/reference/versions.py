"""Every published version of reference data, as a service answers ``GET /reference``, and which is in force when."""

from collections.abc import Iterable
from datetime import datetime

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

from shared.contract.subjects import KINDS, id_of, kind_of


class Failed(RuntimeError):
    """A service could not answer, or answered what is not understood here; the request itself may be right."""


class Version(BaseModel):
    """One published version; ``data`` is the data of its event."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    subject: str
    type: str
    version: str
    in_force_from: AwareDatetime
    data: dict[str, object]


class Published:
    """All versions that a service knows, in the order of their publication."""

    def __init__(self, versions: Iterable[Version]) -> None:
        self._by_subject: dict[str, list[Version]] = {}
        for version in versions:
            known = self._by_subject.setdefault(version.subject, [])
            if all(version.version != one.version for one in known):  # one that was sent again is the same
                known.append(version)

    def of(self, subject: str) -> list[Version]:
        """The versions of one aggregate, in the order in which they come into force."""
        return sorted(self._by_subject.get(subject, ()), key=lambda version: version.in_force_from)

    def in_force(self, subject: str, at: datetime) -> Version | None:
        """The version in force at an instant; of two from the same instant the later published one."""
        return next((one for one in reversed(self.of(subject)) if one.in_force_from <= at), None)

    def newest(self, subject: str) -> Version | None:
        """The version that comes into force last."""
        return next(reversed(self.of(subject)), None)

    def subjects(self, kind: str) -> list[str]:
        """Every aggregate of one kind that something was published of."""
        return [subject for subject in self._by_subject if kind_of(subject) == kind]

    def jurisdiction(self) -> str:
        """Whose reference data this is: the policy's subject names it."""
        names = {
            id_of(subject) for kind in ("policy", "calendar", "rules") for subject in self.subjects(kind)
        }
        if len(names) != 1:
            found = ", ".join(sorted(names)) or "none"
            raise Failed(
                f"the reference data of one jurisdiction is expected here; published is that of: {found}"
            )
        return names.pop()


_VERSIONS = TypeAdapter(list[Version])


def read_published(client: httpx.Client) -> Published:
    """Every version that the service behind ``client`` knows; raises Failed or httpx.TransportError."""
    response = client.get("/reference")
    if response.status_code != httpx.codes.OK:
        raise Failed(f"GET {response.url} answered {response.status_code}; see `qinqing status`")
    try:
        return Published(_VERSIONS.validate_json(response.content))
    except ValidationError as error:
        raise Failed(
            f"GET {response.url} answered no list of versions: {error.error_count()} faults"
        ) from None


def path_of(subject: str) -> str:
    """The route of one aggregate: ``dept:housing`` -> ``/departments/housing``."""
    return f"/{KINDS[kind_of(subject)].path}/{id_of(subject)}"
