"""Some towns keep few outcomes in a document, so that what else takes 600 commands on one aggregate happens there."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from unittest.mock import patch

from shared.bus import document

FEW, MOVED = 6, 3


@contextmanager
def caps(seed: int) -> Iterator[None]:
    """The caps of one seed's town, also while it is judged."""
    if Random(f"caps of {seed}").random() < 0.6:
        yield
        return
    with patch.object(document, "MOST_REMEMBERED", FEW), patch.object(document, "MOVED_AT_ONCE", MOVED):
        yield
