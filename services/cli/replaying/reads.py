"""What history has to know of the four consumers: which group reads which topics, and who has deadlines."""

from services.dispatch.consumer import consumer as dispatch
from services.feedback.consumer import consumer as feedback
from services.intake.consumer import consumer as intake
from services.supervision.consumer import consumer as supervision

CONSUMERS = tuple(consumer("any", history=True) for consumer in (intake, dispatch, supervision, feedback))

READS = {consumer.service: consumer.topics for consumer in CONSUMERS}
"""Group -> topics: everything here must have been read before history takes its next step."""

WITH_DEADLINES = tuple(
    consumer.service
    for consumer in CONSUMERS
    if any(kind.deadlines is not None for kind in consumer.aggregates)
)
"""The services whose aggregates move by themselves when time passes."""
