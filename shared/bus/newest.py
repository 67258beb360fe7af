"""What this worker wrote last, so that it need not be read again: the next record of an aggregate often comes soon.

A document is only ever trusted as far as the fence of the next write: where another worker has changed one meanwhile,
that write is not ours, and it is read anew (docs/decisions/0002).
"""

from collections.abc import Iterable, Sequence

from shared.bus.document import Stored

MOST_DOCUMENTS = 1_000
"""Of some kilobytes each."""


class Newest:
    """The newest documents of one worker; the one that was written longest ago goes first."""

    def __init__(self) -> None:
        self._documents: dict[str, Stored] = {}

    def take(self, subjects: Iterable[str]) -> dict[str, Stored]:
        """Those of them that are known. They are known no more until they are put back: a write may fail."""
        return {subject: self._documents.pop(subject) for subject in subjects if subject in self._documents}

    def put(self, documents: Sequence[Stored]) -> None:
        """These stand in the store as they are."""
        for document in documents:
            self._documents.pop(document["_id"], None)
            self._documents[document["_id"]] = document
        for subject in list(self._documents)[: max(0, len(self._documents) - MOST_DOCUMENTS)]:
            del self._documents[subject]

    def forget(self) -> None:
        """Another worker may change them from now on."""
        self._documents.clear()
