"""What intake decides about a person: register, change, erase. It sees no contact, only what was encrypted."""

from services.intake.credit_codes import CREDIT_CODE_RULE, is_credit_code
from services.intake.person.life import MOVES, NOTHING, Contact, Person, State
from shared.contract.commands.people import ChangePerson, ErasePerson, RegisterPerson
from shared.contract.event import Event
from shared.contract.events.people import PersonChanged, PersonErased, PersonRegistered
from shared.contract.subjects import id_of
from shared.contract.words import Role
from shared.domain.decisions import Change, Context, Reason, Refusal, event, illegal, legal_verbs

OPEN = ("enterprise", "chamber", "trade", "language", "channels")
SEALED = ("name", "phone", "mail")


def register(person: Person | None, command: RegisterPerson, context: Context) -> Change[Person] | Refusal:
    """Know a person from now on."""
    if person is not None:
        return Refusal(Reason.ALREADY_REGISTERED, legal=legal_verbs(MOVES, person.state))
    registered = Person(
        state=State(MOVES[(NOTHING, command.verb)]),
        reference=id_of(context.subject),
        recorded_by=_official(context),
        contact=Contact(name=command.name, phone=command.phone, mail=command.mail),
        enterprise=command.enterprise.strip().upper(),
        chamber=command.chamber,
        trade=command.trade,
        language=command.language,
        channels=command.channels,
        registered_at=context.now,
    )
    if (wrong := _wrong_code(registered)) is not None:
        return wrong
    happened = PersonRegistered(
        enterprise=registered.enterprise, language=command.language, recorded_by=_official(context)
    )
    return _changed(registered, context, happened)


def change(person: Person | None, command: ChangePerson, context: Context) -> Change[Person] | Refusal:
    """Take over what the command names; what it leaves out stays, and the same again changes nothing."""
    known = _asked(person, command.verb)
    if isinstance(known, Refusal):
        return known
    named = {name: value for name in OPEN if (value := getattr(command, name)) is not None}
    if "enterprise" in named:
        named["enterprise"] = named["enterprise"].strip().upper()
    sealed = {name: value for name in SEALED if (value := getattr(command, name)) is not None}
    contact = known.contact and known.contact.model_copy(update=sealed)
    changed = known.model_copy(update={**named, "contact": contact})
    if changed == known:
        return Change(known, outcome={**_outcome(known, context), "unchanged": True})
    if (wrong := _wrong_code(changed)) is not None:
        return wrong
    happened = PersonChanged(
        enterprise=changed.enterprise,
        language=changed.language or "",
        recorded_by=_official(context),
    )
    return _changed(changed, context, happened)


def erase(person: Person | None, command: ErasePerson, context: Context) -> Change[Person] | Refusal:
    """Forget everything but that there was somebody; their key is deleted before this is asked."""
    if person is not None and person.state is State.ERASED:
        return Change(person, outcome={**_outcome(person, context), "unchanged": True})
    erased = Person(
        state=State(MOVES[(person.state if person else NOTHING, command.verb)]),
        reference=id_of(context.subject),
        registered_at=person and person.registered_at,
        erased_at=context.now,
    )
    return _changed(erased, context, PersonErased(recorded_by=_official(context)))


def _asked(person: Person | None, verb: str) -> Person | Refusal:
    if person is None:
        return Refusal(Reason.UNKNOWN_PERSON, legal=legal_verbs(MOVES, NOTHING))
    return person if (person.state, verb) in MOVES else illegal(MOVES, person.state, verb)


def _wrong_code(person: Person) -> Refusal | None:
    if not person.enterprise or is_credit_code(person.enterprise):
        return None
    return Refusal(Reason.WRONG_CREDIT_CODE, f"enterprise: {CREDIT_CODE_RULE}")


def _official(context: Context) -> str:
    """Who writes it down for somebody else; empty when entrepreneurs speak for themselves."""
    return "" if context.role == Role.ENTREPRENEUR else context.principal


def _changed(person: Person, context: Context, happened: Event) -> Change[Person]:
    return Change(person, (event(happened),), _outcome(person, context))


def _outcome(person: Person, context: Context) -> dict[str, str]:
    return {"state": person.state.value, "person": id_of(context.subject)}
