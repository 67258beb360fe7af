"""`qinqing submit --attach`: files are handed in before the issue that lists them; what is wrong is named."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app
from services.cli.people import ENTREPRENEUR
from services.intake.attachments.content import TAKEN
from tests.keys import REFERENCES, bearer
from tests.unit.cli.running import running_intake
from tests.unit.intake.files import PDF, jpeg

MOST_BYTES = 100_000


@pytest.fixture
def intake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    files = tmp_path / "kept"
    with running_intake(monkeypatch, attachments_dir=str(files), attachment_bytes=MOST_BYTES) as url:
        yield url


def submitted(*words: str) -> Result:
    return CliRunner().invoke(app, ["submit", "--title", "停车难", "--text", "厂门口没有车位", *words])


def handed(folder: Path, name: str, content: bytes) -> tuple[str, str]:
    """The words that attach a file with this content."""
    (folder / name).write_bytes(content)
    return "--attach", str(folder / name)


def files_of(intake: str, issue: str) -> list[dict[str, Any]]:
    found = httpx.get(f"{intake}/issues/{issue}", headers=bearer(ENTREPRENEUR)).json()
    return list(found["attachments"])


def test_files_go_with_the_issue_and_sent_again_it_is_the_same_one(intake: str, tmp_path: Path) -> None:
    files = (*handed(tmp_path, "lamp.jpg", jpeg()), *handed(tmp_path, "plan.pdf", PDF))
    first, again = (submitted(*files, "--key", "lamp", "--json") for _ in range(2))
    assert (first.exit_code, again.exit_code) == (0, 0), first.output
    assert json.loads(first.stdout)["id"] == json.loads(again.stdout)["id"]
    listed = files_of(intake, json.loads(first.stdout)["id"])
    assert [file["media_type"] for file in listed] == ["image/jpeg", "application/pdf"]
    issue = json.loads(first.stdout)["id"]
    assert listed[1]["hash"] == REFERENCES.attachment(issue, sha256(PDF).hexdigest())


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("note.txt", b"no file of a kind that is taken", TAKEN),
        ("long.pdf", PDF + b" " * 5_000_000, f"at most {MOST_BYTES} bytes"),
        ("torn.jpg", jpeg()[:300], "a whole file"),
    ],
)
def test_a_file_that_is_not_taken_is_named_with_the_rule_and_nothing_is_raised(
    intake: str, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    wrong = submitted(*handed(tmp_path, "good.pdf", PDF), *handed(tmp_path, name, content))
    assert wrong.exit_code == 2, wrong.output
    assert name in wrong.output and said in wrong.output
    assert "登记编号" not in wrong.output


def test_a_file_that_is_not_there_is_named(intake: str, tmp_path: Path) -> None:
    wrong = submitted("--attach", str(tmp_path / "nowhere.jpg"))
    assert wrong.exit_code == 2
    assert "nowhere.jpg: cannot be read" in wrong.output and "name a file that is there" in wrong.output
