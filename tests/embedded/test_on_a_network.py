"""From another address of the network, in a namespace of its own: nothing without a code, with it only the portal."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bench.parts import free_base_port
from services.cli.embedded import Embedded, Parts, free_ports
from services.cli.embedded.network import Lan
from services.cli.embedded.ports import SERVICES
from services.cli.embedded.services import portal_program
from services.cli.embedded.stores import listens
from shared.identity.keys import make_keys

pytestmark = pytest.mark.integration

STANDIN = [sys.executable, str(Path(__file__).with_name("standin.py"))]
CODE = "7K3M9QXT2B"
ASK = """
import http.client, json, sys
host, port, asked = json.load(sys.stdin)
said = []
for path, headers in asked:
    to = http.client.HTTPConnection(host, port, timeout=20)
    to.request("GET", path, headers=headers)
    answer = to.getresponse()
    said.append([answer.status, dict(answer.getheaders()), answer.read().decode()])
json.dump(said, sys.stdout)
"""
CONNECT = """
import json, socket, sys
host, ports = json.load(sys.stdin)
open = []
for port in ports:
    try:
        socket.create_connection((host, port), timeout=20).close()
        open.append(port)
    except ConnectionRefusedError:
        pass
json.dump(open, sys.stdout)
"""


def ip(*words: str) -> None:
    """Arrange something of the network; skips the test where nobody may."""
    try:
        subprocess.run(["ip", *words], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(
            "no network of one's own can be made here: that needs iproute2 and an administrator's rights"
        )


TURNS = count()


@dataclass(frozen=True)
class Phone:
    """Another machine on the network: a namespace with one address, from which ours is reached at ``machine``."""

    name: str
    machine: str

    def run(self, script: str, given: Any) -> Any:
        """What a program there says, that was given this."""
        command = ["ip", "netns", "exec", self.name, sys.executable, "-c", script]
        ended = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True)
        return json.loads(ended.stdout)

    def ask(
        self, port: int, *asked: tuple[str, Mapping[str, str]]
    ) -> Sequence[tuple[int, dict[str, str], str]]:
        """Status, headers and body of each address that is asked for, with these headers."""
        return [tuple(one) for one in self.run(ASK, [self.machine, port, asked])]


@pytest.fixture
def phone() -> Iterator[Phone]:
    """Made for one test, and gone some time after it: so the next one's has other names and addresses."""
    turn = next(TURNS)
    own, id = (os.getpid() + turn) % 60, f"{os.getpid()}-{turn}"
    name, here, there = f"qq{id}", f"qqh{id}"[:15], f"qqt{id}"[:15]
    machine, other = f"198.51.100.{own * 4 + 1}", f"198.51.100.{own * 4 + 2}"
    ip("netns", "add", name)
    try:
        ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
        ip("addr", "add", f"{machine}/30", "dev", here)
        ip("link", "set", here, "up")
        ip("-n", name, "addr", "add", f"{other}/30", "dev", there)
        ip("-n", name, "link", "set", there, "up")
        yield Phone(name, machine)
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False)  # its end of the cable takes ours along


@asynccontextmanager
async def portal(folder: Path, phone: Phone, port: int) -> AsyncIterator[None]:
    """The portal as `qinqing up --lan` starts it, and whoever set this thought of a proxy; without a broker."""
    parts = Parts("127.0.0.1:1", {}, folder)
    program = portal_program(parts, port, {}, lan=Lan(phone.machine, CODE))
    command = await program.command(lambda _: None)
    env = {**os.environ, **program.env, "FORWARDED_ALLOW_IPS": "*"}
    with (folder / "portal.log").open("ab") as output:
        process = await asyncio.create_subprocess_exec(*command, env=env, stdout=output, stderr=output)
    try:
        async with asyncio.timeout(60):
            while not await listens("127.0.0.1", port):
                assert process.returncode is None, (folder / "portal.log").read_text()
                await asyncio.sleep(0.05)  # a foreign process has no event for it
        yield
    finally:
        process.kill()
        await process.wait()


async def test_from_another_address_nothing_is_answered_without_a_code_and_each_is_good_once(
    tmp_path: Path, phone: Phone
) -> None:
    make_keys(tmp_path / "keys")
    (port,) = free_ports(1)
    claims = {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1", "Host": f"127.0.0.1:{port}"}
    asked = [(path, {}) for path in ("/", "/sign-in", "/metrics", "/health/live", "/api/figures", "/lan")]
    async with portal(tmp_path, phone, port):
        for status, headers, body in phone.ask(port, *asked, ("/", claims)):
            assert status == 403 and "二维码" in body and "set-cookie" not in headers
        joined, again = phone.ask(port, *[(f"/join?code={CODE}", {})] * 2)
        assert joined[0] == 303
        assert again[0] == 403 and "已经用过" in again[2]
        cookie = {"Cookie": joined[1]["set-cookie"].partition(";")[0]}
        page, live, code = phone.ask(port, ("/sign-in", cookie), ("/health/live", cookie), ("/lan", cookie))
        assert (page[0], live[0], code[0]) == (200, 200, 404)
    async with portal(tmp_path, phone, port):  # killed, and started again by its supervisor
        again, live = phone.ask(port, (f"/join?code={CODE}", {}), ("/health/live", cookie))
        assert "已经用过" in again[2] and live[0] == 200


async def test_nothing_but_the_portal_listens_on_the_network(tmp_path: Path, phone: Phone) -> None:
    lan = Lan(phone.machine, CODE)
    async with Embedded(tmp_path, free_base_port(), service_command=lambda _: STANDIN, lan=lan) as system:
        ports = sorted(system.needed_ports())
        assert len(ports) == 2 + 2 * len(SERVICES) + 2
        assert all([await listens("127.0.0.1", port) for port in ports])
        assert phone.run(CONNECT, [phone.machine, ports]) == [system.ports.portal]


def test_on_a_machine_without_a_network_nothing_is_started(tmp_path: Path, phone: Phone) -> None:
    assert phone.machine, "who may make one may make one without a cable too"
    command = [sys.executable, "-m", "services.cli.main", "up", "--lan", "--data", str(tmp_path / "data")]
    ended = subprocess.run(["unshare", "--net", *command], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2 and "Nothing was started" in ended.stderr and "Traceback" not in ended.stderr
    assert not (tmp_path / "data").exists()
