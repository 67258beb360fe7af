"""Routing: which department, why in words, and how fast."""

import re
import time

import pytest

from services.dispatch.routing import FALLBACK, MOST_CHARS, directory, route


@pytest.mark.parametrize(
    ("title", "text", "department"),
    [
        ("小区电梯停运", "物业一直不修，业主上下楼不便", "housing"),
        ("公交车等不到", "上下班时公交车四十分钟一班", "transport"),
        ("工厂夜间废气", "附近化工厂夜里排放刺鼻废气", "environment"),
        ("拖欠农民工工资", "工程完工半年，工资没有发", "human_resources"),
        ("幼儿园学费", "幼儿园收费标准是什么", "education"),
        ("医院看病难", "医院门诊挂不上号", "health"),
        ("景区门票", "旅游旺季景区门票翻倍", "culture_tourism"),
        ("企业开票", "增值税发票额度不够用", "tax"),
    ],
)
def test_an_issue_goes_where_its_words_point(title: str, text: str, department: str) -> None:
    code, why = route(title, text)
    assert code == department
    assert why.startswith("提到")


def test_what_no_rule_knows_goes_to_the_general_office_and_says_so() -> None:
    code, why = route("您好", "想问一件事情")
    assert code == FALLBACK
    assert "没有规则适用" in why


def test_the_title_weighs_more_than_the_text() -> None:
    assert route("学校门口", "公交站")[0] == "education"


def test_a_department_that_gave_it_back_is_out_of_the_question() -> None:
    first, _ = route("小区电梯停运", "物业不修，旁边公交车也吵")
    second, why = route("小区电梯停运", "物业不修，旁边公交车也吵", without=[first])
    assert (first, second) == ("housing", "transport")
    assert "电梯" not in why
    assert route("您好", "", without=[FALLBACK])[0] != FALLBACK


def test_the_directory_names_posts_and_never_shares_a_keyword() -> None:
    entries = directory()
    assert FALLBACK in entries
    assert len(entries) >= 16
    for code, entry in entries.items():
        assert re.fullmatch(r"[a-z][a-z_]*", code), "a code is part of a topic's name"
        assert entry.name_zh and entry.name_en and entry.head.startswith(entry.name_zh)
    words = [word for entry in entries.values() for word in entry.keywords]
    assert len(words) == len(set(words))
    assert all(len(word) > 1 for word in words)


def test_routing_a_message_takes_well_under_a_millisecond() -> None:
    text = "我们小区旁边的工地夜间施工，噪声很大，孩子上学休息不好。" * 40
    route("工地噪声", text)
    started = time.perf_counter()
    for _ in range(200):
        route("工地噪声", text)
    assert (time.perf_counter() - started) / 200 < 0.001
    assert len(text) > MOST_CHARS
