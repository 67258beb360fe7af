"""A portal for each test of pages."""

from collections.abc import Iterator
from gettext import NullTranslations
from pathlib import Path

import pytest

from services.portal.languages import words_in
from shared.logs import configure
from tests.portal.given import Given


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """A portal of one's own."""
    return Given(tmp_path)


@pytest.fixture(autouse=True, scope="session")
def _plain_log() -> None:
    """As the running portal writes it: without the values of every variable, which takes seconds for each error."""
    configure("portal", "INFO")


class _Unknown(NullTranslations):
    """Is asked for what the catalog does not have, and keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.phrases = set[str]()

    def gettext(self, message: str) -> str:
        """The phrase stays as it is, as without this."""
        self.phrases.add(message)
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The same by a number."""
        self.phrases.add(msgid1)
        return super().ngettext(msgid1, msgid2, n)


@pytest.fixture(scope="session")
def _unknown() -> _Unknown:
    """What stands behind the Chinese catalog as long as tests run."""
    unknown = _Unknown()
    words_in("zh").add_fallback(unknown)
    return unknown


@pytest.fixture(autouse=True)
def _every_phrase_is_in_the_catalog(_unknown: _Unknown) -> Iterator[None]:
    """What code hands on to be translated, and no extractor finds there, is found while pages are shown."""
    _unknown.phrases.clear()
    yield
    assert not _unknown.phrases
