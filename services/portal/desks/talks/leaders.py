"""Leaders as people type them: one a line, name, post and body; who has no account here is known by an id of theirs."""

from collections.abc import Iterable, Mapping
from hashlib import sha256

from services.portal.forms import Form
from services.portal.pages import Page
from services.portal.queries import names, talks
from shared.contract.words import LeadingBody, Role

BODIES: Mapping[str, LeadingBody] = {
    "党委": LeadingBody.PARTY,
    "市委": LeadingBody.PARTY,
    "县委": LeadingBody.PARTY,
    "区委": LeadingBody.PARTY,
    "人大": LeadingBody.CONGRESS,
    "政府": LeadingBody.GOVERNMENT,
    "政协": LeadingBody.CPPCC,
    **{body.value: body for body in LeadingBody},
}
"""How the four bodies are written -> which one."""
WRITTEN = {
    LeadingBody.PARTY: "党委",
    LeadingBody.CONGRESS: "人大",
    LeadingBody.GOVERNMENT: "政府",
    LeadingBody.CPPCC: "政协",
}


def account_of(page: Page, name: str, post: str, place: str, given: str = "") -> str:
    """The account of a leader: as it was typed; as this leader stands in a plan or an earlier talk of the place, or of
    the city, whose leaders go everywhere; that of the one official of this name who is a leader; else an id that
    follows from name, post and place."""
    known, city = page.once("leaders", lambda: talks.leaders(page.reads)), page.portal.jurisdiction
    if found := given or known.get((place, name, post)) or known.get((city, name, post)):
        return found
    officials = [
        one.account
        for one in names.officials(page.reads, page.at)
        if one.name == name and Role.LEADER in one.roles
    ]
    if len(officials) == 1 and place == city:
        return officials[0]
    return f"leader-{sha256(f'{place}/{name}/{post}'.encode()).hexdigest()[:12]}"


def written(leaders: Iterable[Mapping[str, str]]) -> str:
    """Leaders as they stand in the field."""
    return "\n".join(
        "，".join((one["name"], one["post"], WRITTEN.get(LeadingBody(one["body"]), one["body"])))
        for one in leaders
    )


def read(page: Page, form: Form, field: str, place: str) -> list[dict[str, str]]:
    """The leaders of a field; what is wrong is said with its line."""
    found, wrong = list[dict[str, str]](), list[str]()
    for number, line in enumerate(form.text(field).splitlines(), start=1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.replace(",", "，").replace("、", "，").split("，")]
        if len(cells) != 3 or not all(cells):
            said = page.say("Line %(line)d: write name, post and body, as in 周明，副市长，政府")
            wrong.append(said % {"line": number})
            continue
        name, post, body = cells
        if body not in BODIES:
            said = page.say("Line %(line)d: the body is 党委, 人大, 政府 or 政协, not %(found)s")
            wrong.append(said % {"line": number, "found": body[:20]})
            continue
        account = account_of(page, name, post, place)
        found.append({"account": account, "name": name, "post": post, "body": BODIES[body].value})
    if wrong:
        form.wrong(field, "\n".join(wrong))
    return found
