"""The parts in which the suite runs are together the whole of it."""

from tests.__main__ import PARTS, SAID, TESTS


def test_every_folder_with_tests_is_in_one_part_and_what_comes_last_in_each() -> None:
    folders = {path.relative_to(TESTS).parts[0] for path in TESTS.rglob("*/test_*.py")}
    assert sorted(name for part in PARTS for name in part if name != SAID) == sorted(folders)
    assert not list(TESTS.glob("test_*.py"))
    assert (TESTS / SAID).is_file()
    for part in PARTS[:-1]:
        assert SAID in part or SAID.partition("/")[0] in part
    assert PARTS[-1] == ("simulation",)  # it starts nothing that could leave something
