"""Names say what a thing is: no drawers for anything, no places of one machine, tests are sentences."""

import re
from pathlib import Path

import pytest

from tests.house.repository import ROOT, functions, name, python, texts, tracked

DRAWERS = {"utils", "util", "helpers", "helper", "common", "models", "misc", "base_classes", "managers"}
HOSTS = {
    "127.0.0.1",
    "localhost",
    "example.com",
    "example.org",
    "192.0.2.5",
    "198.51.100.1",
    "www.apache.org",
    "json-schema.org",
    "cloudevents.io",
    "asyncapi.com",
    "www.asyncapi.com",
    "github.com",
    "kafka.apache.org",
    "spec.openapis.org",
    "swagger.io",
    "tools.ietf.org",
    "datatracker.ietf.org",
    "www.w3.org",
    "opensource.org",
    "semver.org",
    "schemas.example",
    "oapi.dingtalk.com",
    "qyapi.weixin.qq.com",
}
BESIDE = "../shared/data"
PUBLISHED = ("tests/contract/schemas/", "services/portal/static/")
"""The schemas of standards, and the files of pages, as their authors publish them; the latter's policy asks no host."""


def test_no_file_or_folder_is_a_drawer_for_anything() -> None:
    parts = {part.removesuffix(".py") for path in tracked() for part in name(path).split("/")}
    assert not parts & DRAWERS


def test_no_file_names_a_place_of_one_machine() -> None:
    place = re.compile(r"(?<![\w.~$}>-])/(?:home|root|Users|work|workspace|mnt|opt)/[\w.]")
    for path in texts():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert not place.search(line), f"{name(path)}:{number}: {line.strip()[:120]}"


def test_no_file_names_a_place_beside_the_checkout_but_the_shared_data() -> None:
    for path in texts():
        for way in re.findall(r"(?<![\w./])(?:\.\./)+[.\w][\w./-]*", path.read_text(encoding="utf-8")):
            inside = any((start / way).resolve().is_relative_to(ROOT) for start in (ROOT, path.parent))
            assert inside or way.startswith(BESIDE), f"{name(path)}: {way}"


def test_no_file_names_a_host_that_is_not_on_the_list() -> None:
    for path in texts():
        if name(path).startswith(PUBLISHED):
            continue
        text = path.read_text(encoding="utf-8")
        found = set(re.findall(r"\b(?:https?|git|ssh)://(?:[\w.-]+@)?([\w-]+(?:\.[\w-]+)+)", text))
        assert found <= HOSTS, f"{name(path)}: {sorted(found - HOSTS)}"


@pytest.mark.parametrize("path", [p for p in python("tests") if p.name.startswith("test_")], ids=name)
def test_the_name_of_a_test_is_a_sentence(path: Path) -> None:
    for function in functions(path):
        if function.name.startswith("test_"):
            assert function.name.count("_") >= 3, f"{name(path)}:{function.lineno} {function.name}"
