"""Some towns keep few outcomes in a document and tell few at once, so that what else takes hundreds happens there."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from unittest.mock import patch

from shared.bus import document
from shared.domain import fan_out

FEW, MOVED, CHUNK = 6, 3, 2


@contextmanager
def caps(seed: int) -> Iterator[None]:
    """The caps of one seed's town, also while it is judged."""
    if Random(f"caps of {seed}").random() < 0.6:
        yield
        return
    with (
        patch.object(document, "MOST_REMEMBERED", FEW),
        patch.object(document, "MOVED_AT_ONCE", MOVED),
        patch.object(fan_out, "CHUNK", CHUNK),
    ):
        yield
