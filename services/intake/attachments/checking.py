"""The program that looks at one stranger's file: in a process of its own, with little memory and time, then it ends.

``python -m services.intake.attachments.checking FILE`` replaces a picture by its pixels, and prints the media type of
what stands there now, or the fault for which the file is not taken. Readers of pictures and archives are written in C
and meant to be fast; whatever a crafted file does to them, it does to nobody else.
"""

import resource
import sys
from pathlib import Path

from services.intake.attachments.content import PICTURES, Fault, NotTaken, type_of

MOST_MEMORY_BYTES, MOST_SECONDS = 2 * 1024**3, 30
"""Processor time, not time on the clock: a machine that is busy refuses no picture."""
MOST_WRITTEN_BYTES = 200_000_000


def main(path: Path) -> str:
    """What a file is, after a picture was written anew; or its fault."""
    for limit, most in (
        (resource.RLIMIT_AS, MOST_MEMORY_BYTES),
        (resource.RLIMIT_CPU, MOST_SECONDS),
        (resource.RLIMIT_FSIZE, MOST_WRITTEN_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    try:
        found = type_of(path)
        if found not in PICTURES:
            return found
        from services.intake.attachments.images import write_anew  # only pictures pay for their readers

        return write_anew(path, found)
    except NotTaken as error:
        return error.fault
    except MemoryError:
        return Fault.UNREADABLE


if __name__ == "__main__":
    sys.stdout.write(main(Path(sys.argv[1])))
