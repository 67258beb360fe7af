"""Wiring of intake: settings, keys, consumer and routes become one running service."""

from pathlib import Path

from fastapi import FastAPI

from services.intake import api, builtin, disclosing, enterprises, links, mending, people
from services.intake.attachments import routes as attachments
from services.intake.attachments.folder import Folder
from services.intake.attachments.uploads import Uploads
from services.intake.consumer import consumer
from services.intake.contacts import Contacts
from services.intake.forgetting import Forgetting
from services.intake.history import prepared
from services.intake.mails import Mails
from services.intake.reading import Reading
from services.intake.registering import Registering
from services.intake.sealing import Sealing
from services.intake.vault import Vault
from shared.bus.gateway import Request
from shared.contract.commands.intake import (
    AcceptIssue,
    AppealRejection,
    CorrectWords,
    DiscloseReply,
    MakeLink,
    ReferIssue,
    RegisterIssue,
    RevokeLink,
    SupplyMaterial,
)
from shared.contract.commands.notices import BeginNotice, GiveUpNotice, RecordNotice
from shared.identity.keys import REFERENCE, VAULT, secret
from shared.identity.raisers import Raisers
from shared.identity.references import References
from shared.notifying import Asks
from shared.service import Service, application, run
from shared.settings import Settings

KEYS = "keys"
"""The collection of the vault."""
ROUTED = (
    RegisterIssue,
    AcceptIssue,
    AppealRejection,
    CorrectWords,
    SupplyMaterial,
    ReferIssue,
    MakeLink,
    RevokeLink,
    DiscloseReply,
    *people.ROUTED,
)


def build(settings: Settings) -> FastAPI:
    """Intake's application: issues up to acceptance, persons, enterprises; raises NoKeys."""
    owned = consumer(
        settings.jurisdiction, history=settings.apart, notices=not settings.history, epoch=settings.epoch
    )

    async def first_requests() -> list[Request]:
        return await builtin.first_requests(service.store, contacts, references)

    service = Service(settings, owned, first_requests=first_requests if settings.invented_people else None)
    keys, entries = settings.keys(), service.database.entries
    vault, references = Vault(entries(KEYS), secret(keys, VAULT)), References(secret(keys, REFERENCE))
    contacts = Contacts(vault, references, service.store, entries("lookups"), entries("looks"))
    sealing = Sealing(vault)
    registering = Registering(
        settings.jurisdiction, references, sealing, service.reference.reference.directory
    )
    raisers = Raisers(references, service.store)
    folder = Folder(Path(settings.attachments_dir), references.attachment)
    uploads = Uploads(folder, settings.attachment_bytes)
    forgetting = Forgetting(service.gateway, service.store, vault, folder, entries("referrals"))
    mails = Mails(contacts, service.store, settings.portal_url)
    asks = Asks(BeginNotice, RecordNotice, GiveUpNotice)
    return application(
        service,
        api.routes(service.gateway, service.store, registering, folder, contacts.is_known),
        attachments.routes(folder, uploads, service.store, raisers),
        people.routes(service.gateway, contacts, references),
        enterprises.routes(service.store),
        links.routes(service.gateway, service.store, raisers),
        disclosing.routes(service.gateway, service.store, contacts, sealing),
        mending.routes(service.gateway, service.store, registering, raisers, forgetting, folder),
        routed=ROUTED,
        streamed=(attachments.PLACE,),
        raisers=raisers,
        opened={"issue": Reading(sealing).opened},
        prepared={**prepared(registering, service.store), **people.prepared(contacts)},
        ongoing=(forgetting.run, *service.notifying(asks, mails.write, is_still_so=mails.is_still_so)),
    )


if __name__ == "__main__":
    run("intake", build, REFERENCE, VAULT)
