"""Wiring of supervision: settings, consumer and the first policy become one running service."""

from fastapi import FastAPI

from services.supervision.builtin import builtin_policy, first_commands
from services.supervision.consumer import consumer
from services.supervision.walking import walks
from shared.domain.clocks import Policy
from shared.service import Service, application, run
from shared.settings import Settings


def build(settings: Settings) -> FastAPI:
    """Supervision's application: clocks, warnings, breaches; policies and calendars."""
    owned = consumer(settings.jurisdiction, history=settings.apart, epoch=settings.epoch)
    first = first_commands(settings.jurisdiction, first_policy(settings))
    return application(Service(settings, owned, first_commands=first, walks=walks))


def first_policy(settings: Settings) -> Policy:
    """The built-in policy; in a namespace of history without grace, and with the reply limit that was asked for."""
    policy = builtin_policy()
    if not settings.apart:
        return policy
    if settings.reply_limit:
        policy = policy.with_reply_limit(settings.reply_limit)
    return policy.model_copy(update={"grace_seconds": 0})


if __name__ == "__main__":
    run("supervision", build)
