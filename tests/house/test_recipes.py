"""The recipes of CONTRIBUTING.md are true: each file exists, none costs more than it says, and six are walked here.

An event, a command, a clock, a metric, a setting and a department are made in a copy of the tree, as their recipes
say. Of the others (a reaction, a state, a refusal, a kind) it is checked that their files exist in each service.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from services.cli.reference import departments
from services.cli.reference.versions import read_published
from tests.house.repository import ROOT
from tests.house.tables.kinds import SERVICES
from tests.unit.cli.owners import NOW, Owner

LIMITS = {"Add an event": 6, "Add a command": 7, "Add a clock": 5, "Add a metric": 3}
COPIED = (
    "shared",
    "services",
    "docs",
    "deploy",
    "bench/results",
    "tests/house",
    "tests/contract",
    "tests/unit",
)
ALONE = (
    "README.md",
    "README.zh-CN.md",
    "CONTRIBUTING.md",
    "pyproject.toml",
    "tests/contacts.py",
    "tests/said.py",
    "tests/keys.py",
)


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


def in_each_service(file: str) -> set[str]:
    """What to look for: the file once for each service where its path names one; any kind of it will do."""
    return {re.sub(r"<service>|<owner>", service, file).replace("<kind>", "*") for service in SERVICES}


@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: recipe.title)
def test_every_file_a_recipe_names_exists_and_they_are_no_more_than_it_says(recipe: Recipe) -> None:
    for file in recipe.files:
        for place in in_each_service(file):
            assert list(ROOT.glob(place)), f"{recipe.title}: {place}"
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


def must_pass(copy: Path, *what: str) -> None:
    """These tests, of the copy."""
    done = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *what)
    assert done.returncode == 0, done.stdout[-2000:]


def row_of(copy: Path, document: str, beginning: str) -> str:
    """The one row of a document's tables that begins so."""
    lines = (copy / document).read_text(encoding="utf-8").splitlines()
    (row,) = (line for line in lines if line.startswith(beginning))
    return row


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


