"""Wiring of dispatch: settings -> store -> bus -> routes -> loops, and the departments' door."""

from fastapi import FastAPI

from services.dispatch import api, bus, store
from services.dispatch.routing import directory
from shared.service import Service, application, calendar_of, policy_of, run
from shared.settings import Settings


def build(settings: Settings) -> FastAPI:
    """Dispatch's application: assignments, replies, and what departments send from their own systems."""
    room = bus.room(
        jurisdiction=settings.jurisdiction, history=settings.history,
        policy=policy_of(settings), calendar=calendar_of(settings),
    )  # fmt: skip
    service = Service(settings, room, collection=store.COLLECTION, departments=tuple(directory()))
    return application(service, api.routes(service))


if __name__ == "__main__":
    run("dispatch", build)
