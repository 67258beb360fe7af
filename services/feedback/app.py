"""Wiring of feedback: settings -> store -> bus -> routes -> loops."""

from fastapi import FastAPI

from services.feedback import api, bus, store
from shared.service import Service, application, room_of, run
from shared.settings import Settings


def build(settings: Settings) -> FastAPI:
    """Feedback's application: invitations, ratings, rework, closing, figures."""
    room = room_of(bus.room, settings)
    service = Service(settings, room, collection=store.COLLECTION, indexes=store.INDEXES)
    return application(service, api.routes(service))


if __name__ == "__main__":
    run("feedback", build)
