"""Wiring of supervision: settings -> store -> bus -> routes -> loops."""

from fastapi import FastAPI

from services.supervision import api, bus, store
from shared.service import Service, application, room_of, run
from shared.settings import Settings


def build(settings: Settings) -> FastAPI:
    """Supervision's application: clocks, warnings, breaches. Deadlines wait for what others' facts tell."""
    room = room_of(bus.room, settings)
    service = Service(settings, room, collection=store.COLLECTION, after_sources=True)
    return application(service, api.routes(service))


if __name__ == "__main__":
    run("supervision", build)
