"""What the office asks who raised an issue before it takes it on, and what comes of that: an answer, or time is over.

Source: loop.md, registered and awaiting_material. No clock waits for it: the promise is what the raiser was told.
"""

from dataclasses import replace

from services.intake.issue.life import Issue, Question, State, Supplied
from services.intake.issue.moving import asked, moved
from services.intake.issue.numbers import issue_number
from shared.contract.attachments import OpenAttachment
from shared.contract.commands.intake import AcceptIssue, AskMaterial, SupplyMaterial
from shared.contract.commands.notices import PrepareNotice
from shared.contract.events.intake import MaterialAsked, MaterialLapsed, MaterialReceived
from shared.contract.events.intake import Supplied as SuppliedText
from shared.contract.words import Occurrence, Role
from shared.domain.clocks import due_at
from shared.domain.decisions import Change, Context, Deadline, Reason, Refusal
from shared.domain.notices import tell

MATERIAL = "material/"
"""How the name of its deadline begins."""
MOST_ASKED = 3
"""How often one issue may be asked for material: what is not clear then is decided on what there is."""


def ask(issue: Issue | None, command: AskMaterial, context: Context) -> Change[Issue] | Refusal:
    """The office asks, one question at a time; without an answer it ends after five working days, by policy."""
    known = asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    words = command.words.strip()
    if not words:
        return Refusal(Reason.MALFORMED, "words: say what is to be supplied")
    if known.material_asked >= MOST_ASKED:
        rule = f"material was asked for {MOST_ASKED} times: decide on what there is"
        return Refusal(Reason.TOO_MANY, rule)
    request = known.material_asked + 1
    ends_at = due_at(context.now, context.policy.pause_limit, context.policy, context.calendar).at
    question = Question(request=request, department="", words=words, ends_at=ends_at)
    happened = MaterialAsked(request=request, words=words, ends_at=ends_at, by=context.principal)
    change = moved(known, command.verb, happened)
    after = change.state.model_copy(update={"question": question, "material_asked": request})
    return Change(after, change.messages, {**change.outcome, "request": request})


def ask_and_notify(issue: Issue | None, command: AskMaterial, context: Context) -> Change[Issue] | Refusal:
    """The same, and who raised it is told by mail; not of an anonymous issue, as of its reply (reactions.py)."""
    change = ask(issue, command, context)
    if isinstance(change, Refusal) or change.state.anonymous:
        return change
    about = {"about": Occurrence.QUESTION, "to": change.state.person}
    notice = tell(PrepareNotice, context, {"number": issue_number(context.subject), **about})
    return replace(change, messages=(*change.messages, notice))


def receive(issue: Issue, command: SupplyMaterial, context: Context) -> Change[Issue] | Refusal:
    """The answer to the office: sealed until the issue is taken on, its files listed at once."""
    question = issue.question
    assert question is not None  # by the state
    if command.request != question.request:
        return Refusal(
            Reason.STALE_REQUEST, f"what is asked now is question {question.request}: {question.words}"
        )
    if not command.sealed:
        return Refusal(Reason.STALE_WORDS, "it was not taken on yet: send the answer once more")
    files = tuple(OpenAttachment(**dict(file)) for file in command.attachments)
    added = tuple(file for file in files if file.hash not in {one.hash for one in issue.attachments})
    one = Supplied(request=question.request, question=question.words, text=command.sealed)
    after = {"supplied": (*issue.supplied, one), "attachments": (*issue.attachments, *added)}
    happened = MaterialReceived(
        request=question.request,
        attachments=files,
        person=issue.person,
        by="" if context.role == Role.ENTREPRENEUR else context.principal,
    )
    change = moved(issue.model_copy(update=after), command.verb, happened)
    return Change(change.state, change.messages, {**change.outcome, "request": question.request})


def supplied_in(issue: Issue, command: AcceptIssue) -> tuple[SuppliedText, ...] | Refusal:
    """What was supplied, plain, as it goes out with an acceptance; a refusal where more came meanwhile."""
    texts = {one.request: one.text for one in command.supplied}
    if [*texts] != [one.request for one in issue.supplied]:
        return Refusal(Reason.STALE_WORDS, "material was supplied meanwhile: read it first")
    return tuple(
        SuppliedText(request=one.request, question=one.question, text=texts[one.request])
        for one in issue.supplied
    )


def end(issue: Issue) -> Deadline | None:
    """The end of the office's question; it depends on intake's own commands, so there is no grace."""
    if issue.state is not State.AWAITING_MATERIAL or issue.question is None:
        return None
    ends_at = issue.question.ends_at
    return Deadline(f"{MATERIAL}{issue.question.request}/over/1", ends_at, ends_at)


def lapse(issue: Issue, deadline: Deadline, context: Context) -> Change[Issue]:
    """Nothing was supplied in time; void before that."""
    if end(issue) != deadline or context.now < deadline.at:
        return Change(issue)
    assert issue.question is not None  # the deadline is its end
    return moved(issue, "lapse_material", MaterialLapsed(request=issue.question.request))
