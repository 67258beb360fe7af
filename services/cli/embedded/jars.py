"""Fetches the pinned Kafka jars with jgo, once, checks each SHA-256, and writes their class path to a file."""

import fcntl
import hashlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

JARS_FILE = Path(__file__).parent.parent / "kafka-jars.txt"
TRIES = 3
AT_A_TIME = 12


def pinned() -> dict[str, str]:
    """{"group:artifact:version": sha256} of every jar, none resolved by anyone else."""
    lines = (line.split() for line in JARS_FILE.read_text().splitlines() if line and not line.startswith("#"))
    return {coordinate: digest for coordinate, digest in lines}  # noqa: C416  (a line with more or less must fail)


def stored_classpath(file: Path) -> list[str] | None:
    """What an earlier `fetch` wrote to `file`, when it was for these pins and every jar is still there."""
    try:
        stored = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    if stored.get("pins") != _pins_digest():
        return None
    sizes: dict[str, int] = stored["jars"]
    if all(Path(path).is_file() and Path(path).stat().st_size == size for path, size in sizes.items()):
        return list(sizes)
    return None


def fetch(file: Path) -> None:
    """Download what is missing, verify all, write `file`; prints "done/all" as it goes on (read by kafka.py)."""
    from jgo.maven import MavenContext  # here: it is heavy, and only a first start needs it

    context = MavenContext(timeout=60)
    context.repo_cache.mkdir(parents=True, exist_ok=True)
    pins = pinned()
    paths: dict[str, Path] = {}
    with (
        (context.repo_cache / ".qinqing-kafka.lock").open("w") as lock,
        ThreadPoolExecutor(AT_A_TIME) as pool,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)  # jgo writes in place: two at once would read each other's halves
        futures = {
            pool.submit(_one, context, coordinate, digest): coordinate for coordinate, digest in pins.items()
        }
        for done, future in enumerate(as_completed(futures), start=1):
            paths[futures[future]] = future.result()
            print(f"{done}/{len(pins)}", flush=True)
    jars = {str(paths[coordinate]): paths[coordinate].stat().st_size for coordinate in pins}
    file.write_text(json.dumps({"pins": _pins_digest(), "jars": jars}, indent=1))


def _one(context, coordinate: str, digest: str) -> Path:  # type: ignore[no-untyped-def]
    group, artifact, version = coordinate.split(":")
    jar = context.project(group, artifact).at_version(version).artifact()
    problem = "not fetched"
    for _ in range(TRIES):
        try:
            path = Path(jar.resolve())
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
            continue
        if hashlib.sha256(path.read_bytes()).hexdigest() == digest:
            return path
        problem = f"{path} does not have the pinned SHA-256 (cut off, or not what was pinned)"
        path.unlink(missing_ok=True)
    raise RuntimeError(f"{coordinate}: {problem}")


def _pins_digest() -> str:
    return hashlib.sha256(JARS_FILE.read_bytes()).hexdigest()


if __name__ == "__main__":
    try:
        fetch(Path(sys.argv[1]))
    except RuntimeError as error:
        sys.exit(str(error))
