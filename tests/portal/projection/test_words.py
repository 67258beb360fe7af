"""Full text: Chinese is found by any of its characters, everything else by whole words, whatever is typed."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.portal.projection.terms import question, row_of, terms
from tests.portal.projection.given import AT_MS, ISSUE, Topics, build


def test_chinese_is_kept_in_overlapping_pairs_and_the_last_character() -> None:
    assert terms("路灯不亮。") == ["路灯", "灯不", "不亮", "亮"]
    assert terms("A4纸，ＡＰＰ打不开") == ["a4", "纸", "app", "打不", "不开", "开"]


def test_a_question_asks_for_all_of_its_terms() -> None:
    assert question("路灯不") == '"路灯" AND "灯不"'
    assert question("灯") == '"灯"*'
    assert question("APP 灯") == '"app" AND "灯"*'
    assert question("。!?\"'*") == ""


@pytest.fixture
def found(tmp_path: Path) -> sqlite3.Connection:
    topics = Topics()
    topics.tell("intake", "issue.registered.v1", {"number": "7K3M-9QXT-2B4N-6C"})
    topics.tell(
        "intake", "issue.accepted.v1", {"title": "园区路灯", "text": "夜间APP报修无人理", "by": "chen"}
    )
    reply = {"assignment": "a", "department": "housing", "round": 1, "draft": 1, "sha256": "x", "by": "wang"}
    topics.tell(
        "dispatch",
        "reply.released.v1",
        {**reply, "outcome": "solved", "outcome_class": "A", "text": "已更换灯泡"},
    )
    return build(tmp_path, topics.records, 2)


@pytest.mark.parametrize(
    "typed", ["路灯", "灯", "园区路灯", "app", "ＡＰＰ报修", "理", "更换灯泡", "路灯 灯泡"]
)
def test_title_words_and_replies_are_found(typed: str, found: sqlite3.Connection) -> None:
    query = "SELECT rowid, issue FROM words WHERE words MATCH ?"
    assert found.execute(query, (question(typed),)).fetchall() == [(row_of(ISSUE, AT_MS), ISSUE)]


@pytest.mark.parametrize("typed", ["灯路", "ap", "泡灯", "北门"])
def test_what_was_not_said_is_not_found(typed: str, found: sqlite3.Connection) -> None:
    assert not found.execute("SELECT 1 FROM words WHERE words MATCH ?", (question(typed),)).fetchall()


@given(st.text(max_size=60))
def test_nothing_that_is_typed_is_a_wrong_query_and_a_text_is_found_by_itself(text: str) -> None:
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE VIRTUAL TABLE words USING fts5(terms, detail = none, tokenize = 'ascii')")
        database.execute("INSERT INTO words VALUES (?)", (" ".join(terms(text)),))
        if asked := question(text):
            assert database.execute("SELECT 1 FROM words WHERE words MATCH ?", (asked,)).fetchall()
