"""What intake tells of persons and enterprises: references and open fields, never a name or a number of a person."""

from shared.contract.event import INTAKE, Event, Number
from shared.contract.words import Language, OpenEnterpriseSize, OpenLanguage


class PersonRegistered(Event, type="person.registered.v1", topic=INTAKE):
    """Happens when a person is known for the first time; the reference is the subject's."""

    enterprise: str = ""
    language: OpenLanguage = Language.CHINESE
    recorded_by: str = ""
    """The official who wrote it down for them; empty when they did it themselves."""


class PersonChanged(Event, type="person.changed.v1", topic=INTAKE):
    """Happens when something of a person changed, perhaps their contact alone."""

    enterprise: str = ""
    language: OpenLanguage = Language.CHINESE
    recorded_by: str = ""


class PersonErased(Event, type="person.erased.v1", topic=INTAKE):
    """Happens when a person's key is deleted: nobody can read their contact any more, wherever it stands."""

    recorded_by: str = ""


class EnterpriseRegistered(Event, type="enterprise.registered.v1", topic=INTAKE):
    """Happens when an enterprise is known for the first time; its credit code is the subject's."""

    name: str
    trade: str = ""
    size: OpenEnterpriseSize | None = None
    district: str = ""
    contacts: tuple[str, ...] = ()
    """The references of the persons who speak for it."""
    revision: Number
    by: str


class EnterpriseChanged(Event, type="enterprise.changed.v1", topic=INTAKE):
    """Happens when something of an enterprise changed; says all that is known now."""

    name: str
    trade: str = ""
    size: OpenEnterpriseSize | None = None
    district: str = ""
    contacts: tuple[str, ...] = ()
    revision: Number
    by: str
