"""`qinqing backup` and `restore`: all that a system keeps, as of one instant, while it runs; and back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from services.cli.asking import fail, instant, local
from services.cli.display import Terminal, print_json
from services.cli.system import DEFAULT_DATA, FAILED, WRONG_USE, DataOption, JsonOption, data_option

if TYPE_CHECKING:
    from services.cli.embedded import backups


def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder, which is made.")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Back up the data folder while its system runs: stores, topics, keys, attachments, what the portal keeps."""
    from services.cli.embedded import WrongLayout, backups
    from services.cli.embedded.freezing import NotStill

    began = time.monotonic()
    try:
        with _shown(as_json) as progress:
            taken = backups.take(data, folder, progress)
    except (backups.Refused, WrongLayout) as error:
        fail(f"nothing was backed up: {error}", as_json, WRONG_USE)
    except NotStill as error:
        fail(f"{folder} is no backup, try again: {error}", as_json, FAILED)
    seconds = round(time.monotonic() - began, 1)
    if as_json:
        times = {"still_seconds": taken.still_seconds, "seconds": seconds}
        print_json({"folder": str(folder.resolve()), **_fields(taken.manifest), **times})
        return
    what = f"{_size(taken.manifest)}, in {seconds} s"
    still = (
        f", for which the system stood still for {taken.still_seconds:.2f} s" if taken.still_seconds else ""
    )
    Terminal(soft_wrap=True).print(
        f"已备份 / backed up {data.resolve()} to {folder.resolve()}: {what}{still}.\n"
        "Its folder data/keys opens all the rest: keep it apart, and put it back before a restore."
    )


def restore(
    folder: Annotated[Path, typer.Argument(help="A backup that `qinqing backup` made.")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Bring a backup back into a data folder that is empty or not there yet, every file checked before."""
    from services.cli.embedded import backups

    began = time.monotonic()
    try:
        with _shown(as_json) as progress:
            manifest, epoch = backups.restore(folder, data, progress)
    except (backups.Refused, backups.Broken) as error:
        fail(f"nothing was restored: {error}", as_json, WRONG_USE)
    seconds = round(time.monotonic() - began, 1)
    if as_json:
        print_json({"data_dir": str(data.resolve()), **_fields(manifest), "epoch": epoch, "seconds": seconds})
        return
    at = local(instant("taken_at", manifest.taken_at, as_json))
    Terminal(soft_wrap=True).print(
        f"已恢复 / restored {data.resolve()} as of {at}: {_size(manifest)}, in {seconds} s.\n"
        f"Whoever reads outside is told of a new epoch: events are of …;{epoch} from now on, numbered from 1.\n"
        f"Start it with: qinqing up{data_option(data)}"
    )


def _fields(manifest: "backups.Manifest") -> dict[str, object]:
    return {
        "taken_at": manifest.taken_at,
        "jurisdiction": manifest.jurisdiction,
        "files": len(manifest.files),
        "bytes": manifest.size,
    }


def _size(manifest: "backups.Manifest") -> str:
    return f"{len(manifest.files):,} files, {manifest.size / 1e6:,.0f} MB"


@contextmanager
def _shown(as_json: bool) -> "Iterator[backups.Progress]":
    """On a terminal a bar for each thing that is done, in turn."""
    console = Terminal(stderr=True)
    with Progress(console=console, transient=True, disable=as_json or not console.is_terminal) as bar:
        tasks = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=None)
            bar.update(tasks[what], completed=done, total=total)

        yield tell
