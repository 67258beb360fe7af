"""`qinqing watch`: Prometheus and Alertmanager beside a running system, on loopback, with our rules.

What fires is posted to dispatch, which tells the operators in the ways they chose, and to whatever else is named.
"""

import asyncio
import json
import os
import re
import shutil
import signal
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli import display
from services.cli.asking import fail
from services.cli.embedded.ports import HOST, Ports, taken_ports
from services.cli.embedded.processes import Child, Program, StartFailed, fixed
from services.cli.embedded.services import is_ready
from services.cli.errors import WRONG_USE
from services.cli.identity import deployment_of, own_account
from services.cli.system import DEFAULT_DATA, DataOption, JsonOption, RunningSystem, running_system
from services.cli.token import MOST_MINUTES

RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "rules"
PROGRAMS = {"prometheus": ("prometheus",), "alertmanager": ("prometheus-alertmanager", "alertmanager")}
"""Under which names each may be on the path: Debian's, then its makers'."""
CREDENTIALS = "credentials"
ADDRESS = re.compile(r"https?://[^\s/]+(/\S*)?")
START_SECONDS = 60.0
SCRAPE_SECONDS = 5
MOST_ALERTS = 200
"""Of one group that goes to dispatch, which takes more."""
SIGNED_ANEW_SECONDS = 300.0
"""A token is good for three times as long: a disk that is full for a while keeps nobody from hearing of that."""

RulesOption = Annotated[
    Path, typer.Option("--rules", help="The folder with the rules.", exists=True, file_okay=False)
]


