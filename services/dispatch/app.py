"""Wiring of dispatch: settings -> store -> bus -> routes -> loops, and the departments' door."""

from functools import partial

from fastapi import FastAPI

from services.dispatch import api, bus, departments, store
from services.dispatch.routing import directory
from shared.bus.forward import Forwarder
from shared.events import replies_topic
from shared.service import Service, application, room_of, run
from shared.settings import Settings


def build(settings: Settings) -> FastAPI:
    """Dispatch's application: assignments, replies, and what departments send from their own systems."""
    room = room_of(bus.room, settings)
    codes = tuple(directory())
    forwarder = Forwarder(
        [replies_topic(code) for code in codes], departments.GROUP, settings.topic_prefix(),
        partial(departments.translate, source=room.source),
    )  # fmt: skip
    service = Service(settings, room, collection=store.COLLECTION, departments=codes, forwarder=forwarder)
    return application(service, api.routes(service))


if __name__ == "__main__":
    run("dispatch", build)
