"""What may be asked of intake about persons and enterprises; a person's contact comes encrypted, and only so."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.command import Command
from shared.contract.event import FREE_TEXT, Number
from shared.contract.words import EnterpriseSize, Language, Means

MAX_NAME_CHARS = 100
REFERENCE = r"^[\w.@-]{1,90}$"
"""A person as commands and events name them."""

Sealed = Annotated[str, Field(min_length=40, max_length=2_000, pattern=r"^[\w=-]+$")]
"""Something encrypted under a person's own key; nothing that people write has this form."""
Name = Annotated[str, FREE_TEXT, Field(max_length=MAX_NAME_CHARS)]
Code = Annotated[str, Field(max_length=18)]
Channels = Annotated[tuple[Means, ...], Field(max_length=len(Means))]
Persons = Annotated[tuple[Annotated[str, Field(pattern=REFERENCE)], ...], Field(max_length=50)]


class Described(BaseModel):
    """What everybody with the right may read of a person: for whom they speak, and how they want to be told."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    enterprise: Code = ""
    """The unified social credit code; empty for who speaks for a chamber, a trade, or alone."""
    chamber: Name = ""
    trade: Name = ""
    language: Language = Language.CHINESE
    channels: Channels = ()


class Redescribed(BaseModel):
    """The same where it changes: what is left out stays."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    enterprise: Code | None = None
    chamber: Annotated[str | None, FREE_TEXT, Field(max_length=MAX_NAME_CHARS)] = None
    trade: Annotated[str | None, FREE_TEXT, Field(max_length=MAX_NAME_CHARS)] = None
    language: Language | None = None
    channels: Channels | None = None


class RegisterPerson(Command, Described, type="intake.person.register.v1", service="intake", kind="person"):
    """Register a person, whose contact is encrypted under a key of their own (企业家登记)."""

    name: Sealed
    phone: Sealed
    mail: Sealed


class ChangePerson(Command, Redescribed, type="intake.person.change.v1", service="intake", kind="person"):
    """Change what is known of a person; what is left out stays."""

    name: Sealed | None = None
    phone: Sealed | None = None
    mail: Sealed | None = None


class ErasePerson(Command, type="intake.person.erase.v1", service="intake", kind="person"):
    """Forget a person's contact for good, after their key is deleted (删除个人信息); asked again, it is done again."""


class RecordEnterprise(Command, type="intake.enterprise.record.v1", service="intake", kind="enterprise"):
    """Write down an enterprise, or change what is known of it (企业登记)."""

    name: Name = Field(min_length=1)
    trade: Name = ""
    size: EnterpriseSize | None = None
    district: Name = ""
    contacts: Persons | None = None
    """The persons who speak for it; left out, they stay."""
    revision: Number = 0
    """Which one was read: 0 for a new enterprise. Another one than the present is refused, as somebody changed it."""
