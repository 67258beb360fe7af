"""Wiring of intake: settings -> store -> bus -> routes -> loops."""

from fastapi import FastAPI

from services.intake import api, bus, store
from shared.service import Service, application, room_of, run
from shared.settings import Settings


def build(settings: Settings) -> FastAPI:
    """Intake's application: registration, acceptance, withdrawal, the promise."""
    room = room_of(bus.room, settings)
    service = Service(settings, room, collection=store.COLLECTION)
    return application(service, api.routes(service))


if __name__ == "__main__":
    run("intake", build)
