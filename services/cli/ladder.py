"""`qinqing ladder`: where an issue stands on the ladder, and what happens to it if nobody acts."""

from typing import TYPE_CHECKING, Annotated, Any

import httpx
import typer

from services.cli.asking import fail, local
from services.cli.display import Terminal, new_table, print_json
from services.cli.system import DEFAULT_DATA, WRONG_USE, DataOption, JsonOption

if TYPE_CHECKING:
    from datetime import datetime

    from services.cli.reference.versions import Published
    from services.supervision.issue.life import Clock
    from shared.domain.ladder import Rise
    from shared.domain.reference import Reference

app = typer.Typer(help="The ladder of issues whose promise is broken.", no_args_is_help=True)


@app.callback()
def _ladder() -> None:
    """The ladder of issues whose promise is broken."""


@app.command()
def preview(
    issue: Annotated[str, typer.Argument(help="The issue's number or id.")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """What happens to an issue if nobody acts: each warning and further step with its date. Nothing is changed."""
    from services.cli.reference.owner import owner
    from services.cli.reference.versions import Failed, read_published
    from services.intake.issue.numbers import read_number
    from services.supervision.issue.ladder import coming, held_up
    from services.supervision.issue.life import Issue

    try:
        id = read_number(issue)
    except ValueError as error:
        fail(str(error), as_json, WRONG_USE)
    with owner("supervision", data, as_json, "supervisor") as client:
        reference = _reference(read_published(client))
        answer = client.get(f"/issues/{id}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            fail(f"没有这件问题 / there is no such issue: {id}", as_json, WRONG_USE)
        if answer.status_code != httpx.codes.OK:
            raise Failed(f"GET {answer.url} answered {answer.status_code}; see `qinqing status`")
        known = Issue.model_validate(answer.json())
    rises = [_facts(rise) for rise in coming(known, reference)]
    _print(id, known.lamp, rises, held_up(known), as_json)


def _reference(published: "Published") -> "Reference":
    """The policies and calendars that supervision knows."""
    from shared.contract.registry import EVENTS
    from shared.domain.reference import Reference

    reference = Reference()
    for kind in ("policy", "calendar"):
        for subject in published.subjects(kind):
            for version in published.of(subject):
                reference.learn(subject, EVENTS[f"{kind}.published.v1"].read(version.data))
    return reference


def _facts(rise: "Rise") -> dict[str, Any]:
    from shared.domain.steps import NAMES

    return {
        "step": rise.step,
        "name": str(NAMES[rise.step - 1]) if rise.step else "warning",
        "at": rise.at,
        "provisional": rise.provisional,
    }


def _print(id: str, lamp: int, rises: list[dict[str, Any]], paused: "Clock | None", as_json: bool) -> None:
    ends_at = paused.resumes_at if paused else None
    if as_json:
        print_json(
            {
                "issue": id,
                "step": lamp,
                "paused": paused is not None,
                "goes_on_at": ends_at.isoformat() if ends_at else None,
                "if_nobody_acts": [{**one, "at": one["at"].isoformat()} for one in rises],
            }
        )
        return
    from services.portal.languages import words_in
    from services.portal.words import phrase

    console, chinese = Terminal(), words_in("zh").gettext
    console.print(f"{id}: 现在第 {lamp} 级 / stands at step {lamp}")
    if paused:
        console.print(_said_of_the_pause(ends_at), soft_wrap=True)
    table = new_table("step", "name", "如无人处理 / if nobody acts", whole=("step",))
    for one in rises:
        may_move = "（暂定 / provisional）" if one["provisional"] else ""
        name = f"{chinese(phrase('step', one['step']))} {one['name']}"
        table.add_row(str(one["step"]), name, local(one["at"]) + may_move)
    if rises or not paused:
        console.print(table if rises else "不会再升级 / no further step comes")


def _said_of_the_pause(ends_at: "datetime | None") -> str:
    if ends_at is None:
        return (
            "已暂停，须有人恢复；在此之前承诺不会逾期 / "
            "its promise is paused until somebody ends that, and brings nothing until then"
        )
    until = local(ends_at)
    return (
        f"已暂停，{until} 自行恢复，此后 / its promise is paused; it goes on by itself on {until}, and then:"
    )
