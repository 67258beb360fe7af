"""Wiring of dispatch: settings, consumer, routes and the departments' gateway become one running service."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from services.dispatch import alerts, api, builtin, choosing
from services.dispatch.consumer import consumer
from services.dispatch.departments_gateway import translate_all
from services.dispatch.mails import Mails, Posts, details_of, is_still_so
from shared.bus.records import Outgoing, Record
from shared.bus.reference import Version
from shared.bus.topics import department_topics
from shared.contract.commands.dispatch import ChooseWays, MergeDepartment, ReportAlert
from shared.contract.commands.notices import BeginStaffNotice, GiveUpStaffNotice, RecordStaffNotice
from shared.contract.event import HISTORY_ORDERS
from shared.contract.events.dispatch import DepartmentPublished
from shared.contract.subjects import id_of
from shared.notifying import Asks, Handing
from shared.posting import Poster
from shared.service import Service, application, run
from shared.settings import Settings
from shared.ways import read_ways


def build(settings: Settings) -> FastAPI:
    """Dispatch's application: assignments, replies, the directory, and what departments' own systems send.

    Raises WrongWays.
    """
    ways = read_ways(Path(settings.ways_file)) if settings.ways_file else ()
    owned = consumer(
        settings.jurisdiction, history=settings.apart, notices=not settings.history, epoch=settings.epoch
    )

    def translate(records: Sequence[Record]) -> list[tuple[Outgoing, Record]]:
        return translate_all(records, owned.source, service.reference.reference.directory)

    service = Service(
        settings,
        owned,
        first_commands=builtin.first_commands(settings.jurisdiction, with_people=settings.invented_people),
        topics_for=partial(topics_of, history=settings.apart),
        translate=None if settings.history else translate,
    )
    reference = service.reference.reference
    details = partial(details_of, service.store)
    mails = Mails(reference.directory, settings.staff_mail_domain, settings.portal_url, details)
    posts = Posts(reference.directory, settings.portal_url, details)
    asks = Asks(BeginStaffNotice, RecordStaffNotice, GiveUpStaffNotice)
    still_so = partial(is_still_so, service.store)
    others = (Handing(way.name, Poster(way), posts.write, still_so) for way in ways)
    return application(
        service,
        api.routes(service.gateway, reference, service.store),
        choosing.routes(service.gateway, reference, service.store, ways),
        alerts.routes(service.gateway),
        routed=(MergeDepartment, ChooseWays, ReportAlert),
        ongoing=service.notifying(asks, mails.write, *others, is_still_so=still_so),
    )


def topics_of(version: Version, *, history: bool = False) -> list[str]:
    """The topics that a department of the directory needs: its orders, and what its own system answers.

    In history no department's system answers, and one topic has the orders of all.
    """
    if version.type != DepartmentPublished.type:
        return []
    return [HISTORY_ORDERS] if history else department_topics(id_of(version.subject))


if __name__ == "__main__":
    run("dispatch", build)