def watch(
    webhook: Annotated[
        list[str] | None,
        typer.Option(help="Where alerts are posted too, as Alertmanager's webhooks are.", metavar="URL"),
    ] = None,
    rules: RulesOption = RULES,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Start Prometheus and Alertmanager beside the running system, and keep them running until Ctrl-C."""
    system = running_system(data)
    if system is None:
        fail(display.nothing_running(data.resolve(), []), as_json, WRONG_USE)
    if wrong := [url for url in webhook or () if not ADDRESS.fullmatch(url)]:
        fail(
            f"--webhook {wrong[0]!r} is no address: write http:// or https://, a host, a path",
            as_json,
            WRONG_USE,
        )
    missing = [name for name, names in PROGRAMS.items() if not _found(names)]
    if missing:
        fail(
            f"Not here: {' and '.join(missing)}. On Debian: "
            "apt-get install --no-install-recommends prometheus prometheus-alertmanager",
            as_json,
            WRONG_USE,
        )
    own = Ports(system.base_port)
    ports = {"prometheus": own.prometheus, "alertmanager": own.alertmanager}
    if taken := taken_ports({port: name for name, port in ports.items()}):
        fail(f"Nothing was started. {'; '.join(map(str, taken))}", as_json, WRONG_USE)
    try:
        asyncio.run(_run(system, ports, rules, webhook or [], as_json, _signer(system, as_json)))
    except StartFailed as error:
        fail(str(error), as_json)


def prometheus_file(targets: Mapping[str, str], jurisdiction: str, alertmanager: str, rules: Path) -> str:
    """What Prometheus reads: who is asked, every five seconds, and whom it tells. ``targets``: name -> host:port.

    The portal says itself whose a number is, so its own labels stay.
    """
    asked = [
        {
            "job_name": name,
            "honor_labels": name == "portal",
            "static_configs": [{"targets": [target], "labels": {"jurisdiction": jurisdiction}}],
        }
        for name, target in targets.items()
    ]
    return json.dumps(
        {
            "global": {"scrape_interval": f"{SCRAPE_SECONDS}s", "evaluation_interval": f"{SCRAPE_SECONDS}s"},
            "rule_files": [str(rules.resolve() / "*.yml")],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
            "scrape_configs": asked,
        },
        indent=1,
    )


def alertmanager_file(dispatch: str, credentials: Path, webhooks: list[str]) -> str:
    """What Alertmanager reads: alerts of one name and jurisdiction go out together, first and then every four hours.

    ``dispatch``: where it tells the operators. ``credentials``: the file with the token that admits it there, which it
    reads anew for each request.
    """
    bearer = {"type": "Bearer", "credentials_file": str(credentials.resolve())}
    to_operators: dict[str, Any] = {"url": f"{dispatch.rstrip('/')}/alerts", "max_alerts": MOST_ALERTS}
    to_operators["http_config"] = {"authorization": bearer}
    everywhere = [to_operators, *({"url": url} for url in webhooks)]
    receiver = {
        "name": "operators",
        "webhook_configs": [{**one, "send_resolved": True} for one in everywhere],
    }
    route = {
        "receiver": "operators",
        "group_by": ["alertname", "jurisdiction"],
        "group_wait": "5s",
        "group_interval": "30s",
        "repeat_interval": "4h",
    }
    return json.dumps({"route": route, "receivers": [receiver]}, indent=1)


def write_credentials(file: Path, token: str) -> None:
    """Put this token where Alertmanager reads it: whole or not at all, and for nobody else to read."""
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as written:
        written.write(token)
    fresh.replace(file)


def _signer(system: RunningSystem, as_json: bool) -> Callable[[], str]:
    """Signs a token of an operator, whoever runs this; ends the command where the key is not there."""
    deployment = deployment_of(system, as_json)
    caller = deployment.official(own_account(), ["operator"])
    return partial(deployment.token, caller, timedelta(minutes=MOST_MINUTES))


async def _keep_signed(file: Path, sign: Callable[[], str]) -> None:
    """Sign anew before the last token is over; where that fails the last one stays, and it is tried again."""
    while True:
        await asyncio.sleep(SIGNED_ANEW_SECONDS)  # nothing says when a token is about to be over
        try:
            write_credentials(file, sign())
        except OSError as error:
            display.Terminal(stderr=True, soft_wrap=True).print(
                f"{file}: {error.strerror}; from {MOST_MINUTES} minutes after the last one was written, alerts do not "
                "reach the operators' mail"
            )


async def _run(
    system: RunningSystem,
    ports: Mapping[str, int],
    rules: Path,
    webhooks: list[str],
    as_json: bool,
    sign: Callable[[], str],
) -> None:
    folder = system.data_dir / "watch"
    folder.mkdir(parents=True, exist_ok=True)
    targets = {
        name: _place(url) for name, url in {**system.service_urls, "portal": system.portal_url}.items()
    }
    addresses = {name: f"{HOST}:{port}" for name, port in ports.items()}
    (folder / "prometheus.json").write_text(
        prometheus_file(targets, system.jurisdiction, addresses["alertmanager"], rules)
    )
    credentials = folder / CREDENTIALS
    write_credentials(credentials, sign())
    (folder / "alertmanager.json").write_text(
        alertmanager_file(system.service_urls["dispatch"], credentials, webhooks)
    )
    children = [Child(program, system.data_dir / "logs") for program in _programs(folder, ports)]
    ending, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    signing = asyncio.create_task(_keep_signed(credentials, sign))
    try:
        for child in children:
            child.start()
        for child in children:
            await child.wait_ready(START_SECONDS)
        found = {name: f"http://{address}" for name, address in addresses.items()}
        if as_json:
            display.print_json(found)
        else:
            display.Terminal(soft_wrap=True).print(
                "\n".join(f"{name:<13}{url}" for name, url in found.items())
                + f"\nRules: {rules}. What fires is told to the operators."
                + f"\nCtrl-C stops both; the data stays in {folder}."
            )
        await ending.wait()
    finally:
        signing.cancel()
        await asyncio.gather(*(child.stop() for child in children))
        credentials.unlink(missing_ok=True)


def _programs(folder: Path, ports: Mapping[str, int]) -> list[Program]:
    options = {
        "prometheus": (
            f"--config.file={folder / 'prometheus.json'}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address={HOST}:{ports['prometheus']}",
        ),
        "alertmanager": (
            f"--config.file={folder / 'alertmanager.json'}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address={HOST}:{ports['alertmanager']}",
            "--cluster.listen-address=",
        ),
    }
    return [
        Program(name, "watch", ports[name], fixed(_found(PROGRAMS[name]), *its), _readiness(ports[name]))
        for name, its in options.items()
    ]


def _readiness(port: int) -> Callable[[], Awaitable[bool]]:
    return partial(is_ready, HOST, port, "/-/ready")


def _found(names: Iterable[str]) -> str:
    """Where the first of these programs is; "" where none is."""
    return next(filter(None, map(shutil.which, names)), "")


def _place(url: str) -> str:
    """host:port of an address."""
    return url.partition("://")[2].rstrip("/")
