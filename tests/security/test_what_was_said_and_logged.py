"""Behind everything else: what tests and the programs they started said shows no secret, and nobody's contact.

It needs no real parts, so each part of the suite (tests/__main__.py) ends with it. What stands on those is read by
tests/security/test_what_a_whole_run_leaves.py.
"""

import pytest

from tests.keys import KEYS
from tests.leaks import EMBEDDED, OUTPUT, Finder, finder, keys_below, log_files, none_of

pytestmark = pytest.mark.last


@pytest.fixture(scope="module")
def looking(tmp_path_factory: pytest.TempPathFactory) -> Finder:
    """Looks for the keys of every deployment that was made below the run's folder too."""
    return finder(KEYS, keys_below(tmp_path_factory.getbasetemp()))


def test_nothing_that_the_tests_printed_logged_or_counted_shows_a_secret_or_a_contact(
    looking: Finder,
) -> None:
    if not OUTPUT:
        pytest.skip(
            "nothing ran before this test, or its output was not caught (-s): there is nothing to read"
        )
    none_of([leak for place, output in OUTPUT for leak in looking.leaks(place, output)])


def test_no_log_of_a_program_or_of_another_kafka_shows_a_secret_or_a_contact(
    looking: Finder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = tmp_path_factory.getbasetemp()
    none_of(
        [
            leak
            for path in log_files(base, base / EMBEDDED)
            for leak in looking.leaks(str(path), path.read_bytes())
        ]
    )
