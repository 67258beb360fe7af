"""Wiring of feedback: settings and consumer become one running service."""

from fastapi import FastAPI

from services.feedback.consumer import consumer
from shared.identity.keys import REFERENCE, secret
from shared.identity.raisers import Raisers
from shared.identity.references import References
from shared.service import Service, application, run
from shared.settings import Settings


def build(settings: Settings) -> FastAPI:
    """Feedback's application: invitations, ratings, rework, tracking, closing; raises NoKeys."""
    service = Service(settings, consumer(settings.jurisdiction, history=settings.apart, epoch=settings.epoch))
    references = References(secret(settings.keys(), REFERENCE))
    return application(service, raisers=Raisers(references, service.store))


if __name__ == "__main__":
    run("feedback", build, REFERENCE)
