"""A file of departments or days, or a policy, is checked and compared; only what differs is published."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.cli.reference import calendar, departments, policy
from services.cli.reference.publishing import Refused, merge, publish, publish_all
from services.cli.reference.versions import Failed, read_published
from services.supervision.builtin import builtin_calendar, builtin_policy
from shared import year_tables
from shared.contract.commands.supervision import PublishPolicy
from shared.domain.calendar import Calendar, Day
from shared.handwritten import WrongFile
from shared.year_notices import Notice
from tests.unit.cli.owners import JURISDICTION, NOW, Owner

BUILTIN = Path(__file__).resolve().parents[3] / "services" / "dispatch" / "directory.json"

SOON = NOW + timedelta(hours=1)


def written(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "file.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False))
    return path


def bureau(code: str = "sports", **fields: Any) -> dict[str, Any]:
    return {"code": code, "name_zh": "市体育局", "name_en": "Sports Bureau", "head": "市体育局局长", **fields}


def differences(path: Path, owner: Owner) -> list[departments.Difference]:
    published = read_published(owner.client)
    entries = departments.read_directory(path)
    departments.check_codes(entries, published)
    return departments.differences(entries, published, published.jurisdiction(), SOON)


# ---------------------------------------------------------------- departments


def test_the_built_in_directory_differs_in_nothing_from_what_a_first_start_published() -> None:
    assert differences(BUILTIN, Owner()) == []


def test_only_what_differs_is_published_and_departments_go_first(tmp_path: Path) -> None:
    content = json.loads(BUILTIN.read_text())
    content["departments"][1]["head"] = "市住建局局长"
    content["departments"].append(bureau(parent="office"))
    content["rules"]["keywords"]["sports"] = ["羽毛球", "球场维护"]
    content["staff"] = [{"id": "chen.wei", "name": "陈伟", "roles": ["dept"], "department": "sports"}]
    owner = Owner()
    done = publish_all(owner.client, departments.steps(differences(written(tmp_path, content), owner)))
    paths = [path for path, _, _ in owner.asked]
    assert paths == [
        "/departments/housing/publish",
        "/departments/sports/publish",
        f"/rules/{JURISDICTION}/publish",
        "/staff/chen.wei/publish",
    ]
    assert done[0] == ("dept:housing", "v1")
    assert owner.asked[0][1]["head"] == "市住建局局长"
    assert differences(written(tmp_path, content), owner) == []


def test_a_difference_names_each_field_with_both_values(tmp_path: Path) -> None:
    content = {"departments": [bureau("housing", name_zh="市住建局"), bureau(duties=["体育场馆"])]}
    changed, new = differences(written(tmp_path, content), Owner())
    assert changed.subject == "dept:housing"
    assert changed.facts()["new"] is False
    assert changed.fields["name_zh"] == ("市住房和城乡建设局", "市住建局")
    assert "level" not in changed.fields
    assert new.facts()["new"] is True
    assert new.fields["duties"] == (None, ["体育场馆"])


def test_published_departments_that_a_file_leaves_out_stay(tmp_path: Path) -> None:
    entries = departments.read_directory(written(tmp_path, {"departments": [bureau("housing")]}))
    left_out = departments.not_in_file(entries, read_published(Owner().client))
    assert "planning" in left_out and "housing" not in left_out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", ["line 1, column 2", "no JSON"]),
        ("[]", ["line 1", "{...}", "a list"]),
        ("9" * 5000, ["cannot be read as JSON"]),
        ("[" * 200_000, ["cannot be read as JSON"]),
        ('{"staff": [], "staff": []}', ["'staff' is twice"]),
        ({}, ["no entry", "departments"]),
        ({"department": []}, ["field department", "no such field"]),
        ({"departments": {}}, ["field departments", "write a list"]),
        ({"departments": ["office"]}, ["departments[0]", "write an object"]),
        ({"departments": [{"name_zh": "x"}]}, ["departments[0], field code", "missing", "housing"]),
        (
            {"departments": [bureau("体育")]},
            ["departments[0], field code", "'体育' is none", "small letters"],
        ),
        (
            {"departments": [bureau(), bureau()]},
            ["departments[1] (sports), field code", "departments[0] already"],
        ),
        ({"departments": [bureau(head="")]}, ["departments[0] (sports), field head", "at least 1 character"]),
        (
            {"departments": [bureau(level="village")]},
            ["(sports), field level", "'township'", "not 'village'"],
        ),
        ({"departments": [bureau(boss="x")]}, ["(sports), field boss", "no such field"]),
        ({"departments": [bureau(substitutes=[{"of": "a"}])]}, ["field substitutes.0.by", "missing"]),
        ({"rules": {"keywords": {}}}, ["rules, field fallback", "missing"]),
        ({"rules": {"fallback": "office", "keywords": {"office": [""]}}}, ["keywords.office", "blank"]),
        (
            {"rules": {"fallback": "office", "keywords": {"office": ["路灯"], "housing": ["路灯"]}}},
            ["field keywords.housing", "'路灯' speaks for office already"],
        ),
        ({"staff": [{"name": "陈伟", "roles": ["dept"]}]}, ["staff[0], field id", "missing"]),
        ({"staff": [{"id": "chen", "name": "陈伟", "roles": ["king"]}]}, ["staff[0] (chen), field roles.0"]),
    ],
)
def test_a_wrong_directory_file_names_entry_field_and_what_is_right(
    tmp_path: Path, content: Any, said: list[str]
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(WrongFile) as error:
        departments.read_directory(path)
    (fault,) = error.value.faults
    assert all(words in fault for words in [str(path), *said]), fault


def test_a_file_that_is_not_there_or_not_utf_8_is_a_sentence(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none.json", "name a file that is there"), (tmp_path, "cannot be read")):
        with pytest.raises(WrongFile, match=said):
            policy.read_policy(path)
    path = tmp_path / "gbk.json"
    path.write_bytes('{"version": "湖州"}'.encode("gbk"))
    with pytest.raises(WrongFile, match="save it in UTF-8"):
        departments.read_directory(path)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"departments": [bureau(parent="nobody")]}, "field parent"),
        ({"rules": {"fallback": "nobody", "keywords": {}}}, "field fallback"),
        ({"rules": {"fallback": "office", "keywords": {"nobody": ["x"]}}}, "field keywords.nobody"),
        (
            {"staff": [{"id": "a", "name": "a", "roles": ["dept"], "department": "nobody"}]},
            "field department",
        ),
    ],
)
def test_a_file_that_names_an_unknown_department_is_refused(tmp_path: Path, content: Any, field: str) -> None:
    with pytest.raises(WrongFile, match=field) as error:
        differences(written(tmp_path, content), Owner())
    assert "housing" in str(error.value)


def test_a_merger_is_asked_of_published_departments_only() -> None:
    owner = Owner()
    owner.publish("dept:tax", {"merged_into": "finance"}, "2")
    published = read_published(owner.client)
    assert departments.cannot_merge("housing", "planning", published, NOW) == ""
    assert "name finance" in departments.cannot_merge("housing", "tax", published, NOW)
    assert "nobody" in departments.cannot_merge("housing", "nobody", published, NOW)
    assert "into itself" in departments.cannot_merge("housing", "housing", published, NOW)
    merge(owner.client, "dept:housing", "planning")
    path, body, _ = owner.asked[0]
    assert (path, body) == ("/departments/housing/merge", {"into": "planning"})


def test_a_refusal_says_why_and_what_was_published_before_it(tmp_path: Path) -> None:
    owner = Owner()
    found = differences(written(tmp_path, {"departments": [bureau()]}), owner)
    owner.posting = 422
    with pytest.raises(Refused, match=r"not in the directory: 'x' \(0 entries before it are published\)"):
        publish_all(owner.client, departments.steps(found))


# ------------------------------------------------------------------- calendar


def days(*rows: tuple[str, bool]) -> tuple[Day, ...]:
    return tuple(Day(date.fromisoformat(on), is_work, "春节", "国办通知") for on, is_work in rows)


NAMED_2027 = days(("2027-01-01", False), ("2027-05-01", False), ("2027-10-01", False))


def table(owner: Owner) -> calendar.CalendarPublished:
    return calendar.newest_table(read_published(owner.client), JURISDICTION)[1]


def test_an_imported_notice_publishes_its_year_beside_all_that_was_known() -> None:
    known = table(Owner())
    asked = year_tables.combined(known, Notice(2027, NAMED_2027))
    assert asked.published_through == 2027
    assert set(known.days) < set(asked.days)
    now = Calendar(asked.published_through, asked.days)
    assert now.version != known.version
    assert not now.is_working_day(date(2027, 10, 1))
    assert now.is_published(date(2027, 6, 1)) and not now.is_published(date(2028, 1, 3))


def test_a_year_is_not_published_over_a_gap() -> None:
    rows = tuple(day._replace(on=day.on.replace(year=2028)) for day in NAMED_2027)
    assert year_tables.combined(table(Owner()), Notice(2028, rows)).published_through == 2026


def test_a_notice_that_is_published_already_makes_no_new_version() -> None:
    known = table(Owner())
    year = tuple(day for day in known.days if day.on.year == 2026)
    asked = year_tables.combined(known, Notice(2026, year))
    assert Calendar(asked.published_through, asked.days).version == builtin_calendar().version
    assert year_tables.compare(known, Notice(2026, year)) == ((), (), (), ())


def test_a_notice_beside_the_published_table_says_what_is_new_otherwise_reworded_and_left_out() -> None:
    known = table(Owner())
    year = [day for day in known.days if day.on.year == 2026]
    make_up = next(day for day in year if day.is_work)
    first = year[0]
    notice = [day for day in year if day != year[-1]]
    notice[notice.index(make_up)] = make_up._replace(is_work=False)
    notice[0] = first._replace(source="国办发明电〔2025〕7号")
    notice += days(("2026-11-30", False))
    found = year_tables.compare(known, Notice(2026, tuple(notice)))
    assert [day.on for day in found.new] == [date(2026, 11, 30)]
    assert [now.on for _, now in found.otherwise] == [make_up.on]
    assert [now.source for _, now in found.reworded] == ["国办发明电〔2025〕7号"]
    assert found.left_out == (year[-1],)
    with pytest.raises(WrongFile, match=f"{make_up.on} is published as work .*--replace"):
        year_tables.check_replacing(Path("notice.csv"), found)
    replaced = year_tables.combined(known, Notice(2026, tuple(notice)), found.left_out)
    assert year[-1].on not in {day.on for day in replaced.days}
    assert year[-1].on in {day.on for day in year_tables.combined(known, Notice(2026, tuple(notice))).days}


def test_the_december_of_a_year_is_never_missed_in_its_notice() -> None:
    """Its last days come with the notice of the next year."""
    known = table(Owner())
    assert date(2018, 12, 29) in {day.on for day in known.days}
    year = tuple(day for day in known.days if day.on.year == 2018 and day.on.month != 12)
    assert year_tables.compare(known, Notice(2018, year)).left_out == ()


# --------------------------------------------------------------------- policy


def test_a_policy_is_compared_field_by_field(tmp_path: Path) -> None:
    content = builtin_policy().with_reply_limit("14d").model_dump(mode="json")
    warnings = {clock: texts for clock, texts in content["warnings"].items() if clock != "promise"}
    wanted = policy.read_policy(written(tmp_path, {**content, "warnings": warnings, "version": "huzhou-2"}))
    known = policy.policy_in_force(read_published(Owner().client), JURISDICTION, NOW)
    assert known is not None
    assert policy.compare(known[1], wanted) == {
        "version": ("default-1", "huzhou-2"),
        "limits.promise": ("10wd", "14d"),
        "limits.holding": ("10wd", "14d"),
        "warnings.promise": ("70%, 1wd", None),
    }
    assert policy.compare(builtin_policy(), builtin_policy()) == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"limits": {"promise": "ten"}}, ["field limits.promise", "10wd", "not 'ten'"]),
        ({"limits": {"promise": "10wd"}}, ["limits lacks assign"]),
        ({"grace": 5}, ["field grace", "no such field"]),
        ({"grace_seconds": -1}, ["field grace_seconds", "greater than or equal to 0", "not '-1'"]),
        ({"office_hours": []}, ["office hours must be local times"]),
        ({"warnings": {"promise": ["often"]}}, ["field warnings.promise.0", "70%"]),
    ],
)
def test_a_wrong_policy_file_names_the_field_and_what_is_right(
    tmp_path: Path, change: dict[str, Any], said: list[str]
) -> None:
    path = written(tmp_path, {**builtin_policy().model_dump(mode="json"), **change})
    with pytest.raises(WrongFile) as error:
        policy.read_policy(path)
    (fault,) = error.value.faults
    assert all(words in fault for words in [str(path), *said]), fault


def test_a_version_of_a_policy_means_one_content_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    published = list(policy.published_policies(read_published(Owner().client), JURISDICTION))
    policy.check_version(path, builtin_policy(), published)
    other = builtin_policy().model_copy(update={"grace_seconds": 60})
    with pytest.raises(WrongFile, match="'default-1' is published already"):
        policy.check_version(path, other, published)


# ------------------------------------------------------------------- versions


def test_a_version_is_in_force_from_its_instant_on_and_the_later_published_one_wins() -> None:
    owner = Owner()
    owner.publish("dept:housing", {"head": "甲"}, "2", NOW + timedelta(days=1))
    owner.publish("dept:housing", {"head": "乙"}, "3", NOW + timedelta(days=1))
    published = read_published(owner.client)
    assert [one.version for one in published.of("dept:housing")] == ["1", "2", "3"]
    for at, version in ((NOW, "1"), (NOW + timedelta(days=1), "3")):
        found = published.in_force("dept:housing", at)
        assert found is not None and found.version == version
    assert published.in_force("dept:nobody", NOW) is None


def test_a_command_has_the_same_key_until_another_version_is_published() -> None:
    owner, command = Owner(), PublishPolicy(policy=builtin_policy())
    for after in ("1", "1", "2"):
        publish(owner.client, f"policy:{JURISDICTION}", command, after)
    first, again, other = (headers["Idempotency-Key"] for _, _, headers in owner.asked)
    assert first == again != other
    assert owner.asked[0][0] == f"/policies/{JURISDICTION}/publish"
    assert PublishPolicy.model_validate(owner.asked[0][1]) == command


@pytest.mark.parametrize(("status", "error"), [(422, Refused), (409, Refused), (503, Failed), (202, Failed)])
def test_what_an_owner_does_not_do_is_told_in_its_words(status: int, error: type[Exception]) -> None:
    owner = Owner(posting=status)
    with pytest.raises(error, match=r"/policies/huzhou/publish"):
        publish(owner.client, f"policy:{JURISDICTION}", PublishPolicy(policy=builtin_policy()), "")


def test_a_service_that_answers_no_versions_is_a_sentence() -> None:
    with pytest.raises(Failed, match="answered 503"):
        read_published(Owner(reading=503).client)
    owner = Owner()
    owner.versions = [{"subject": "policy:huzhou"}]
    with pytest.raises(Failed, match="no list of versions"):
        read_published(owner.client)