@pytest.mark.prove
def test_an_event_that_follows_its_recipe_is_in_every_document(copy: Path) -> None:
    with (copy / "shared/contract/events/intake.py").open("a", encoding="utf-8") as events:
        events.write(EVENT)
    decisions = copy / "services/intake/issue/decisions.py"
    edit(
        decisions,
        "    IssueWithdrawn,\n    Occasion,\n",
        "    IssueWelcomed,\n    IssueWithdrawn,\n    Occasion,\n",
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
    must_pass(copy, "tests/contract/test_goldens.py")


def test_an_event_that_nothing_publishes_is_refused_by_the_goldens(copy: Path) -> None:
    with (copy / "shared/contract/events/intake.py").open("a", encoding="utf-8") as events:
        events.write(EVENT)
    done = run(copy, "-m", "tests.contract.write")
    assert done.returncode != 0
    assert "issue.welcomed.v1" in done.stderr


COMMAND = '''

class StrikeIssue(Command, type="intake.strike.v1", service="intake"):
    """Strike an issue out that was registered twice."""
'''
STRIKE = '''

def strike(issue: Issue | None, command: StrikeIssue, context: Context) -> Change[Issue] | Refusal:
    """The office strikes it out."""
    known = asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    struck = IssueRejected(ground="litigation", explanation="registered twice", by=context.principal)
    return moved(known, command.verb, struck)
'''


@pytest.mark.prove
def test_a_command_that_follows_its_recipe_is_asked_for_in_every_state(copy: Path) -> None:
    with (copy / "shared/contract/commands/intake.py").open("a", encoding="utf-8") as commands:
        commands.write(COMMAND)
    edit(
        copy / "shared/domain/rights.py",
        '    ("issue", "withdraw"): ',
        '    ("issue", "strike"): _OFFICE,\n    ("issue", "withdraw"): ',
    )
    life, decisions = (copy / f"services/intake/issue/{name}.py" for name in ("life", "decisions"))
    last = '    (State.ACCEPTED, "withdraw"): State.WITHDRAWN,\n'
    edit(life, last, f'{last}    (State.ACCEPTED, "strike"): State.REJECTED,\n')
    with decisions.open("a", encoding="utf-8") as file:
        file.write(STRIKE)
    consumer, given = copy / "services/intake/consumer.py", copy / "tests/unit/intake/given.py"
    edit(decisions, "RejectIssue, WithdrawIssue\n", "RejectIssue, StrikeIssue, WithdrawIssue\n")
    for file in (consumer, given):
        edit(file, "    WithdrawIssue,\n)", "    StrikeIssue,\n    WithdrawIssue,\n)")
    one = "        WithdrawIssue: decisions.withdraw,\n"
    edit(consumer, one, f"{one}        StrikeIssue: decisions.strike,\n")
    edit(given, '    "withdraw": (', '    "strike": (StrikeIssue(), OFFICE),\n    "withdraw": (')
    make_docs(copy)
    assert "strike" in row_of(copy, "docs/events.md", "| `intake.strike.v1`")
    assert "intake.strike.v1" in (copy / "docs/asyncapi.json").read_text(encoding="utf-8")
    assert "strike" in (copy / "docs/loop.md").read_text(encoding="utf-8")
    must_pass(copy, "tests/unit/intake/test_table_of_moves.py")


@pytest.mark.prove
def test_a_clock_that_follows_its_recipe_is_in_the_table_and_breaks_no_test_of_the_others(copy: Path) -> None:
    edit(
        copy / "shared/contract/words.py",
        '    TRACKING = "tracking"\n',
        """    TRACKING = "tracking"
    CONTACT = "contact"
""",
    )
    edit(
        copy / "services/supervision/policy.json", '"tracking": "90d"', '"tracking": "90d", "contact": "3wd"'
    )
    rule = (
        "    ClockName.CONTACT: Rule((AssignmentSigned,), (AssignmentTransferred, ReplyReleased, *ENDS)),\n"
    )
    last = "    ClockName.TRACKING: Rule("
    edit(copy / "services/supervision/issue/life.py", last, rule + last)
    make_docs(copy)
    row = row_of(copy, "docs/clocks.md", "| `contact` | `3wd` |")
    assert "| `assignment.signed.v1` | `assignment.transferred.v1`, `reply.released.v1` |" in row
    of_supervision = ("deadlines_of_an_issue", "table_of_moves", "consumer", "publishing_a_policy")
    must_pass(
        copy,
        "tests/unit/test_clocks.py::test_the_default_policy_is_the_one_the_design_names",
        *(f"tests/unit/supervision/test_{name}.py" for name in of_supervision),
    )


def test_a_setting_that_follows_its_recipe_is_explained_and_in_the_example_file(copy: Path) -> None:
    settings, first = copy / "shared/settings.py", "    log_level: "
    field = '    welcome_seconds: float = Field(1.5, description="how long a welcome takes")\n'
    edit(settings, first, field + first)
    named = "        self.name, self.prefix = "
    edit(copy / "shared/service.py", named, f"        self.welcome = settings.welcome_seconds\n{named}")
    make_docs(copy)
    row = row_of(copy, "docs/settings.md", "| `QINQING_WELCOME_SECONDS`")
    assert row == "| `QINQING_WELCOME_SECONDS` | `1.5` | how long a welcome takes |"
    example = (copy / "deploy/service.env.example").read_text(encoding="utf-8")
    assert "# how long a welcome takes\nQINQING_WELCOME_SECONDS=1.5\n" in example


def test_a_department_that_follows_its_recipe_is_a_file_and_what_differs_in_it_is_published(
    tmp_path: Path,
) -> None:
    sports = {"code": "sports", "name_zh": "市体育局", "name_en": "Sports Bureau", "head": "市体育局局长"}
    content = {"departments": [sports], "rules": {"fallback": "office", "keywords": {"sports": ["羽毛球"]}}}
    file = tmp_path / "directory.json"
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    published = read_published(Owner().client)
    entries = departments.read_directory(file)
    departments.check_codes(entries, published)
    found = departments.differences(entries, published, published.jurisdiction(), NOW)
    steps = [[one.subject for one in step] for step in departments.steps(found)]
    assert steps == [["dept:sports"], [f"rules:{published.jurisdiction()}"]]


def test_a_department_of_the_built_in_directory_is_among_what_a_first_start_publishes(copy: Path) -> None:
    edit(
        copy / "services/dispatch/directory.json",
        '{"departments": [\n',
        '{"departments": [\n {"code": "sports", "name_zh": "市体育局", "name_en": "Sports Bureau", "head": "局长"},\n',
    )
    done = run(
        copy,
        "-c",
        "from services.dispatch.builtin import first_commands\n"
        "print([subject for subject, _ in first_commands('huzhou')])",
    )
    assert "'dept:sports'" in done.stdout, done.stderr[-2000:]


@pytest.mark.prove
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
