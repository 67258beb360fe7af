"""Names are kept in memory, and are those in force whenever somebody asks."""

from datetime import timedelta
from pathlib import Path

from services.portal.queries import names
from tests.portal.given import Given, stamp
from tests.portal.projection.given import AT

AT_MS = int(AT.timestamp() * 1000)
DAY_MS = 86_400_000


def _published(given: Given, version: str, name: str, **more: object) -> None:
    data = {"version": version, "by": "system", "name_zh": name, "name_en": "water", "level": "city"}
    data |= {"in_force_from": stamp(AT), "head": "局长", **more}
    given.shown.topics.version("dispatch", "department.published.v1", "dept:water", data, seq=int(version))
    given.shown.apply()


def _name(given: Given, at: int = AT_MS) -> str:
    return names.departments(given.shown.reader(), at, "zh").get("water", "")


def test_a_new_version_is_read_at_once(given: Given) -> None:
    _published(given, "1", "水务局")
    assert _name(given) == "水务局"
    _published(given, "2", "水利局")
    assert _name(given) == "水利局"


def test_what_comes_into_force_later_is_not_there_before_and_is_there_from_then_on(given: Given) -> None:
    _published(given, "1", "水务局")
    _published(given, "2", "水利局", in_force_from=stamp(AT + timedelta(days=1)))
    assert [_name(given, AT_MS + ms) for ms in (0, DAY_MS - 1, DAY_MS, 0, -1)] == [
        "水务局",
        "水务局",
        "水利局",
        "水务局",
        "",
    ]


def test_each_file_is_asked_for_itself_and_few_are_remembered(given: Given, tmp_path: Path) -> None:
    _published(given, "1", "水务局")
    others = []
    for number in range(names.MOST_FILES):
        (tmp_path / str(number)).mkdir()
        others.append(Given(tmp_path / str(number)))
        assert _name(others[-1]) == ""
    _published(others[0], "1", "水利局")
    assert (_name(given), _name(others[0])) == ("水务局", "水利局")
    assert len(names._KEPT) <= names.MOST_FILES


def test_what_was_read_is_not_read_again_for_another_page(given: Given) -> None:
    _published(given, "1", "水务局")
    reads, asked = given.shown.reader(), list[str]()
    names.calendar(reads, AT_MS)
    reads.set_trace_callback(asked.append)
    (
        names.departments(reads, AT_MS + 1, "en"),
        names.officials(reads, AT_MS),
        names.assignable(reads, AT_MS, "zh"),
    )
    reads.set_trace_callback(None)
    assert not [sql for sql in asked if "row_number" in sql]


def test_enterprises_are_named_together_by_their_code_where_no_name_is_known(given: Given) -> None:
    assert names.enterprises(given.shown.reader(), {"91330500MA00000001"}) == {
        "91330500MA00000001": "91330500MA00000001"
    }
    assert names.enterprises(given.shown.reader(), []) == {}
