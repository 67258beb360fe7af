"""`qinqing token`: a token of one person of the embedded system, for whoever asks a service by hand."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from services.cli.asking import fail, need_system
from services.cli.display import print_json
from services.cli.identity import deployment_of
from services.cli.people import caller_named, caller_with
from services.cli.system import DEFAULT_DATA, WRONG_USE, DataOption, JsonOption

MOST_MINUTES = 15


def token(
    who: Annotated[
        str | None, typer.Option("--as", help="Whose: office:chen, handler:housing/li, entrepreneur:wu.")
    ] = None,
    link: Annotated[
        str | None, typer.Option(help="A link to an issue: the token is its person's, for that issue alone.")
    ] = None,
    lifetime: Annotated[
        int, typer.Option(min=1, max=MOST_MINUTES, help="For how many minutes it is good.")
    ] = MOST_MINUTES,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Print a token of one person: send it as `Authorization: Bearer TOKEN`. Whoever has it is that person."""
    system = need_system(data, as_json)
    deployment = deployment_of(system, as_json)
    if (who is None) == (link is None):
        fail("say whose token: --as ROLE:ACCOUNT, or --link LINK", as_json, WRONG_USE)
    caller = caller_with(system, link, as_json) if link else caller_named(system, who or "", as_json)
    good_for = timedelta(minutes=lifetime)
    ends_at = datetime.now(UTC) + good_for
    signed = deployment.token(caller, good_for)
    if not as_json:
        print(signed)
        return
    known = caller.model_dump(mode="json", exclude_defaults=True, exclude={"session"})
    print_json({"token": signed, "expires_at": ends_at.isoformat(timespec="seconds"), **known})
