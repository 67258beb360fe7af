"""`qinqing enterprises` as a clerk types it: good rows go in, every bad one is named, and twice changes nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from stdnum.cn import uscc
from typer.testing import CliRunner, Result

from services.cli.main import app
from tests.unit.cli.running import running_intake

HEADERS = ["统一社会信用代码", "名称", "行业", "规模", "区县"]
CODE, OTHER = "91110000600037341L", "91330100799655058B"
SILK = [CODE, "湖州丝绸厂", "纺织业", "小型", "吴兴区"]
BAMBOO = [OTHER, "安吉竹业", "竹制品", "微型", "安吉县"]


@pytest.fixture(autouse=True)
def intake(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with running_intake(monkeypatch) as url:
        yield url


def sheet(path: Path, *rows: list[Any], headers: list[str] = HEADERS) -> Path:
    """A spreadsheet as a clerk would save it."""
    with xlsxwriter.Workbook(str(path)) as book:
        table = book.add_worksheet()
        for number, row in enumerate([headers, *rows]):
            for column, cell in enumerate(row):
                (table.write_number if isinstance(cell, float) else table.write_string)(number, column, cell)
    return path


def read(path: Path) -> list[list[Any]]:
    return [list(row) for row in CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()]


def typed(*words: object) -> Result:
    return CliRunner().invoke(app, ["enterprises", *(str(word) for word in words)])


def answered(*words: object, code: int = 0) -> Any:
    """What a command prints with --json."""
    result = typed(*words, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def counts(answer: dict[str, Any]) -> tuple[int, ...]:
    return tuple(answer[name] for name in ("new", "changed", "unchanged", "rejected"))


def test_a_sheet_goes_in_and_twice_changes_nothing(tmp_path: Path) -> None:
    file = sheet(tmp_path / "a.xlsx", SILK, BAMBOO)
    assert counts(answered("import", file)) == (2, 0, 0, 0)
    assert counts(answered("import", file)) == (0, 0, 2, 0)
    shown = answered("show", CODE)
    assert (shown["name"], shown["size"], shown["revision"]) == ("湖州丝绸厂", "small", 1)


def test_a_dry_run_says_what_would_change_and_changes_nothing(tmp_path: Path) -> None:
    answered("import", sheet(tmp_path / "a.xlsx", SILK))
    file = sheet(tmp_path / "b.xlsx", [CODE, "湖州丝绸有限公司", *SILK[2:]], BAMBOO)
    assert counts(answered("import", file, "--dry-run")) == (1, 1, 0, 0)
    assert answered("show", CODE)["name"] == "湖州丝绸厂"
    assert counts(answered("import", file)) == (1, 1, 0, 0)


def test_every_bad_row_is_named_with_its_column_and_the_good_ones_go_in(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["911100006000373410", *SILK[1:]],
        [OTHER, "", *BAMBOO[2:]],
        [OTHER, "安吉竹业", "竹制品", "巨型", "安吉县"],
        [911100006000373410.0, *SILK[1:]],
        SILK,
        [],
        SILK,
    ]
    answer = answered("import", sheet(tmp_path / "a.xlsx", *rows), code=1)
    assert counts(answer) == (1, 0, 0, 5)
    assert [(fault["row"], fault["column"]) for fault in answer["faults"]] == [
        (2, "统一社会信用代码"),
        (3, "名称"),
        (4, "规模"),
        (5, "统一社会信用代码"),
        (8, "统一社会信用代码"),
    ]
    rules = [fault["rule"] for fault in answer["faults"]]
    for rule, says in zip(
        rules, ("18 characters", "at least 1", "大型", "as text", "row 6 has it"), strict=True
    ):
        assert says in rule, rule
    printed = typed("import", tmp_path / "a.xlsx")
    assert "row 4, column 规模" in printed.output and "5 退回" in printed.output


def test_rejected_rows_are_written_beside_mended_and_imported(tmp_path: Path) -> None:
    wrong = sheet(tmp_path / "a.xlsx", SILK, [OTHER, "安吉竹业", "竹制品", "巨型", "安吉县"])
    aside = tmp_path / "left.xlsx"
    answered("import", wrong, "--rejected", aside, code=1)
    headers, row = read(aside)
    assert headers == [*HEADERS, "退回原因"] and row[0] == OTHER and "大型" in row[5]
    mended = sheet(tmp_path / "b.xlsx", [*row[:3], "微型", *row[4:]], headers=headers)
    answer = answered("import", mended)
    assert counts(answer) == (1, 0, 0, 0) and answer["columns_left_out"] == []
    assert typed("import", wrong, "--rejected", wrong).exit_code == 2


def test_headers_are_read_in_english_and_however_they_are_written_also_from_csv(tmp_path: Path) -> None:
    headers = ["*Credit_Code", "NAME", "Ｓｉｚｅ", "phone"]
    file = sheet(tmp_path / "a.xlsx", [CODE.lower(), "Silk", "small", "1"], headers=headers)
    answer = answered("import", file)
    assert counts(answer) == (1, 0, 0, 0) and answer["columns_left_out"] == ["phone"]
    text = tmp_path / "b.csv"
    text.write_text(f"code;name\n{OTHER};'=1+1\n", encoding="utf-8-sig")
    assert counts(answered("import", text)) == (1, 0, 0, 0)
    assert answered("show", OTHER)["name"] == "=1+1"


def test_columns_that_a_file_lacks_stay_and_empty_cells_are_taken(tmp_path: Path) -> None:
    answered("import", sheet(tmp_path / "a.xlsx", SILK))
    answered("import", sheet(tmp_path / "b.xlsx", [CODE, "丝绸厂", ""], headers=[*HEADERS[:2], "规模"]))
    shown = answered("show", CODE)
    assert (shown["name"], shown["trade"], shown.get("size")) == ("丝绸厂", "纺织业", None)


@pytest.mark.parametrize("name", ["out.xlsx", "out.csv"])
@pytest.mark.parametrize("option", [[], ["--english"]])
def test_an_export_is_imported_again_without_a_change(tmp_path: Path, name: str, option: list[str]) -> None:
    answered("import", sheet(tmp_path / "a.xlsx", SILK, [OTHER, "=HYPERLINK(1)", "@x", "微型", "-2"]))
    out = tmp_path / name
    assert answered("export", out, *option)["exported"] == 2
    assert counts(answered("import", out)) == (0, 0, 2, 0)
    assert typed("export", out).exit_code == 2
    assert typed("export", out, "--force").exit_code == 0


def test_no_cell_of_an_export_is_a_formula(tmp_path: Path) -> None:
    for number, name in enumerate(("=1+1", "+1", "-1", "@SUM(1)")):
        answered("import", sheet(tmp_path / f"{number}.xlsx", [CODE, name, *SILK[2:]]))
        answered("export", tmp_path / "out.xlsx", "--force")
        answered("export", tmp_path / "out.csv", "--force")
        (_, row) = read(tmp_path / "out.xlsx")
        assert row[1] == f"'{name}"
        assert f",'{name}," in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")


def test_a_row_that_was_exported_before_somebody_changed_it_is_left_out(tmp_path: Path) -> None:
    answered("import", sheet(tmp_path / "a.xlsx", SILK, BAMBOO))
    answered("export", tmp_path / "out.xlsx")
    answered("import", sheet(tmp_path / "b.xlsx", [CODE, "湖州丝绸有限公司", *SILK[2:]]))
    answer = answered("import", tmp_path / "out.xlsx", code=1)
    assert counts(answer) == (0, 0, 1, 1) and "2 is current, not 1" in answer["faults"][0]["rule"]
    assert answered("show", CODE)["name"] == "湖州丝绸有限公司"


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "empty"), ("名称\n丝绸厂\n", "统一社会信用代码"), ("code,名称,name\n", "mean the same")],
)
def test_a_file_without_its_columns_is_refused_with_what_would_be_right(
    tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(text, encoding="utf-8")
    result = typed("import", file)
    assert result.exit_code == 2 and says in result.output


def test_what_is_no_spreadsheet_or_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"rubbish")
    for name in ("a.xlsx", "b.xlsx", "b.csv"):
        result = typed("import", tmp_path / name)
        assert result.exit_code == 2, result.output
        assert not isinstance(result.exception, Exception)


def test_more_rows_than_a_page_go_in_and_come_back(tmp_path: Path) -> None:
    codes = [f"91330500{number:09d}" for number in range(520)]
    rows = [[code + uscc.calc_check_digit(code + "0"), f"企业{code}", "", "", ""] for code in codes]
    file = sheet(tmp_path / "a.xlsx", *rows)
    assert counts(answered("import", file)) == (520, 0, 0, 0)
    assert counts(answered("import", file)) == (0, 0, 520, 0)
    assert answered("export", tmp_path / "out.csv")["exported"] == 520
