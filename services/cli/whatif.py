"""`qinqing whatif`: the same history under another policy or calendar, in memory: what would have been different."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Self

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.cli.asking import fail, instant, local, need_namespace, need_system
from services.cli.display import Terminal, print_json, unreadable
from services.cli.namespaces import NamespaceOption
from services.cli.system import DEFAULT_DATA, WRONG_USE, DataOption, JsonOption, RunningSystem, data_option

if TYPE_CHECKING:
    from services.cli.supposing.comparing import Compared, Comparison
    from services.cli.supposing.files import Files
    from services.cli.supposing.log import Log
    from services.cli.supposing.rules import Rules
    from services.cli.supposing.showing import Opening

SETTLED = timedelta(minutes=1)
"""What fell due later than so long ago may not be on record yet: timers look every five seconds."""


def whatif(
    policy: Annotated[
        Path | None, typer.Option(help="The other policy: JSON, as `qinqing policy import` takes it.")
    ] = None,
    calendar: Annotated[
        Path | None, typer.Option(help="One year's other notice: CSV, as `qinqing calendar import` takes it.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="What began before this instant keeps its terms.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Look no further than this instant; default: now, or a replay's end.")
    ] = None,
    most: Annotated[int, typer.Option(min=0, help="How many issues are listed; --json has all.")] = 20,
    of: Annotated[
        str | None,
        typer.Option(help="List the issues behind one number alone: promise, step-4, on_time_reply, ..."),
    ] = None,
    namespace: NamespaceOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Which breaches, steps and rates would have been different under other rules; nothing is changed."""
    from services.cli.reference.owner import wrong_file_ends
    from services.cli.supposing.files import Files
    from services.cli.supposing.showing import facts
    from shared.domain.reference import BEGINNING

    if policy is None and calendar is None:
        fail("name the other rules: --policy FILE, --calendar FILE, or both", as_json, WRONG_USE)
    begins = BEGINNING if since is None else instant("--since", since, as_json)
    ends = None if until is None else instant("--until", until, as_json)
    with wrong_file_ends(as_json):
        files = Files.read(policy, calendar)
    system = need_system(data, as_json)
    asyncio.run(need_namespace(system.kafka_bootstrap, namespace, as_json))
    found = _found(system.kafka_bootstrap, namespace, files, begins, ends, as_json)
    listed = _listed(found.comparison, of, as_json)
    opening = _opening(system, namespace, data)
    if as_json:
        print_json(_about(found) | facts(found.comparison, listed, opening))
    else:
        _print(found, listed, opening, most)


class _Found(NamedTuple):
    """What was compared: which log, by which rules, up to which instant."""

    log: "Log"
    rules: "Rules"
    until: datetime
    comparison: "Comparison"


def _found(
    bootstrap: str, namespace: str, files: "Files", since: datetime, until: datetime | None, as_json: bool
) -> _Found:
    """Read the log and play it; ends the command where the files do not fit it."""
    from services.cli.reference.owner import wrong_file_ends
    from shared.settings import is_history

    history = is_history(namespace)
    with _Bar() as bar, wrong_file_ends(as_json):
        log = bar.read(bootstrap, namespace)
        end = log.last if history else datetime.now(UTC) - SETTLED
        end = end if until is None else min(end, until)
        if since > end:
            what = f"--since: {local(since)} is after {local(end)}, the last instant that is looked at"
            fail(what, as_json, WRONG_USE)
        rules = files.rules(log.reference, since, history=history)
        return _Found(log, rules, end, bar.compare(log, rules, end))


class _Bar:
    """How far it is, on stderr, where somebody looks at that."""

    def __init__(self) -> None:
        console = Terminal(stderr=True)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._bar.stop()

    def read(self, bootstrap: str, namespace: str) -> "Log":
        """The log, with the number of its events counting up."""
        from services.cli.supposing.log import read_log

        return asyncio.run(read_log(bootstrap, namespace, partial(self._say, "读取事件 / events read")))

    def compare(self, log: "Log", rules: "Rules", until: datetime) -> "Comparison":
        """The comparison, with the number of issues counting up."""
        from services.cli.supposing.comparing import compare

        return compare(log, rules, until, partial(self._say, "重演问题 / issues played"))

    def _say(self, what: str, count: int) -> None:
        if count % 100 == 0:
            self._bar.update(self._task, description=f"{what}: {count:,}")


def _opening(system: RunningSystem, namespace: str, data: Path) -> "Opening":
    from services.cli.supposing.showing import Opening

    where = f" --namespace {namespace}" if namespace else ""
    follow = f"qinqing follow issue {{}} --once{where}{data_option(data)}"
    return Opening("" if namespace else system.portal_url, follow)


def _listed(found: "Comparison", of: str | None, as_json: bool) -> "list[Compared]":
    """The issues that differ, or those of them that are behind one number."""
    from services.cli.supposing.showing import behind

    if of is None:
        return found.differing
    numbers = behind(found)
    if of not in numbers:
        fail(f"--of: there is no number {of!r}; there are {', '.join(numbers)}", as_json, WRONG_USE)
    return [one for one in found.differing if one.subject in numbers[of]]


def _about(found: _Found) -> dict[str, Any]:
    """What was compared, as JSON; ``since`` is None for all of history."""
    from shared.domain.reference import BEGINNING

    log, rules, until, _ = found
    return {
        "policy": rules.policy and rules.policy.version,
        "calendar": rules.calendar and rules.calendar.version,
        "since": rules.since.isoformat() if rules.since > BEGINNING else None,
        "until": until.isoformat(),
        "events": log.events,
        "unreadable": log.unreadable,
    }


def _print(result: _Found, listed: "list[Compared]", opening: "Opening", most: int) -> None:
    from services.cli.supposing.showing import UNCHANGED, issues, numbers

    log, _, until, found = result
    terminal, plain = Terminal(), Terminal(soft_wrap=True)
    counts = f"{log.events:,} events, {found.issues:,} issues, {found.deadlines:,} deadlines"
    plain.print(f"截至 / as of {local(until)}: {counts}; nothing was changed")
    for table in numbers(found):
        terminal.print(table)
    if found.moved:
        plain.print(f"期限有变的问题 / issues of which a due date is another one: {found.moved:,}")
    if not found.differing:
        plain.print(UNCHANGED)
    elif not listed:
        plain.print("那个数字没有变 / that number is the same in every issue")
    elif most:
        terminal.print(issues(listed, opening, most))
        if (more := len(listed) - most) > 0:
            plain.print(f"还有 {more:,} 件 / {more:,} more; --most N or --json shows them")
        plain.print(f"打开 / open: {opening.command('NUMBER')}")
    if found.unplayed:
        plain.print(f"未能重演 / not played, for their events are odd: {', '.join(found.unplayed)}")
    unreadable(log.unreadable)
