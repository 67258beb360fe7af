"""A CSV of messages: good rows come through, each bad one is named by file, line, column and reason."""

from pathlib import Path

import pytest

from services.cli.replaying.messages import read_messages

HEADER = "message_id,author,subject,submitted_at,text,reply,replied_at\n"
GOOD = "1,A,路灯,2019-04-01T08:00:00+08:00,坏了,已修,2019-04-03T08:00:00+08:00\n"


def read(tmp_path: Path, text: str | bytes):  # type: ignore[no-untyped-def]
    file = tmp_path / "in.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_messages(file)


def test_a_good_row_comes_through_whole(tmp_path: Path) -> None:
    messages, faults = read(tmp_path, "\ufeff" + HEADER + GOOD)
    assert not faults
    assert (messages[0].message_id, messages[0].title, messages[0].reply) == ("1", "路灯", "已修")
    assert messages[0].line == 2


def test_a_row_without_a_reply_is_an_open_message(tmp_path: Path) -> None:
    messages, faults = read(tmp_path, HEADER + "1,A,路灯,2019-04-01T08:00:00+08:00,坏了,,\n")
    assert not faults
    assert messages[0].reply is None
    assert messages[0].replied_at is None


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (GOOD.replace("1,A", ",A"), "message_id", "is empty"),
        (GOOD + GOOD, "message_id", "stands on line 2 already"),
        (GOOD.replace("1,A", "1" * 201 + ",A"), "message_id", "has 201 characters; at most 200"),
        (GOOD.replace("1,A", "1," + "甲" * 81), "author", "has 81 characters; at most 80"),
        (GOOD.replace("路灯", " "), "subject", "is empty"),
        (GOOD.replace("路灯", "路" * 201), "subject", "has 201 characters; at most 200"),
        (GOOD.replace("坏了", ""), "text", "is empty"),
        (GOOD.replace("坏了", "坏" * 20_001), "text", "at most 20000"),
        (GOOD.replace("2019-04-01T08:00:00+08:00", ""), "submitted_at", "is empty"),
        (GOOD.replace("2019-04-01T08:00:00+08:00", "2019-04-31"), "submitted_at", "is no instant"),
        (GOOD.replace("2019-04-01T08:00:00+08:00", "2019-04-01T08:00:00"), "submitted_at", "no offset"),
        (GOOD.replace("2019-04-03T08", "2019-03-03T08"), "replied_at", "before submitted_at"),
        (GOOD.replace("已修", ""), "reply", "is empty although replied_at is given"),
        (GOOD.replace("2019-04-03T08:00:00+08:00", ""), "replied_at", "is empty although there is a reply"),
        ("1,A,路灯\n", "row", "3 fields, the header has 7"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, column: str, words: str) -> None:
    _, faults = read(tmp_path, HEADER + row)
    assert [fault.column for fault in faults] == [column]
    assert words in faults[0].reason
    assert str(faults[0]).startswith(f"in.csv:{faults[0].line}: {column}: ")


def test_the_longest_id_and_author_come_through_whole(tmp_path: Path) -> None:
    messages, faults = read(tmp_path, HEADER + GOOD.replace("1,A", "1" * 200 + "," + "甲" * 80))
    assert not faults
    assert (len(messages[0].message_id), len(messages[0].author)) == (200, 80)


def test_the_line_is_where_the_row_begins_though_a_text_spans_lines(tmp_path: Path) -> None:
    spanning = GOOD.replace("坏了", '"坏\n了\n"')
    _, faults = read(tmp_path, HEADER + spanning + "2,A,,2019-04-01T08:00:00+08:00,坏了,,\n")
    assert faults[0].line == 5


def test_a_missing_column_is_named_before_any_row_is_read(tmp_path: Path) -> None:
    messages, faults = read(tmp_path, HEADER.replace(",reply,", ",answer,") + GOOD)
    assert not messages
    assert "lacks reply" in faults[0].reason


def test_a_file_that_is_no_utf8_is_one_fault(tmp_path: Path) -> None:
    _, faults = read(tmp_path, HEADER.encode() + "1,甲,题,2019".encode("gb18030"))
    assert faults[0].column == "file"
    assert "UTF-8" in faults[0].reason
