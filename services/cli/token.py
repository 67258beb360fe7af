"""`qinqing token`: a token of one person of the embedded system, for whoever asks a service by hand."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from services.cli.asking import need_system
from services.cli.display import print_json
from services.cli.identity import deployment_of
from services.cli.people import caller_named
from services.cli.system import DEFAULT_DATA, DataOption, JsonOption

MOST_MINUTES = 15


def token(
    who: Annotated[
        str, typer.Option("--as", help="Whose: office:chen, handler:housing/li, entrepreneur:wu.")
    ],
    lifetime: Annotated[
        int, typer.Option(min=1, max=MOST_MINUTES, help="For how many minutes it is good.")
    ] = MOST_MINUTES,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Print a token of one person: send it as `Authorization: Bearer TOKEN`. Whoever has it is that person."""
    system = need_system(data, as_json)
    deployment = deployment_of(system, as_json)
    caller, good_for = caller_named(system, who, as_json), timedelta(minutes=lifetime)
    ends_at = datetime.now(UTC) + good_for
    signed = deployment.token(caller, good_for)
    if not as_json:
        print(signed)
        return
    known = caller.model_dump(mode="json", exclude_defaults=True, exclude={"session"})
    print_json({"token": signed, "expires_at": ends_at.isoformat(timespec="seconds"), **known})
