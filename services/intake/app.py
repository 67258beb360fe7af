"""Wiring of intake: settings, consumer and routes become one running service."""

from fastapi import FastAPI

from services.intake import api
from services.intake.consumer import consumer
from shared.contract.commands.intake import RegisterIssue
from shared.identity.keys import REFERENCE, VAULT
from shared.service import Service, application, run
from shared.settings import Settings


def build(settings: Settings) -> FastAPI:
    """Intake's application: registration with its promise, acceptance, withdrawal."""
    owned = consumer(settings.jurisdiction, history=settings.history)
    service = Service(settings, owned)
    routes = api.routes(service.gateway, settings.jurisdiction)
    return application(service, routes, routed=(RegisterIssue,))


if __name__ == "__main__":
    run("intake", build, REFERENCE, VAULT)
