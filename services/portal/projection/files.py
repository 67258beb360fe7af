"""The files of one namespace's projection: one is shown, and another may be built beside it and take its place.

A small file names the one that is shown, so that whatever a broken-off build left behind is known as that and removed.
Each build has a name of its own: whoever still reads the one before goes on with it.
"""

from pathlib import Path

from services.portal.projection.database import remove, version, version_of


class Files:
    """The files of one namespace in the portal's folder."""

    def __init__(self, folder: Path, namespace: str = "") -> None:
        self._folder, self._name = folder, f"projection-{namespace or 'live'}"
        self._pointer = folder / f"{self._name}.current"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def shown(self) -> Path | None:
        """The file that pages read; None before there is one."""
        try:
            path = self._folder / self._pointer.read_text().strip()
        except FileNotFoundError:
            return None
        return path if path.name.startswith(f"{self._name}@") and version_of(path) is not None else None

    def is_current(self, path: Path) -> bool:
        """Whether this code made it."""
        return version_of(path) == version()

    def new(self) -> Path:
        """The name of the next file; nothing is there yet."""
        numbers = [_number_of(path) for path in self._all()]
        return self._folder / f"{self._name}@{max(numbers, default=0) + 1}.db"

    def newest(self) -> Path | None:
        """The file that was made last; None where there is none."""
        return max(self._all(), key=_number_of, default=None)

    def show(self, path: Path) -> None:
        """From now on this is the one that pages read; the others go."""
        beside = self._pointer.with_suffix(".next")
        beside.write_text(path.name)
        beside.replace(self._pointer)
        self.sweep()

    def sweep(self) -> None:
        """Remove every file but the one that is shown."""
        kept = self.shown()
        for path in self._all():
            if path != kept:
                remove(path)

    def forget(self) -> None:
        """Remove all of it: its namespace is gone."""
        self._pointer.unlink(missing_ok=True)
        self.sweep()

    def _all(self) -> list[Path]:
        return [
            path
            for path in self._folder.glob(f"{self._name}@*.db")
            if path.stem.rpartition("@")[2].isdecimal()
        ]


def _number_of(path: Path) -> int:
    return int(path.stem.rpartition("@")[2])


def histories(folder: Path) -> list[str]:
    """The namespaces of history of which a projection is kept."""
    names = (
        path.name.removeprefix("projection-").removesuffix(".current")
        for path in folder.glob("projection-*.current")
    )
    return sorted(name for name in names if name != "live")
