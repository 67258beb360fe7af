"""`qinqing departments`, `calendar` and `policy` as a person types them: what they print, and how they end."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app
from services.cli.reference import owner as owners
from services.supervision.builtin import builtin_policy
from tests.keys import DATA
from tests.unit.cli.owners import Owner

NOTICE = "date,kind,name,source\n" + "".join(
    f"2027-{day},rest,放假,国办通知\n" for day in ("01-01", "05-01", "10-01")
)


@pytest.fixture
def owner(monkeypatch: pytest.MonkeyPatch) -> Owner:
    """The running system's owners, stood in for by one."""
    owner = Owner()
    urls = {"dispatch": "http://owner", "supervision": "http://owner"}
    running = SimpleNamespace(service_urls=urls, data_dir=DATA, jurisdiction="huzhou")
    monkeypatch.setattr(owners, "need_system", lambda data, as_json: running)
    monkeypatch.setattr(owners, "client_of", lambda url, auth: owner.new_client(auth))
    return owner


def typed(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def answered(*words: object) -> Any:
    """What a command prints with --json, when it ends well."""
    result = typed(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*words: object) -> str:
    """The sentence with which a command ends, the same in both forms; wrong use is 2."""
    result = typed(*words)
    assert result.exit_code == 2, result.output
    assert not isinstance(result.exception, Exception)
    as_json = typed(*words, "--json")
    assert as_json.exit_code == 2
    return str(json.loads(as_json.stdout)["error"])


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_policy_is_compared_imported_and_shown(tmp_path: Path, owner: Owner) -> None:
    wanted = builtin_policy().with_reply_limit("14d")
    path = written(tmp_path, "policy.json", wanted.model_dump_json())
    assert answered("policy", "diff", path)["fields"]["limits.promise"] == {
        "published": "10wd",
        "file": "14d",
    }
    assert "limits.promise" in typed("policy", "diff", path).stdout
    said = typed("policy", "import", path).stdout
    assert "running clocks keep the version they began with" in said
    assert wanted.version in said
    assert owner.asked[0][0] == "/policies/huzhou/publish"
    assert answered("policy", "show")["policy"]["limits"]["promise"] == "14d"
    assert wanted.version in typed("policy", "show").stdout
    assert answered("policy", "diff", path)["fields"] == {}


def test_a_notice_is_compared_imported_and_shown(tmp_path: Path, owner: Owner) -> None:
    path = written(tmp_path, "notice.csv", NOTICE)
    assert [day["date"] for day in answered("calendar", "diff", path)["new"]] == [
        "2027-01-01",
        "2027-05-01",
        "2027-10-01",
    ]
    assert "2027-05-01" in typed("calendar", "diff", path).stdout
    facts = answered("calendar", "import", path)
    assert (facts["year"], facts["published_through"], facts["unchanged"]) == (2027, 2027, False)
    assert "running clocks whose dates it moves" in typed("calendar", "import", path).stdout
    assert len(answered("calendar", "show", 2027)["days"]) == 3
    assert [path for path, _, _ in owner.asked] == ["/calendars/huzhou/publish"] * 2
    assert len(answered("calendar", "show", 2026)["days"]) > 20
    assert "2026-10-10" in typed("calendar", "show", 2026).stdout
    assert "2011" in typed("calendar", "show").stdout
    assert "published: 2011-2027" in refused("calendar", "show", 1999)


def test_what_is_published_otherwise_is_replaced_only_when_asked(tmp_path: Path, owner: Owner) -> None:
    rows = NOTICE.replace("2027", "2026") + "2026-10-10,rest,放假,国办通知\n"  # a make-up day, as published
    path = written(tmp_path, "notice.csv", rows)
    assert "2026-10-10 is published as work" in refused("calendar", "import", path)
    assert owner.asked == []
    facts = answered("calendar", "import", path, "--replace")
    assert [pair["date"] for pair in facts["otherwise"]] == ["2026-10-10"]
    posted = owner.asked[0][1]["days"]
    assert sum(day[0].startswith("2026") for day in posted) == 4


def test_without_replacing_what_a_notice_leaves_out_is_kept(tmp_path: Path, owner: Owner) -> None:
    path = written(tmp_path, "notice.csv", NOTICE.replace("2027", "2026"))
    said = typed("calendar", "import", path).stdout
    assert "kept (--replace drops them)" in said and "2026-10-10" in said
    assert sum(day[0].startswith("2026") for day in owner.asked[0][1]["days"]) > 20


def test_departments_are_compared_imported_shown_and_merged(tmp_path: Path, owner: Owner) -> None:
    entry = {"code": "tax", "name_zh": "市税务局", "name_en": "Tax Bureau", "head": "市税务局新局长"}
    path = written(tmp_path, "directory.json", json.dumps({"departments": [entry]}))
    facts = answered("departments", "diff", path)
    assert [one["subject"] for one in facts["differences"]] == ["dept:tax"]
    assert "housing" in facts["not_in_file"]
    assert "dept:tax" in typed("departments", "diff", path).stdout
    assert answered("departments", "import", path) == {
        "published": [{"subject": "dept:tax", "version": "v1"}],
        "unchanged": 0,
    }
    assert "0 已发布 / published, 1 未变 / unchanged" in typed("departments", "import", path).stdout
    assert "没有差别 / no difference" in typed("departments", "diff", path).stdout
    assert "housing" in [one["code"] for one in answered("departments", "show")]
    assert [one["version"] for one in answered("departments", "show", "housing")["versions"]] == ["1"]
    assert "housing" in typed("departments", "show").stdout
    assert "市住房和城乡建设局" in typed("departments", "show", "housing").stdout
    assert "known: office, housing" in refused("departments", "show", "nobody")
    assert answered("departments", "merge", "housing", "--into", "planning")["status"] == "done"
    assert "planning" in typed("departments", "merge", "housing", "--into", "planning").stdout
    assert "into itself" in refused("departments", "merge", "housing", "--into", "housing")


@pytest.mark.parametrize("command", ["import", "diff"])
@pytest.mark.parametrize("group", ["departments", "calendar", "policy"])
def test_a_file_that_cannot_be_taken_ends_with_a_sentence(
    tmp_path: Path, owner: Owner, group: str, command: str
) -> None:
    assert "cannot be read" in refused(group, command, tmp_path / "none")
    assert "line 1" in refused(group, command, written(tmp_path, "file", "[x"))
    assert owner.asked == []


@pytest.mark.parametrize(("status", "code"), [(422, 2), (503, 1)])
def test_what_the_owner_refuses_or_cannot_do_ends_with_its_words(
    tmp_path: Path, owner: Owner, status: int, code: int
) -> None:
    owner.posting = status
    path = written(tmp_path, "policy.json", builtin_policy().with_reply_limit("14d").model_dump_json())
    result = typed("policy", "import", path, "--json")
    assert (result.exit_code, "no such department" in json.loads(result.stdout)["error"]) == (
        code,
        True,
    )


def test_a_service_that_is_away_ends_with_a_sentence(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    client = httpx.Client(base_url="http://owner", transport=httpx.MockTransport(away))
    monkeypatch.setattr(owners, "client_of", lambda url, auth: client)
    result = typed("policy", "show", "--json")
    assert result.exit_code == 1
    assert "supervision does not answer" in json.loads(result.stdout)["error"]


def test_without_a_running_system_a_command_says_how_to_start_one(tmp_path: Path) -> None:
    result = typed("departments", "show", "--data", tmp_path, "--json")
    assert result.exit_code == 1
    assert "qinqing up" in json.loads(result.stdout)["error"]
