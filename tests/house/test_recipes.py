"""The recipes of CONTRIBUTING.md are true: each file exists, none costs more than it says, and two are done here."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.house.repository import ROOT

LIMITS = {"Add an event": 6, "Add a command": 6, "Add a clock": 5, "Add a metric": 3}
COPIED = ("shared", "services", "docs", "deploy", "bench/results", "tests/house", "tests/contract")
ALONE = ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "pyproject.toml")


class Recipe(NamedTuple):
    """One section of the recipes: the files that people edit, and how many it says they are at most."""

    title: str
    files: tuple[str, ...]
    most: int | None


def recipes() -> list[Recipe]:
    """Every recipe; the file of a step is the first word between backticks."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("\n## Recipes\n")[1].split("\n## ")[0]
    found = []
    for section in text.split("\n### ")[1:]:
        title, _, body = section.partition("\n")
        files = tuple(re.findall(r"^\d+\. `([^`]+)`", body, flags=re.MULTILINE))
        most = re.search(r"At most (\d+) files", body)
        found.append(Recipe(title, files, int(most[1]) if most else None))
    return found


@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: recipe.title)
def test_every_file_a_recipe_names_exists_and_they_are_no_more_than_it_says(recipe: Recipe) -> None:
    for file in recipe.files:
        assert list(ROOT.glob(re.sub(r"<\w+>", "*", file))), f"{recipe.title}: {file}"
    assert recipe.most is None or len(recipe.files) <= recipe.most
    assert len(set(recipe.files)) == len(recipe.files)


def test_an_event_a_command_a_clock_and_a_metric_cost_no_more_than_they_may() -> None:
    costs = {recipe.title: recipe.most for recipe in recipes()}
    for title, most in LIMITS.items():
        cost = costs[title]
        assert cost is not None and cost <= most, title


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """This checkout once more, as far as the generators need it."""
    for folder in COPIED:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ALONE:
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def run(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """One program of the copy, which is found before what is installed."""
    return subprocess.run(
        [sys.executable, *command], cwd=copy, capture_output=True, text=True, check=False, timeout=120
    )


def make_docs(copy: Path) -> None:
    """What `make docs` does."""
    for module in ("tests.contract.write", "tests.house.generate"):
        done = run(copy, "-m", module)
        assert done.returncode == 0, done.stderr[-2000:]


def edit(file: Path, before: str, after: str) -> None:
    """Replace what stands once in a file."""
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{file.name}: {before}"
    file.write_text(text.replace(before, after), encoding="utf-8")


EVENT = '''

class IssueWelcomed(Event, type="issue.welcomed.v1", topic=INTAKE):
    """Happens when the office welcomes an issue that it takes on."""

    by: str
'''
DECISION = '''

def accept_and_welcome(issue: Issue | None, command: AcceptIssue, context: Context) -> Change[Issue] | Refusal:
    """The office takes the issue on and says so."""
    decided = accept(issue, command, context)
    if isinstance(decided, Refusal):
        return decided
    welcomed = event(IssueWelcomed(by=context.principal))
    return Change(decided.state, (*decided.messages, welcomed), decided.outcome)
'''


def test_an_event_that_follows_its_recipe_is_in_every_document(copy: Path) -> None:
    with (copy / "shared/contract/events/intake.py").open("a", encoding="utf-8") as events:
        events.write(EVENT)
    decisions = copy / "services/intake/issue/decisions.py"
    edit(
        decisions,
        "    IssueWithdrawn,\n    PromiseStarted,\n",
        "    IssueWelcomed,\n    IssueWithdrawn,\n    PromiseStarted,\n",
    )
    with decisions.open("a", encoding="utf-8") as file:
        file.write(DECISION)
    edit(copy / "services/intake/consumer.py", "decisions.accept,", "decisions.accept_and_welcome,")
    assert run(copy, "-m", "tests.house.generate", "--check").returncode == 1, "stale until it is written"
    make_docs(copy)
    assert (
        '"type": "issue.welcomed.v1"' in (copy / "tests/contract/golden/issue.welcomed.v1.json").read_text()
    )
    row = "| `issue.welcomed.v1` | issue | Happens when the office welcomes an issue that it takes on. |"
    assert row in (copy / "docs/events.md").read_text(encoding="utf-8")
    assert "issue.welcomed.v1" in (copy / "docs/asyncapi.json").read_text(encoding="utf-8")
    goldens = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/contract/test_goldens.py")
    assert goldens.returncode == 0, goldens.stdout[-2000:]


def test_an_event_that_nothing_publishes_is_refused_by_the_goldens(copy: Path) -> None:
    with (copy / "shared/contract/events/intake.py").open("a", encoding="utf-8") as events:
        events.write(EVENT)
    done = run(copy, "-m", "tests.contract.write")
    assert done.returncode != 0
    assert "issue.welcomed.v1" in done.stderr


def test_a_metric_that_follows_its_recipe_is_in_the_table_and_one_that_says_nothing_to_operators_is_not(
    copy: Path,
) -> None:
    metrics = copy / "shared/metrics.py"
    first = "        self.rewinds = "
    edit(
        metrics, first, f'        self.welcomes = self._counter("welcomes_total", "issues welcomed")\n{first}'
    )
    without = run(copy, "-m", "tests.house.generate")
    assert without.returncode != 0
    assert "qinqing_welcomes_total" in without.stderr
    table = copy / "tests/house/tables/metrics.py"
    edit(table, "ACTIONS = {\n", 'ACTIONS = {\n    "qinqing_welcomes_total": "Enjoy it.",\n')
    make_docs(copy)
    row = "| `qinqing_welcomes_total` | counter |  | issues welcomed | Enjoy it. |"
    assert row in (copy / "docs/metrics.md").read_text(encoding="utf-8")
