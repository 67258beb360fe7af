"""What somebody says becomes the command that stands on the topic: masked, sealed, and under references alone."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator

from services.intake.attachments.folder import RECEIPT, File
from services.intake.credit_codes import CREDIT_CODE_RULE, is_credit_code
from services.intake.issue.life import TAKEN_ON, Issue
from services.intake.issue.numbers import issue_id
from services.intake.issue.wording import version_of
from services.intake.sealing import Sealing, Spoken, Words, sealed_in
from shared.bus.gateway import DirectoryAt, Request
from shared.contract.attachments import MOST_ATTACHMENTS, Attachment
from shared.contract.commands.intake import (
    REFERENCE,
    AcceptIssue,
    AppealRejection,
    CorrectWords,
    GivenOccasion,
    NewestWords,
    RegisterIssue,
    SuppliedText,
    SupplyMaterial,
)
from shared.contract.event import (
    MAX_REASON_CHARS,
    MAX_TEXT_CHARS,
    MAX_TITLE_CHARS,
    NOT_BLANK,
    PRINCIPAL,
    FreeText,
    Round,
)
from shared.contract.words import Kind, Phase, Role, Source
from shared.domain.decisions import Reason, Refusal
from shared.domain.masking import masked
from shared.domain.rights import Asker
from shared.identity.references import References

M = TypeVar("M", bound=BaseModel)
SEALED = ("title", "text", "enterprise", "person", "occasion", "attachments")
"""Fields of a registration that are not on the command as they were said."""


class Occasion(BaseModel):
    """On which occasion an official was given the issue."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    called_from: str = Field(default="", max_length=30, pattern=r"^[0-9+() -]*$")
    """Hotline: the number called from; it is encrypted before anything else is done with it."""
    on: date | None = None
    """The date of a letter, or of a visit."""
    visited_by: str = Field(default="", max_length=80, pattern=PRINCIPAL)
    """The account of the liaison officer who visited."""
    id: str = Field(default="", max_length=90, pattern=r"^[\w-]*$")
    """Which talk, visit, monitoring point or deliberation."""


class Registration(BaseModel):
    """What an issue is raised with over HTTP."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Kind = Kind.PROBLEM
    origin: Source = Source.ONLINE
    title: FreeText = Field(min_length=1, max_length=MAX_TITLE_CHARS)
    text: FreeText = Field(min_length=1, max_length=MAX_TEXT_CHARS)
    enterprise: str = Field(default="", max_length=18)
    anonymous: StrictBool = False
    person: Annotated[str, Field(pattern=REFERENCE)] = ""
    """For whom an official writes it down, as a reference; empty for one's own."""
    occasion: Occasion | None = None
    phase: Phase | None = None
    urgent: StrictBool = False
    attachments: tuple[Annotated[str, Field(pattern=RECEIPT)], ...] = Field(
        default=(), max_length=MOST_ATTACHMENTS
    )
    """The receipts that the uploads of its files were answered."""

    @field_validator("title", "text")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be blank")
        return value


class Correction(BaseModel):
    """What should have been written down."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: FreeText = Field(min_length=1, max_length=MAX_TITLE_CHARS, pattern=NOT_BLANK)
    text: FreeText = Field(min_length=1, max_length=MAX_TEXT_CHARS, pattern=NOT_BLANK)


class Appealing(BaseModel):
    """Why somebody appeals against a rejection."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    reason: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS, pattern=NOT_BLANK)


