"""Which records a worker has read itself: whoever commits a record has published what it wrote for it, no other.

In memory alone: where a worker dies, another one begins where it had committed (docs/decisions/0068).
"""

from collections.abc import Mapping

Partition = tuple[str, int]


class OwnOffsets:
    """Of each partition the ranges of offsets that this worker has read and committed, and the one it is reading."""

    def __init__(self) -> None:
        self._since: dict[Partition, int] = {}
        self._before: dict[Partition, list[range]] = {}

    def read(self, partition: Partition, offset: int) -> None:
        """A record of this partition, which is this worker's."""
        self._since[partition] = min(self._since.get(partition, offset), offset)

    def revoked(self, committed: Mapping[Partition, int]) -> None:
        """The partitions may be others' from here on; whatever stands before these offsets stays this worker's."""
        for partition, since in self._since.items():
            ranges = self._before.setdefault(partition, [])
            if ranges and ranges[-1].stop >= since:
                since = min(since, ranges.pop().start)
            if (stop := committed.get(partition, since)) > since:
                ranges.append(range(since, stop))
        self._since.clear()

    def __contains__(self, place: tuple[str, int, int]) -> bool:
        """Whether this worker has committed the record at this place, or is to commit it."""
        partition, offset = place[:2], place[2]
        since = self._since.get(partition)
        if since is not None and offset >= since:
            return True
        return any(offset in one for one in self._before.get(partition, ()))
