"""The files of all issues in one folder: under their hash once, and linked from each issue that lists them.

``arriving/`` has what is not whole yet, ``content/<sha256>.<extension>`` each file once, ``issues/<id>/<hash>`` a
hard link of it for each issue, under the hash by which that one lists it: how many there are says by itself whether a
file is in use, and what is in use is never swept. ``key`` makes the receipts. Several processes may share the folder;
it must be one file system.
"""

import hashlib
import hmac
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from services.intake.attachments.content import EXTENSIONS
from shared.contract.words import MediaType

SWEPT_AFTER_SECONDS = 24 * 60 * 60
LEAST_FREE_BYTES = 500_000_000
"""What uploads leave free: the bus and the stores may stand on the same disk."""
KEY_BYTES, RECEIPT_CHARS = 32, 32
RECEIPT = rf"^[0-9a-f]{{64}}\.[0-9a-f]{{{RECEIPT_CHARS}}}$"
"""The hash of a file and what only its upload was answered: a hash from the bus lists no file."""


class NotThere(Exception):
    """No such file was handed in, or it was swept since; ``place`` says which of those named."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


class File(NamedTuple):
    """One file as it is kept: the hash of its bytes, what it is, how many there are."""

    sha256: str
    media_type: MediaType
    bytes: int


class Folder:
    """Files by hash. What waits for the disk is called in a thread."""

    def __init__(self, path: Path, listed: Callable[[str, str], str]) -> None:
        """``listed``: (issue, sha256) -> the hash under which that issue lists a file."""
        self._path, self._listed = path, listed
        self._arriving, self._content, self._issues = (
            path / name for name in ("arriving", "content", "issues")
        )

    @contextmanager
    def arriving(self) -> Iterator[Path]:
        """A place for a file that is not whole yet; what stands there at the end is removed.

        Raises OSError where the disk is nearly full.
        """
        for folder in (self._arriving, self._content, self._issues):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(self._path).free < LEAST_FREE_BYTES:
            raise OSError("the disk of the attachments is nearly full")
        path = self._arriving / secrets.token_hex(16)
        try:
            yield path
        finally:
            for left in self._arriving.glob(f"{path.name}*"):
                left.unlink(missing_ok=True)

    def keep(self, path: Path, media_type: MediaType) -> File:
        """Move a whole file under its hash and return once the disk has it; the same content again is one file."""
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
            size = os.fstat(file.fileno()).st_size
        target = self._content / f"{sha256}.{EXTENSIONS[media_type]}"
        try:
            os.utime(target)  # brought again: it is young again
        except FileNotFoundError:
            path.rename(target)
        _sync(self._content)
        return File(sha256, media_type, size)

    def receipt(self, sha256: str) -> str:
        """What shows that somebody brought this file, for the registration of an issue (RECEIPT)."""
        digest = hmac.digest(self._key(), sha256.encode(), "sha256")
        return f"{sha256}.{digest.hex()[:RECEIPT_CHARS]}"

    def brought(self, receipts: Sequence[str]) -> tuple[File, ...]:
        """The files of these receipts, each once, in their order; raises NotThere."""
        return tuple(dict.fromkeys(self._of(receipt, place) for place, receipt in enumerate(receipts)))

    def link(self, issue: str, files: Sequence[File]) -> None:
        """Let an issue have these files, before anybody is told that it lists them; again is the same.

        Raises NotThere where one was swept in this moment.
        """
        folder = self._issues / issue
        folder.mkdir(mode=0o700, exist_ok=True)
        for place, file in enumerate(files):
            kept = self._content / f"{file.sha256}.{EXTENSIONS[file.media_type]}"
            try:
                os.link(kept, folder / self._listed(issue, file.sha256))
            except FileExistsError:
                continue
            except FileNotFoundError:
                raise NotThere(place) from None
        _sync(folder)
        _sync(self._issues)

    def path_of(self, issue: str, hash: str) -> Path:
        """Where a file is read that an issue lists under this hash."""
        return self._issues / issue / hash

    def forget(self, issue: str) -> None:
        """Delete the files of an issue, those at once that no other issue has; again is the same."""
        folder, gone = self._issues / issue, set[int]()
        for link in folder.iterdir() if folder.exists() else ():
            gone.add(link.stat().st_ino)
            link.unlink(missing_ok=True)
        for found in os.scandir(self._content) if gone else ():
            if found.inode() in gone and found.stat().st_nlink == 1:
                Path(found).unlink(missing_ok=True)

    def sweep(self, older_than_seconds: float = SWEPT_AFTER_SECONDS) -> int:
        """Remove what arrived or was kept longer ago and no issue has a link of; how many files.

        A link that is made meanwhile keeps its file whole: only the name under ``content`` goes.
        """
        swept, before = 0, time.time() - older_than_seconds
        for folder in (self._arriving, self._content):
            for path in folder.iterdir() if folder.exists() else ():
                try:
                    known = path.stat()
                except FileNotFoundError:
                    continue  # another process sweeps too
                if known.st_nlink == 1 and known.st_mtime < before:
                    path.unlink(missing_ok=True)
                    swept += 1
        return swept

    def _of(self, receipt: str, place: int) -> File:
        sha256 = receipt.partition(".")[0]
        if not hmac.compare_digest(receipt.encode(), self.receipt(sha256).encode()):
            raise NotThere(place)
        for media_type, extension in EXTENSIONS.items():
            path = self._content / f"{sha256}.{extension}"
            if path.exists():
                size = path.stat().st_size
                return File(sha256, MediaType(media_type), size)
        raise NotThere(place)

    def _key(self) -> bytes:
        """The key of the receipts, made with the folder; of several processes that make one at once, one wins."""
        path = self._path / "key"
        if not path.exists():
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = self._path / f".key.{secrets.token_hex(4)}"
            fresh.touch(mode=0o600)
            fresh.write_bytes(secrets.token_bytes(KEY_BYTES))
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_bytes()


def _sync(folder: Path) -> None:
    """Have the disk know the names in a folder."""
    known = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(known)
    finally:
        os.close(known)