class Supplying(BaseModel):
    """What somebody answers a department."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    request: Round
    text: FreeText = Field(min_length=1, max_length=MAX_TEXT_CHARS, pattern=NOT_BLANK)
    attachments: tuple[Annotated[str, Field(pattern=RECEIPT)], ...] = Field(
        default=(), max_length=MOST_ATTACHMENTS
    )
    """The receipts that the uploads of its files were answered."""


def brought_to(body: Registration) -> str:
    """The talk to which an entrepreneur brings this as a question; "" where it is none."""
    if body.origin is not Source.TALK or body.phase is not Phase.BEFORE or body.occasion is None:
        return ""
    return body.occasion.id


class Registering:
    """Makes the commands of one jurisdiction's intake from what is said there."""

    def __init__(
        self, jurisdiction: str, references: References, sealing: Sealing, directory: DirectoryAt
    ) -> None:
        """``directory`` says which phone numbers are public: these are not masked."""
        self._jurisdiction, self._references, self._sealing = jurisdiction, references, sealing
        self._directory = directory

    async def request(
        self, body: Registration, asker: Asker, key: str, files: tuple[File, ...] = ()
    ) -> Request | Refusal:
        """The command of a registration; raises Erased where the key of its words was erased.

        ``asker`` is an entrepreneur by the person's own reference, or an official; ``key`` makes it the same issue when
        it is sent again.
        """
        references, own = self._references, asker.account if asker.role == Role.ENTREPRENEUR else ""
        enterprise = body.enterprise.strip().upper()
        if enterprise and not is_credit_code(enterprise):
            return Refusal(Reason.WRONG_CREDIT_CODE, f"enterprise: {CREDIT_CODE_RULE}")
        if own and body.person:
            return Refusal(Reason.WRONG_ROLE, "person: an entrepreneur speaks for nobody else")
        # What came from a visit or a talk is never rejected; who takes part in a talk is known to the gateway.
        if own and body.origin is not Source.ONLINE and not brought_to(body):
            return Refusal(Reason.WRONG_ROLE, "origin: only officials write down what came by another way")
        # Asked once anonymously and once not under one key, these are two issues: or the second would name the first.
        who = f"{own or asker.actor}/anonymous" if body.anonymous else own or asker.actor
        issue = issue_id(references.digest, self._jurisdiction, who, key)
        command = await self.command(issue, own or body.person, body)
        if files:
            listed = tuple(self._listed(issue, file) for file in files)
            command = command.model_copy(update={"attachments": listed})
        if own:
            asker = asker._replace(account=references.on_issue(issue, own, anonymous=body.anonymous))
        return Request(issue, command, "http", asker.actor, f"register/{issue}")

    async def command(
        self, issue: str, person: str, body: Registration, at: datetime | None = None
    ) -> RegisterIssue:
        """What this person said as it stands on the topic; for whom it is written down by reference."""
        heard, count = self._masked(body, at)
        enterprise = body.enterprise.strip().upper()
        private = {"raised_by": person, "enterprise": enterprise} if body.anonymous else {}
        spoken = Spoken(
            Words(heard.title, heard.text),
            Words(body.title, body.text) if count else None,
            body.occasion.called_from if body.occasion else "",
            private,
        )
        given = body.model_dump(exclude_unset=True, exclude=set(SEALED))
        if body.occasion is not None:
            said = body.occasion.model_dump(exclude_unset=True, exclude={"called_from"})
            given |= {"occasion": GivenOccasion(**said)}
        if enterprise and not body.anonymous:
            given |= {"enterprise": enterprise}
        if body.person:
            reference = self._references.on_issue(issue, person, anonymous=body.anonymous)
            given |= {"person": reference}
        sealed = await self._sealing.seal(issue, person, spoken)
        return RegisterIssue(words=sealed, **given, **({"masked": count} if count else {}))

    async def acceptance(self, issue: str, known: Issue) -> AcceptIssue:
        """The acceptance of an issue with its words and the newest correction; raises Erased where they are gone."""
        words = await self._sealing.words(issue, known.words.words)
        said: dict[str, Any] = {"title": words.title, "text": words.text}
        if known.corrections:
            newest = await self._sealing.words(issue, known.corrections[-1].words)
            said["corrected"] = NewestWords(version=version_of(known), **newest._asdict())
        if known.supplied:
            said["supplied"] = await self.supplied(issue, known)
        return AcceptIssue(**said)

    async def supplied(self, issue: str, known: Issue) -> tuple[SuppliedText, ...]:
        """What was supplied before the acceptance, plain; raises Erased where it is gone."""
        texts = [await self._sealing.opened(issue, one.text) for one in known.supplied]
        return tuple(
            SuppliedText(request=one.request, text=text)
            for one, text in zip(known.supplied, texts, strict=True)
        )

    async def correction(self, issue: str, known: Issue, body: Correction) -> CorrectWords:
        """A correction as it stands on the topic: sealed, and masked beside it once the issue was taken on."""
        heard, count = self._masked(body, None)
        words = Words(heard.title, heard.text)
        original = Words(body.title, body.text) if count else None
        before = await self._sealing.everything(issue, known.person, sealed_in(known))
        person = before.private.get("raised_by", known.person)
        sealed = await self._sealing.seal(issue, person, Spoken(words, original))
        plain = words._asdict() if known.state in TAKEN_ON else {}
        return CorrectWords(words=sealed, **plain, **({"masked": count} if count else {}))

    async def appeal(self, issue: str, body: Appealing) -> AppealRejection:
        """An appeal as it stands on the topic; raises Erased where the issue's words are gone."""
        heard, _ = self._masked(body, None)
        return AppealRejection(reason=await self._sealing.text(issue, heard.reason.strip()))

    async def material(
        self, issue: str, known: Issue, body: Supplying, files: tuple[File, ...]
    ) -> SupplyMaterial:
        """An answer as it stands on the topic: the gateway masks its words, as all words of an issue taken on; before
        that they are sealed. Raises Erased where the issue's words are gone."""
        listed = tuple(self._listed(issue, file) for file in files)
        if known.state in TAKEN_ON:
            return SupplyMaterial(request=body.request, text=body.text, attachments=listed)
        heard, _ = self._masked(body, None)
        sealed = await self._sealing.text(issue, heard.text.strip())
        return SupplyMaterial(request=body.request, sealed=sealed, attachments=listed)

    def accepted(self, body: Registration, at: datetime) -> AcceptIssue:
        """The acceptance of what is said in the same step of history."""
        heard, _ = self._masked(body, at)
        return AcceptIssue(title=heard.title, text=heard.text)

    def _listed(self, issue: str, file: File) -> Attachment:
        """A file as an issue lists it: by hash and size it cannot be known again on another one."""
        hash = self._references.attachment(issue, file.sha256)
        return Attachment(hash=hash, media_type=file.media_type, bytes=1 << (file.bytes - 1).bit_length())

    def _masked(self, body: M, at: datetime | None) -> tuple[M, int]:
        return masked(body, lambda: self._directory(at or datetime.now(UTC)).phones())
