"""This machine's address on the local network, found without sending anything, and the code that is first there."""

import socket
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

import psutil

from services.portal.joining import address_of, new_code

ELSEWHERE = ("192.0.2.1", 9)
"""An address of documents: to name it as a datagram's goal sends nothing, and tells by which address one would."""


class NoNetwork(Exception):
    """There is no address on a local network, or not one alone; the message says which there are."""


@dataclass(frozen=True)
class Lan:
    """Where the portal listens beside loopback, and the first one-time code."""

    address: str
    code: str

    def url(self, port: int) -> str:
        """Where a phone finds the portal."""
        return address_of(self.address, port)


def find_lan(wanted: str = "") -> Lan:
    """The address `wanted`, else the one by which this machine reaches others, with a new code. Raises NoNetwork."""
    return Lan(address(wanted), new_code())


def address(wanted: str = "") -> str:
    """As `find_lan`; an address that is reached from anywhere is never taken."""
    here = addresses()
    if wanted:
        if wanted not in here:
            raise NoNetwork(f"{wanted} is no address of this machine on a local network. {_there_are(here)}")
        return wanted
    usual = _usual()
    if usual in here:
        return usual
    if len(here) != 1:
        raise NoNetwork(f"It is not clear on which network phones are to join. {_there_are(here)}")
    return here[0]


def addresses() -> list[str]:
    """Every IPv4 address of this machine that only a local network reaches."""
    up = {name for name, found in psutil.net_if_stats().items() if found.isup}
    found = (each for name, all_of in psutil.net_if_addrs().items() if name in up for each in all_of)
    return sorted(
        {each.address for each in found if each.family == socket.AF_INET and _is_local(each.address)}
    )


def _is_local(text: str) -> bool:
    try:
        found = IPv4Address(text)
    except AddressValueError:
        return False
    return not (found.is_global or found.is_loopback or found.is_link_local or found.is_unspecified)


def _usual() -> str:
    """The address by which this machine would send to others; "" for none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unsent:
        try:
            unsent.connect(ELSEWHERE)
        except OSError:
            return ""
        return str(unsent.getsockname()[0])


def _there_are(here: list[str]) -> str:
    if not here:
        return "It has none: connect it to the network that the phones are on, and start again."
    return f"It has {', '.join(here)}: name one, `qinqing up --lan-address {here[0]}` or `make run LAN={here[0]}`."
