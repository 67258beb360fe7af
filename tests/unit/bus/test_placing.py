"""Records of one key stand where every other client of Kafka puts them: nobody else would find an aggregate's own."""

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.producer import placed


@given(st.binary(min_size=1, max_size=40), st.integers(min_value=1, max_value=40))
def test_a_key_is_placed_as_by_the_client_itself(key: bytes, many: int) -> None:
    partitions = list(range(many))
    for _ in ("counted", "remembered"):
        assert placed(key, partitions, partitions) == DefaultPartitioner()(key, partitions, partitions)
