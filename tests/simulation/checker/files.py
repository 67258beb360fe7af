"""Files go with their issue: what was handed in stands on the event of registration and on every order to handle."""

from collections.abc import Iterator

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Event, Evidence, kind_of, owner_of


def check_files(evidence: Evidence) -> Iterator[Violation]:
    """Each list of files against the one it comes from: command, then event, then orders."""
    asked: dict[str, list[object]] = {}
    told: dict[str, list[object]] = {}
    later: dict[str, list[object]] = {}
    """Handed in with answers."""
    orders: list[Event] = []
    for opened in evidence.opened:
        event = opened.event
        if event is None or not owner_of(event["source"]):
            continue
        match kind_of(event):
            case "intake.register":
                asked.setdefault(event["subject"], []).append(event["data"].get("attachments", []))
            case "issue.registered":
                told[event["subject"]] = event["data"]["attachments"]
            case "issue.material_supplied" | "issue.material_received":
                later.setdefault(event["subject"], []).extend(event["data"]["attachments"])
            case "order.assigned":
                orders.append(event)
    for subject, files in told.items():
        if subject in asked and files not in asked[subject]:
            yield Clause.FILES_CARRIED(f"{subject}: its registration tells of files that nobody handed in")
    for order in orders:
        files = order["data"]["attachments"]
        first = told.get(order["subject"], files)
        rest = files[len(first) :]
        if files[: len(first)] != first or any(file not in later.get(order["subject"], []) for file in rest):
            yield Clause.FILES_CARRIED(f"{order['subject']}: {order['id']} has other files than its issue")
