"""A policy file: read, and compared field by field with the policy that is published."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import httpx
from pydantic import TypeAdapter, ValidationError

from services.cli.reference.versions import Published, Version, read_published
from shared.contract.events.supervision import PolicyPublished
from shared.contract.subjects import subject_of
from shared.domain.clocks import CompletePolicy, Policy
from shared.domain.steps import Step
from shared.handwritten import WrongFile, faults_of, read_object

COMPLETE: TypeAdapter[Policy] = TypeAdapter(CompletePolicy)
REACHES_RUNNING = "running clocks whose dates it moves are recalculated by it"
NEW_CLOCKS_ONLY = (
    "it holds for clocks that start from now on; running clocks keep the version they began with"
)


def read_policy(path: Path) -> Policy:
    """The policy in a file; raises WrongFile naming each wrong field and what would be right."""
    try:
        return COMPLETE.validate_python(read_object(path))
    except ValidationError as error:
        raise WrongFile(faults_of(error, str(path))) from None


def wanted(client: httpx.Client, path: Path, policy: Policy) -> tuple[str, str]:
    """The subject, and the version that is published last, "" before the first one.

    Raises WrongFile where this policy's version is published with another content.
    """
    published = read_published(client)
    jurisdiction = published.jurisdiction()
    check_version(path, policy, published_policies(published, jurisdiction))
    newest = published.newest(subject_of("policy", jurisdiction))
    return subject_of("policy", jurisdiction), "" if newest is None else newest.version


def policy_in_force(published: Published, jurisdiction: str, now: datetime) -> tuple[Version, Policy] | None:
    """The version in force and what it says; None before the first one."""
    version = published.in_force(subject_of("policy", jurisdiction), now)
    return None if version is None else (version, PolicyPublished.read(version.data).policy)


def published_policies(published: Published, jurisdiction: str) -> Iterator[Policy]:
    """Every version of the policy that is published."""
    for version in published.of(subject_of("policy", jurisdiction)):
        yield PolicyPublished.read(version.data).policy


def check_version(path: Path, policy: Policy, published: Iterable[Policy]) -> None:
    """Raise WrongFile where the file's version is published with another content: a name means one content for ever."""
    if any(one.version == policy.version and one != policy for one in published):
        raise WrongFile(
            [
                f"{path}, field version: {policy.version!r} is published already with other content; "
                "give what you changed a version of its own"
            ]
        )


def compare(before: Policy | None, after: Policy) -> dict[str, tuple[str | None, str | None]]:
    """Field -> (published, in the file) of every field that differs; None where a side lacks it."""
    was, is_ = {} if before is None else flat(before), flat(after)
    names = [*was, *(name for name in is_ if name not in was)]
    return {name: (was.get(name), is_.get(name)) for name in names if was.get(name) != is_.get(name)}


def flat(policy: Policy) -> dict[str, str]:
    """Every field of a policy by its path, as people read it: ``limits.promise`` -> ``10wd``."""
    hours = ", ".join(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in policy.office_hours)
    return {
        "version": policy.version,
        "office_hours": hours,
        "office_day_end": f"{policy.office_day_end:%H:%M}",
        **{f"limits.{name}": str(limit) for name, limit in policy.limits.items()},
        **{f"warnings.{name}": ", ".join(thresholds) for name, thresholds in policy.warnings.items()},
        **{f"ladder.{step.step}.{step.name}": _of_step(step) for step in policy.steps},
        "grace_seconds": str(policy.grace_seconds),
    }


def _of_step(step: Step) -> str:
    """What a step says besides its number and name, without what is empty."""
    said = step.model_dump(mode="json", exclude={"step", "name"}, exclude_defaults=True)
    return "; ".join(
        f"{name} {', '.join(value) if isinstance(value, list | tuple) else value}"
        for name, value in said.items()
    )
