"""What is wrong with something that a person wrote: a sentence in English that can be said in another language, too."""

from collections.abc import Callable, Mapping
from typing import Self


class Fault(str):
    """An English sentence, or a part of one, beside the phrase and the values that it was made of.

    It is a string wherever one is wanted. A hole of the phrase is ``%(line)s``; a value that is a fault itself is said
    in the other language with it. The phrases stand in the portal's catalogs, where `make docs` puts them.
    """

    phrase: str
    values: Mapping[str, object]

    def __new__(cls, phrase: str, /, **values: object) -> Self:
        shown = {
            name: printable(value) if isinstance(value, str) else value for name, value in values.items()
        }
        fault = super().__new__(cls, phrase % shown)
        fault.phrase, fault.values = phrase, shown
        return fault

    def said(self, say: Callable[[str], str]) -> str:
        """The sentence in another language; ``say`` gives the phrase in it, perhaps with fewer holes."""
        values = {
            name: value.said(say) if isinstance(value, Fault) else value
            for name, value in self.values.items()
        }
        return say(self.phrase) % values


def printable(text: str) -> str:
    """The text with what a terminal cannot show written out, so that it stops nobody from reading the rest."""
    return text if isinstance(text, Fault) else text.encode("utf-8", "backslashreplace").decode()
