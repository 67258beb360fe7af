"""A year's notice is taken whole or not at all, and each fault names file, line, column and what would be right."""

from datetime import date
from pathlib import Path

import pytest

from shared.handwritten import WrongFile
from shared.year_notices import read_notice

HEADER = "date,kind,name,source\n"
NAMED = "2027-01-01,rest,元旦,国办通知\n2027-05-01,rest,劳动节,国办通知\n2027-10-01,rest,国庆节,国办通知\n"


def notice(tmp_path: Path, rows: str, header: str = HEADER) -> Path:
    path = tmp_path / "notice.csv"
    path.write_text(header + rows, encoding="utf-8")
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(WrongFile) as error:
        read_notice(path)
    return list(error.value.faults)


def test_a_notice_is_read_in_the_files_order(tmp_path: Path) -> None:
    found = read_notice(notice(tmp_path, NAMED + "2027-02-13,work,补班,国办发明电〔2026〕1号\n"))
    assert (found.year, len(found.days)) == (2027, 4)
    last = found.days[-1]
    assert (last.on, last.is_work, last.name) == (date(2027, 2, 13), True, "补班")
    assert last.source == "国办发明电〔2026〕1号"


def test_a_notice_from_a_spreadsheet_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    rows = "\r\n" + NAMED.replace("\n", "\r\n") + "\r\n2027-04-09, rest,三月三,桂政办\r\n\r\n,,,\r\n"
    found = read_notice(notice(tmp_path, rows, "\ufeff" + HEADER))
    assert [day.is_work for day in found.days] == [False] * 4


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2027-13-01,rest,a,b", ["line 5", "column date", "2027-01-01"]),
        ("20270409,rest,a,b", ["line 5", "column date", "2027-01-01"]),
        ("2200-01-01,rest,a,b", ["line 5", "column date", "1970 to 2149"]),
        ("2027-04-03,holiday,a,b", ["line 5", "column kind", "work nor rest"]),
        ("2027-04-03,rest,,b", ["line 5", "column name", "春节"]),
        ("2027-04-03,rest,a, ", ["line 5", "column source", "国办发明电"]),
        ("2027-04-03,rest,a", ["line 5", "3 columns", "has 4"]),
        ("2027-05-01,rest,a,b", ["line 5", "column date", "twice", "line 3"]),
        ("2027-04-05,work,a,b", ["line 5", "column kind", "Monday", "Saturday or Sunday"]),
        ("2028-04-05,rest,a,b", ["line 5", "column date", "not of 2027", "one file for each year"]),
        ("2026-11-30,rest,a,b", ["line 5", "column date", "not of 2027"]),
        ('2027-04-03,rest,"a,b', ["line 5", "no CSV", "quotation mark"]),
    ],
)
def test_a_bad_row_names_file_line_column_and_what_is_right(
    tmp_path: Path, row: str, said: list[str]
) -> None:
    path = notice(tmp_path, f"{NAMED}{row}\n")
    (fault,) = faults(path)
    assert all(words in fault for words in [str(path), *said])


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = notice(tmp_path, NAMED + "2027-04-05,work,补班,国办通知\nx,y,,\n2028-01-01,rest,元旦,国办通知\n")
    told = faults(path)
    assert len(told) == 6
    assert sum("line 6" in fault for fault in told) == 4


@pytest.mark.parametrize("day", ["01-01", "05-01", "10-01"])
def test_a_notice_without_a_day_that_every_notice_names_is_refused(tmp_path: Path, day: str) -> None:
    rows = "".join(row for row in NAMED.splitlines(keepends=True) if day not in row)
    (fault,) = faults(notice(tmp_path, rows))
    assert f"2027-{day} is missing" in fault


def test_a_day_that_every_notice_names_as_rest_is_no_work(tmp_path: Path) -> None:
    path = notice(tmp_path, NAMED.replace("2027-05-01,rest", "2027-05-01,work"))  # a Saturday
    (fault,) = faults(path)
    assert "line 3, column kind" in fault and "names it as rest" in fault


def test_a_make_up_day_on_a_rest_day_is_refused_with_rule_and_place(tmp_path: Path) -> None:
    both = "2027-05-02,rest,劳动节,国办通知\n2027-05-02,work,补班,国办通知\n"  # a Sunday
    (fault,) = faults(notice(tmp_path, NAMED + both))
    assert all(words in fault for words in ("line 6, column date", "see line 5", "made up on no rest day"))


def test_a_notice_may_reach_back_into_the_december_before_its_year(tmp_path: Path) -> None:
    found = read_notice(notice(tmp_path, "2026-12-27,work,补班,国办通知\n" + NAMED))
    assert (found.year, found.days[0].on) == (2027, date(2026, 12, 27))


@pytest.mark.parametrize("header", ["", "date,name\n", "date,kind,name,source,version\n"])
def test_a_notice_without_the_right_columns_is_refused(tmp_path: Path, header: str) -> None:
    (fault,) = faults(notice(tmp_path, NAMED, header))
    assert "line 1: the columns must be date,kind,name,source" in fault


def test_a_notice_without_a_row_is_refused(tmp_path: Path) -> None:
    assert "there is no row" in faults(notice(tmp_path, ""))[0]


def test_a_notice_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notice.csv"
    path.write_bytes((HEADER + "2027-04-03,rest,三月三,桂政办\n").encode("gbk"))
    assert "UTF-8" in faults(path)[0]


def test_a_notice_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    assert "cannot be read" in faults(tmp_path / "none.csv")[0]
    assert "cannot be read" in faults(tmp_path)[0]
