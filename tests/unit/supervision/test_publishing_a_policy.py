"""Publishing a version of the policy: who may, under which name, from when."""

from datetime import datetime, timedelta

from services.supervision.builtin import BEGINNING, builtin_policy, first_commands
from services.supervision.consumer import consumer
from services.supervision.policy.decisions import digest_of, publish
from services.supervision.policy.life import PublishedPolicies
from shared.contract.commands.supervision import PublishPolicy
from shared.contract.events.supervision import PolicyPublished
from shared.domain.clocks import Limit, Policy
from shared.domain.decisions import Change, Context, Reason, Refusal
from shared.domain.reference import Reference
from tests.unit.one_aggregate import MONDAY, OneAggregate, after
from tests.unit.reference import JURISDICTION, builtin_reference

SUBJECT = "policy:huzhou"
FIRST = builtin_policy()


def policy(version: str, assign: str = "1wd") -> Policy:
    return FIRST.model_copy(update={"version": version, "limits": {**FIRST.limits, "assign": Limit(assign)}})


def started() -> OneAggregate:
    """The policy of a jurisdiction with the built-in version published."""
    aggregate = OneAggregate(consumer(JURISDICTION), SUBJECT)
    ((subject, command), *_) = first_commands(JURISDICTION, FIRST)
    assert subject == SUBJECT
    assert aggregate.ask(command, MONDAY, "system:first-start")["status"] == "done"
    return aggregate


def decide(
    state: PublishedPolicies | None,
    command: PublishPolicy,
    actor: str = "supervisor:chen",
    at: datetime = MONDAY,
) -> Change[PublishedPolicies] | Refusal:
    return publish(state, command, Context(SUBJECT, at, builtin_reference(), actor))


def test_the_first_version_may_hold_from_the_beginning() -> None:
    aggregate = started()
    published = PolicyPublished(version="default-1", in_force_from=BEGINNING, policy=FIRST, by="first-start")
    assert aggregate.events == [published]
    assert aggregate.state == PublishedPolicies(versions=(("default-1", digest_of(FIRST)),), last="default-1")


def test_a_version_holds_from_now_where_no_instant_is_named_and_says_whom_it_concerns() -> None:
    aggregate = started()
    outcome = aggregate.ask(PublishPolicy(policy=policy("two")), after(days=1), "supervisor:chen")
    assert outcome["status"] == "done"
    assert (outcome["version"], outcome["in_force_from"]) == ("two", "2026-03-03T01:00:00.000Z")
    assert "running clocks keep" in outcome["remark"]
    event = aggregate.events[-1]
    assert isinstance(event, PolicyPublished)
    assert (event.version, event.in_force_from, event.by) == ("two", after(days=1), "chen")
    assert (event.policy, aggregate.state.last) == (policy("two"), "two")


def test_the_version_published_is_the_one_that_is_in_force_from_its_instant_on() -> None:
    aggregate, reference = started(), Reference()
    aggregate.ask(
        PublishPolicy(policy=policy("two"), in_force_from=after(days=5)), MONDAY, "administrator:wu"
    )
    for event in aggregate.events:
        reference.learn(SUBJECT, event)
    assert reference.policies.at(after(days=5) - timedelta(milliseconds=1)) == FIRST
    assert reference.policies.at(after(days=5)) == reference.policies.named("two") == policy("two")


def test_the_same_version_again_changes_nothing_whenever_it_is_to_hold() -> None:
    aggregate = started()
    before = aggregate.state
    again = PublishPolicy(policy=FIRST, in_force_from=BEGINNING)
    outcome = aggregate.ask(again, after(days=9), "system:first-start")
    assert outcome == {"status": "done", "version": "default-1", "unchanged": True}
    assert aggregate.state == before
    assert len(aggregate.events) == 1


def test_the_same_content_in_another_order_is_the_same_version() -> None:
    turned = FIRST.model_copy(update={"limits": dict(reversed(FIRST.limits.items()))})
    change = decide(started().state, PublishPolicy(policy=turned))
    assert isinstance(change, Change)
    assert change.messages == ()


def test_an_older_version_again_says_that_the_later_one_stays() -> None:
    aggregate = started()
    aggregate.ask(PublishPolicy(policy=policy("two")), MONDAY, "supervisor:chen")
    outcome = aggregate.ask(PublishPolicy(policy=FIRST), MONDAY, "supervisor:chen")
    assert outcome["unchanged"] is True
    assert "two" in outcome["remark"]
    assert aggregate.state.last == "two"


def test_another_content_under_a_name_that_is_taken_is_refused() -> None:
    refusal = decide(started().state, PublishPolicy(policy=policy("default-1", "3wd")))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.ALREADY_PUBLISHED
    assert "default-1" in refusal.detail


def test_a_later_version_cannot_hold_from_the_past() -> None:
    state = started().state
    moment = timedelta(milliseconds=1)
    past = decide(state, PublishPolicy(policy=policy("two"), in_force_from=MONDAY - moment))
    assert isinstance(past, Refusal)
    assert past.reason is Reason.DATE_PAST
    assert isinstance(decide(state, PublishPolicy(policy=policy("two"), in_force_from=MONDAY)), Change)


def test_a_command_delivered_twice_publishes_once() -> None:
    aggregate = started()
    record = aggregate.command(PublishPolicy(policy=policy("two")), MONDAY, "supervisor:chen", "key-1")
    outcome = aggregate.answer(record)
    assert aggregate.answer(record) == outcome
    assert len(aggregate.events) == 2
