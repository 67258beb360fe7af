"""`qinqing policy`: limits, warnings and office hours: import a version, show it, compare a file with it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from services.cli.asking import fail, local
from services.cli.display import Terminal, new_table, print_json
from services.cli.system import DEFAULT_DATA, DataOption, JsonOption

app = typer.Typer(
    help="The policy: limits, warnings, office hours, published in versions.", no_args_is_help=True
)

FileArgument = Annotated[
    Path, typer.Argument(help="JSON: version, limits of every clock, warnings, office_hours, grace_seconds.")
]


RunningOption = Annotated[
    bool, typer.Option("--running", help="Clocks that run already are recalculated by it too.")
]


@app.command()
def preview(file: FileArgument, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Which due dates of running clocks a policy would move with --running, and whose; nothing is published."""
    from services.cli.impact import show_impact
    from services.cli.reference import policy
    from services.cli.reference.owner import owner, wrong_file_ends
    from shared.contract.commands.supervision import PublishPolicy

    with wrong_file_ends(as_json):
        wanted = policy.read_policy(file)
    with owner("supervision", data, as_json) as client:
        policy.wanted(client, file, wanted)
    show_impact(PublishPolicy(policy=wanted, applies_to_running=True), data, as_json)


@app.command("import")
def import_(
    file: FileArgument,
    running: RunningOption = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Publish a version of the policy, for clocks that start from now on, or with --running for all."""
    from services.cli.reference import policy
    from services.cli.reference.owner import owner, wrong_file_ends
    from services.cli.reference.publishing import publish, wait_until_known
    from shared.contract.commands.supervision import PublishPolicy

    with wrong_file_ends(as_json):
        wanted = policy.read_policy(file)
    with owner("supervision", data, as_json) as client:
        subject, after = policy.wanted(client, file, wanted)
        outcome = publish(client, subject, PublishPolicy(policy=wanted, applies_to_running=running), after)
        wait_until_known(client, [(subject, wanted.version)])
    unchanged = bool(outcome.get("unchanged"))
    remark = policy.REACHES_RUNNING if running else policy.NEW_CLOCKS_ONLY
    if as_json:
        facts = {"version": wanted.version, "unchanged": unchanged, "remark": remark}
        print_json({**facts, **outcome})
        return
    console = Terminal(soft_wrap=True)
    if unchanged:
        said = outcome.get("remark") or "nothing to publish: it is published like this"
        console.print(f"未变 / unchanged: version {wanted.version}; {said}")
        return
    console.print(f"已发布 / published: policy version {wanted.version}; {remark}")


@app.command()
def diff(file: FileArgument, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """A policy file beside the policy that is in force now; nothing is changed."""
    from services.cli.reference import policy
    from services.cli.reference.owner import owner, wrong_file_ends
    from services.cli.reference.versions import read_published

    with wrong_file_ends(as_json):
        wanted = policy.read_policy(file)
    with owner("supervision", data, as_json) as client:
        published = read_published(client)
        jurisdiction = published.jurisdiction()
        known = policy.policy_in_force(published, jurisdiction, datetime.now(UTC))
        policy.check_version(file, wanted, policy.published_policies(published, jurisdiction))
    found = policy.compare(known[1] if known else None, wanted)
    if as_json:
        fields = {name: {"published": was, "file": now} for name, (was, now) in found.items()}
        print_json({"version": known[0].version if known else None, "fields": fields})
        return
    table = new_table("field", "已发布 / published", "文件 / file", whole=("field",))
    for name, (was, now) in found.items():
        table.add_row(name, was or "-", now or "-")
    Terminal().print(table if found else "没有差别 / no difference")


@app.command()
def show(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """The policy that is in force now."""
    from services.cli.reference import policy
    from services.cli.reference.owner import owner
    from services.cli.reference.versions import read_published

    with owner("supervision", data, as_json) as client:
        published = read_published(client)
        known = policy.policy_in_force(published, published.jurisdiction(), datetime.now(UTC))
    if known is None:
        fail("没有生效的政策 / no policy is in force yet", as_json)
    version, current = known
    if as_json:
        facts = {"version": version.version, "in_force_from": version.in_force_from.isoformat()}
        print_json({**facts, "policy": current.model_dump(mode="json")})
        return
    table = new_table("field", "value", title=f"生效 / in force from {local(version.in_force_from)}")
    for name, value in policy.flat(current).items():
        table.add_row(name, value)
    Terminal().print(table)
