"""Who comes to the talks of Huzhou: invented leaders of the four bodies, and invented entrepreneurs of each place."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

from services.cli.scenario.people import NO_PHONE, NO_REGION, Firm
from services.cli.scenario.vocabulary import words as town_words
from services.intake.credit_codes import complete
from shared.contract.words import EnterpriseSize, LeadingBody, Level

_BASE = "0123456789ABCDEFGHJKLMNPQRTUWXY"
SIZES = (EnterpriseSize.MEDIUM, EnterpriseSize.SMALL, EnterpriseSize.SMALL, EnterpriseSize.MICRO)


@dataclass(frozen=True, slots=True)
class Place:
    """The city, or one of its counties, districts and functional areas."""

    code: str
    name: str
    level: Level
    district: str
    park: str
    roads: tuple[str, ...]
    port: str


@lru_cache(maxsize=1)
def words() -> Mapping[str, Any]:
    """What is said of places, themes and posts."""
    found: Mapping[str, Any] = json.loads(Path(__file__).with_name("words.json").read_bytes())
    return found


@lru_cache(maxsize=1)
def places() -> tuple[Place, ...]:
    """The city first."""
    return tuple(
        Place(**{**entry, "level": Level(entry["level"]), "roads": tuple(entry["roads"])})
        for entry in words()["places"]
    )


class People:
    """Draws invented people one after the other: no name, enterprise or number comes twice."""

    def __init__(self, dice: Random) -> None:
        town, self._dice, self._number = town_words(), dice, 0
        self._names = self._shuffled("".join(pair) for pair in product(town["surnames"], town["given"]))
        self._firms = self._shuffled(product(town["stems"], town["trades"]))

    def leaders(self, place: Place) -> list[dict[str, str]]:
        """One leader of each of the four bodies of a place."""
        level = "city" if place.level is Level.CITY else "county"
        return [
            {
                "account": f"{place.code}-{body}",
                "name": next(self._names),
                "post": words()["bodies"][body][level],
                "body": body.value,
            }
            for body in LeadingBody
        ]

    def firm(self, place: Place) -> Firm:
        """An enterprise of this place, and who speaks for it."""
        dice, (stem, trade) = self._dice, next(self._firms)
        self._number += 1
        account = f"hz{self._number:03d}"
        return Firm(
            code=complete(f"{NO_REGION}99MA" + "".join(dice.choice(_BASE) for _ in range(7))),
            name=f"{stem}{town_words()['trades'][trade]['name']}有限公司",
            trade=trade,
            size=dice.choice(SIZES),
            district=place.district,
            park=place.park,
            road=dice.choice(place.roads),
            port=place.port,
            account=account,
            person=next(self._names),
            phone=NO_PHONE.format(self._number + 100),
            mail=f"{account}@example.com",
        )

    def _shuffled(self, all: Any) -> Iterator[Any]:
        every = list(all)
        self._dice.shuffle(every)
        return iter(every)
