"""The file of ways: what may stand there, and what is said of what may not, without its secrets."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.ways import HOMES, WayKind, WrongWays, read_ways

SECRET = "a-secret-that-nobody-may-read"
ROBOT = {
    "name": "housing-group",
    "kind": "dingtalk",
    "label_zh": "住建局群",
    "label_en": "Housing",
    "token": SECRET,
}
HOOK = {
    "name": "oa",
    "kind": "webhook",
    "label_zh": "办公系统",
    "label_en": "Office system",
    "url": "https://example.org/hooks/qinqing",
    "secret": SECRET,
}


def written(folder: Path, *entries: Any) -> Path:
    file = folder / "ways.json"
    file.write_text(json.dumps({"ways": entries}), encoding="utf-8")
    return file


def test_what_the_operator_wrote_is_read(tmp_path: Path) -> None:
    wecom = {**ROBOT, "name": "group-2", "kind": "wecom", "department": "housing"}
    robot, second, hook = read_ways(written(tmp_path, ROBOT, wecom, HOOK))
    assert robot.address == HOMES[WayKind.DINGTALK] and second.address == HOMES[WayKind.WECOM]
    assert (hook.address, second.department) == (HOOK["url"], "housing")
    assert SECRET not in repr((robot, second, hook))


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({**ROBOT, "name": "mail"}, "mail is the way"),
        ({**ROBOT, "name": "Group 1"}, "ways[0].name"),
        ({**ROBOT, "kind": "qq"}, "ways[0].kind"),
        ({**ROBOT, "token": ""}, "needs its token"),
        ({**ROBOT, "tokken": SECRET}, "ways[0].tokken"),
        ({**ROBOT, "url": "http://oapi.dingtalk.com"}, "https"),
        ({**ROBOT, "url": f"https://li:{SECRET}@oapi.dingtalk.com"}, "https"),
        ({**ROBOT, "url": "https://[half"}, "https"),
        ({**ROBOT, "proxy": SECRET}, "ways[0].proxy"),
        ({**HOOK, "url": ""}, "https"),
        ({**HOOK, "url": "ftp://example.org"}, "https"),
        ({**HOOK, "secret": "short"}, "secret of at least"),
        (SECRET, "ways[0]"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_no_secret(tmp_path: Path, entry: Any, says: str) -> None:
    file = written(tmp_path, entry)
    with pytest.raises(WrongWays) as raised:
        read_ways(file)
    said = str(raised.value)
    assert says in said and str(file) in said and SECRET not in said


def test_loopback_needs_no_tls(tmp_path: Path) -> None:
    for url in ("http://127.0.0.1:8080/hook", "http://[::1]/hook", "http://localhost/hook"):
        (hook,) = read_ways(written(tmp_path, {**HOOK, "url": url}))
        assert hook.address == url


def test_a_name_stands_for_one_way(tmp_path: Path) -> None:
    with pytest.raises(WrongWays, match="oa is there twice"):
        read_ways(written(tmp_path, HOOK, HOOK))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"ways": {}}', "{", "\x00"])
def test_a_file_that_is_none_is_refused_in_a_sentence(tmp_path: Path, content: str) -> None:
    file = tmp_path / "ways.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(WrongWays, match=r"ways\.json"):
        read_ways(file)
    with pytest.raises(WrongWays, match="cannot be read"):
        read_ways(tmp_path / "nothing.json")
