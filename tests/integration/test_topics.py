"""Topics as they are created, and the times of the records on them."""

from datetime import UTC, datetime

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from cloudevents.core.bindings import kafka as sdk

from shared.bus.records import Outgoing
from shared.bus.topics import WrongPartitions, ensure_topics, topic_settings
from shared.contract.envelope import open_envelope, seal
from shared.contract.event import orders_topic, replies_topic
from tests.faults.broker import publishing
from tests.faults.given import closing
from tests.integration.broker import administrator, put, reader

pytestmark = pytest.mark.integration


async def test_a_topic_with_another_number_of_partitions_is_refused_and_says_what_to_set(
    kafka_bootstrap: str, namespace: str
) -> None:
    await ensure_topics(kafka_bootstrap, f"{namespace}.", ["intake.commands", "intake.dlq"], partitions=2)
    await ensure_topics(kafka_bootstrap, f"{namespace}.", ["intake.commands", "intake.dlq"], partitions=2)
    with pytest.raises(WrongPartitions) as refused:
        await ensure_topics(kafka_bootstrap, f"{namespace}.", ["intake.commands", "intake.dlq"], partitions=3)
    assert f"{namespace}.intake.commands has 2 partitions, this deployment was told 3" in str(refused.value)
    assert "QINQING_PARTITIONS_COUNT=2" in str(refused.value)


async def test_topics_are_kept_as_told(kafka_bootstrap: str, namespace: str) -> None:
    ours, theirs = (
        ["intake.commands", "intake.events", "intake.dlq"],
        [orders_topic("housing"), replies_topic("housing")],
    )
    topics = [*ours, *theirs, "dispatch.reference"]
    await ensure_topics(kafka_bootstrap, f"{namespace}.", topics, partitions=2)
    async with administrator(kafka_bootstrap) as admin:
        answers = await admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, f"{namespace}.{topic}") for topic in topics]
        )
    kept = {
        resource[3].removeprefix(f"{namespace}."): {entry[0]: entry[1] for entry in resource[4]}
        for answer in answers
        for resource in answer.resources
    }
    assert set(kept) == set(topics)
    for topic in topics:
        assert kept[topic].items() >= topic_settings(topic).items(), topic
    for topic in ours:
        assert kept[topic]["retention.ms"] == kept[topic]["retention.bytes"] == "-1"
        assert kept[topic]["message.timestamp.type"] == "CreateTime"
    assert kept["dept.housing.orders"]["retention.ms"] == str(90 * 24 * 3600 * 1000)
    assert kept["dept.housing.replies"]["message.timestamp.type"] == "LogAppendTime"
    assert kept["dispatch.reference"]["cleanup.policy"] == "compact"


async def test_a_record_is_stamped_when_it_is_published_and_a_departments_when_it_is_appended(
    kafka_bootstrap: str, namespace: str
) -> None:
    """Kafka keeps and drops by the record's own time, so an event of 2011 must not look 15 years old."""
    await ensure_topics(
        kafka_bootstrap, f"{namespace}.", ["intake.events", "dept.housing.replies"], partitions=1
    )
    long_ago = datetime(2011, 3, 1, tzinfo=UTC)
    raw = seal(id="e", type="issue.withdrawn.v1", source="/", subject="a", time=long_ago, seq=1, data={})
    before = datetime.now(UTC).timestamp() * 1000
    async with publishing(kafka_bootstrap, f"{namespace}.") as publish:
        await publish([Outgoing("intake.events", "a", raw)])
    reply = Outgoing("dept.housing.replies", "a", raw)
    await put(kafka_bootstrap, namespace, [reply], timestamp_ms=int(long_ago.timestamp() * 1000))
    after = datetime.now(UTC).timestamp() * 1000
    async with reader(kafka_bootstrap, namespace, "intake.events", "dept.housing.replies") as read:
        await read.until(lambda raws: len(raws) == 2)
    for record in read.records:
        assert before - 1 <= record.timestamp <= after + 1, record.topic


async def test_the_official_sdk_reads_what_our_publisher_wrote_as_a_structured_cloudevent(
    kafka_bootstrap: str, namespace: str
) -> None:
    await ensure_topics(kafka_bootstrap, f"{namespace}.", ["feedback.events"], partitions=1)
    told = closing("a", 1)
    async with publishing(kafka_bootstrap, f"{namespace}.") as publish:
        await publish([told])
    async with reader(kafka_bootstrap, namespace, "feedback.events") as read:
        (raw,) = await read.until(lambda raws: raws)
    message = sdk.KafkaMessage(headers=dict(raw.headers), key=raw.key.decode(), value=raw.value)
    event = sdk.from_kafka_event(message)
    assert (event.get_type(), event.get_subject()) == ("issue.closed.v1", "a")
    assert event.get_extension("seq") == 1
    assert event.get_data() == open_envelope(told.value).data
