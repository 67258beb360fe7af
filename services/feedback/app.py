"""Wiring of feedback: settings and consumer become one running service."""

from fastapi import FastAPI

from services.feedback.consumer import consumer
from shared.identity.keys import REFERENCE
from shared.service import Service, application, run
from shared.settings import Settings


def build(settings: Settings) -> FastAPI:
    """Feedback's application: invitations, ratings, rework, tracking, closing."""
    owned = consumer(settings.jurisdiction, history=settings.history)
    return application(Service(settings, owned))


if __name__ == "__main__":
    run("feedback", build, REFERENCE)
