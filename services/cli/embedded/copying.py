"""The files of one folder brought into another, as often as asked: each time only what changed since."""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

CLOCK_NS = 2_000_000_000
"""How coarse the clock of a file system may be: what changed so shortly before it was looked at may change again under
the same time."""


class _Look(NamedTuple):
    """One file as it was before it was copied; its ``ctime`` is moved by everything and set by nobody."""

    inode: int
    size: int
    changed_ns: int
    at_ns: int

    def is_still_so(self, found: os.stat_result) -> bool:
        if self.changed_ns > self.at_ns - CLOCK_NS:
            return False
        return (found.st_ino, found.st_size, found.st_ctime_ns) == (self.inode, self.size, self.changed_ns)


class Copies:
    """The files of ``source`` that belong to it, under the same names in ``target``; names with ``/``, as in POSIX."""

    def __init__(self, source: Path, target: Path, belongs: Callable[[str], bool]) -> None:
        self._source, self._target, self._belongs = source, target, belongs
        self._looks: dict[str, _Look] = {}

    def names(self) -> list[str]:
        """What was copied."""
        return sorted(self._looks)

    def due(self) -> int:
        """How many bytes the next bringing up to date would copy."""
        found = self._find()
        return sum(stat.st_size for name, stat in found.items() if not self._is_current(name, stat))

    def bring_up_to_date(self, *, moving: bool, copied: Callable[[int], None] = lambda size: None) -> None:
        """Copy what is new or changed, remove what is gone. Hard links stay links.

        ``moving``: others write there meanwhile. What goes away then is passed over, and what they write may come half:
        once nobody moves any more the next call mends both. ``copied`` is given the size of each file.
        """
        at_ns = time.time_ns()
        found = self._find()
        for gone in self._looks.keys() - found.keys():
            (self._target / gone).unlink()
            del self._looks[gone]
        first_of: dict[tuple[int, int], str] = {}
        for name, stat in found.items():
            first = first_of.setdefault((stat.st_dev, stat.st_ino), name)
            if self._is_current(name, stat):
                continue
            try:
                self._bring(name, first)
            except FileNotFoundError:
                if not moving:
                    raise
                continue
            self._looks[name] = _Look(stat.st_ino, stat.st_size, stat.st_ctime_ns, at_ns)
            copied(stat.st_size)

    def _is_current(self, name: str, found: os.stat_result) -> bool:
        look = self._looks.get(name)
        return look is not None and look.is_still_so(found)

    def _bring(self, name: str, first: str) -> None:
        target = self._target / name
        target.parent.mkdir(parents=True, exist_ok=True)
        self._looks.pop(name, None)
        target.unlink(missing_ok=True)
        if first != name:
            os.link(self._target / first, target)
        else:
            shutil.copy2(self._source / name, target)

    def _find(self) -> dict[str, os.stat_result]:
        found: dict[str, os.stat_result] = {}
        for folder, _, files in os.walk(self._source, followlinks=True):
            for file in files:
                path = Path(folder, file)
                name = path.relative_to(self._source).as_posix()
                if self._belongs(name):
                    with suppress(FileNotFoundError):  # somebody removed it
                        found[name] = path.stat()
        return dict(sorted(found.items()))
