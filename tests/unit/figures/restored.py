"""A log as it would stand there if all had been restored in the midst of it: what comes after is of a new epoch."""

from collections import Counter
from collections.abc import Sequence

from shared.contract.envelope import Envelope, read_seen, write_seen
from shared.contract.event import source_in

EPOCH = 1_795_890_000
Name = tuple[str, str]
"""Subject, source: these logs have one topic of each owner."""


def restored(log: Sequence[Envelope], kept: int) -> list[Envelope]:
    """The same events; of those behind the first ``kept`` each sequence is numbered anew, and says what it follows."""
    ends = Counter[Name]((envelope.subject, envelope.source) for envelope in log[:kept])

    def signed(subject: str, source: str, seq: int) -> dict[str, int]:
        """How whoever had read so far says it now."""
        end = ends[subject, source]
        whole = {source: min(seq, end), source_in(source, EPOCH): seq - end}
        return {name: number for name, number in whole.items() if number > 0}

    found = []
    for envelope in log:
        seen: dict[str, int] = {}
        for source, seq in read_seen(envelope.seen).items():
            seen |= signed(envelope.subject, source, seq)
        renamed = envelope.model_copy(update={"seen": write_seen(seen)})
        end = ends[envelope.subject, envelope.source]
        if envelope.seq > end:
            seq, source = envelope.seq - end, source_in(envelope.source, EPOCH)
            follows = write_seen({envelope.source: end}) if end and seq == 1 else ""
            id = f"{envelope.id}/{EPOCH}"
            renamed = renamed.model_copy(update={"source": source, "seq": seq, "follows": follows, "id": id})
        found.append(renamed)
    return found
