"""Both halves of the suite together are the whole of it."""

from tests.__main__ import HALVES, LAST, TESTS


def test_every_folder_with_tests_is_in_one_half_and_what_comes_last_in_both() -> None:
    folders = sorted(path.parent.relative_to(TESTS).parts[0] for path in TESTS.rglob("*/test_*.py"))
    assert sorted(name for half in HALVES for name in half if name != LAST) == sorted(set(folders))
    assert not list(TESTS.glob("test_*.py"))
    assert (TESTS / LAST).is_file()
    for half in HALVES:
        assert LAST in half or LAST.partition("/")[0] in half
