"""What published versions of reference data make of the rows: one row for each version."""

from services.portal.projection.rows.changes import Happened, Rows, as_json


def department(rows: Rows, event: Happened) -> None:
    """A version of a department's directory entry."""
    rows.set(
        "department",
        (event.jurisdiction, event.id, event.text("version")),
        in_force_from=event.instant("in_force_from"),
        seq=event.place,
        name_zh=event.text("name_zh"),
        name_en=event.text("name_en"),
        level=event.text("level"),
        parent=event.text("parent"),
        head=event.text("head"),
        leader_in_charge=event.text("leader_in_charge"),
        merged_into=event.text("merged_into"),
        leaders=event.json("leaders") or "[]",
        handlers=event.json("handlers") or "[]",
        data=as_json(event.data),
    )


def staff(rows: Rows, event: Happened) -> None:
    """A version of an official's entry."""
    rows.set(
        "staff",
        (event.jurisdiction, event.id, event.text("version")),
        in_force_from=event.instant("in_force_from"),
        seq=event.place,
        name=event.text("name"),
        roles=event.json("roles") or "[]",
        level=event.text("level"),
        department=event.text("department"),
        data=as_json(event.data),
    )


def rules(rows: Rows, event: Happened) -> None:
    """A version of the routing rules."""
    _version(rows, "rules", event)


def policy(rows: Rows, event: Happened) -> None:
    """A version of the policy."""
    _version(rows, "policy", event)


def calendar(rows: Rows, event: Happened) -> None:
    """A version of the table of work and rest days."""
    _version(rows, "calendar", event)
    key = (event.jurisdiction, event.text("version"))
    rows.set("calendar", key, published_through=event.number("published_through"))


def _version(rows: Rows, table: str, event: Happened) -> None:
    rows.set(
        table,
        (event.jurisdiction, event.text("version")),
        in_force_from=event.instant("in_force_from"),
        seq=event.place,
        data=as_json(event.data),
    )
