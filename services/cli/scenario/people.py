"""The enterprises of the town and who speaks for them: invented, with credit codes and phones that nobody has."""

from dataclasses import dataclass, replace
from random import Random
from typing import Any

from services.cli.scenario.vocabulary import words
from services.intake.builtin import invented
from services.intake.credit_codes import complete
from shared.contract.words import EnterpriseSize

NO_REGION = "913399"
"""How their codes begin: a kind of company, and a region that does not exist, so that no real enterprise has one."""
NO_PHONE = "+447700900{:03d}"
"""Numbers that the British regulator keeps for stories; China keeps none."""
WU = "wu"
"""The entrepreneur whom the sign-in page and the command line offer."""
_BASE = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, slots=True)
class Firm:
    """One enterprise, where it is, and the person who speaks for it."""

    code: str
    name: str
    trade: str
    size: EnterpriseSize
    district: str
    park: str
    road: str
    port: str
    account: str
    person: str
    phone: str
    mail: str


def firms(count: int, dice: Random) -> list[Firm]:
    """So many enterprises, each with a name and a person of its own; the first is that of ``WU``. At most 60."""
    stems, people = dice.sample(words()["stems"], count), _names(count, dice)
    trades = list(words()["trades"])
    every = [
        _firm(number, stems[number], people[number], trades[number % len(trades)], dice)
        for number in range(count)
    ]
    return [_known(every[0]), *every[1:]]


def _known(firm: Firm) -> Firm:
    """The one that intake knows from its first start, in a trade of the town."""
    [wu] = [one for one in invented() if one.account == WU]
    about, contact = wu.enterprise, wu.contact
    assert about.size is not None, "it is written down"
    return replace(
        firm,
        code=wu.described.enterprise,
        name=about.name,
        size=about.size,
        account=WU,
        person=contact.name,
        phone=contact.phone,
        mail=contact.mail,
    )


def _names(count: int, dice: Random) -> list[str]:
    every = [f"{surname}{name}" for surname in words()["surnames"] for name in words()["given"]]
    return dice.sample(every, count)


def _firm(number: int, stem: str, person: str, trade: str, dice: Random) -> Firm:
    place: dict[str, Any] = dice.choice(words()["places"])
    body = "MA" + "".join(dice.choice(_BASE) for _ in range(7))
    account = f"e{number:02d}"
    return Firm(
        code=complete(f"{NO_REGION}99{body}"),
        name=f"{stem}{words()['trades'][trade]['name']}有限公司",
        trade=trade,
        size=dice.choice(
            (EnterpriseSize.MEDIUM, EnterpriseSize.SMALL, EnterpriseSize.SMALL, EnterpriseSize.MICRO)
        ),
        district=place["district"],
        park=place["park"],
        road=dice.choice(place["roads"]),
        port=place["port"],
        account=account,
        person=person,
        phone=NO_PHONE.format(number + 1),
        mail=f"{account}@example.com",
    )
