"""The embedded system: a real Kafka, a real store per service and the services, run and watched as programs."""

from services.cli.embedded.assembly import Embedded
from services.cli.embedded.ports import DEFAULT_BASE_PORT, SERVICES, Ports, PortsTaken, TakenPort, free_ports
from services.cli.embedded.processes import Child, Program, StartFailed
from services.cli.embedded.services import Parts, history_services, service_program
from services.cli.embedded.state import AlreadyRunning, SystemState, WrongLayout

__all__ = [
    "DEFAULT_BASE_PORT",
    "SERVICES",
    "AlreadyRunning",
    "Child",
    "Embedded",
    "Parts",
    "Ports",
    "PortsTaken",
    "Program",
    "StartFailed",
    "SystemState",
    "TakenPort",
    "WrongLayout",
    "free_ports",
    "history_services",
    "service_program",
]
