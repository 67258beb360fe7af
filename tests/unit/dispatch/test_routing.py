"""Routing: which department, by which words, and how fast."""

import re
import time

import pytest

from services.dispatch.builtin import first_commands
from services.dispatch.routing import MOST_CHARS, route
from shared.contract.commands.dispatch import PublishDepartment, PublishRules
from shared.contract.subjects import id_of
from tests.unit.one_aggregate import after
from tests.unit.reference import JURISDICTION, builtin_reference

RULES = builtin_reference().directory(after()).rules()


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
    code, terms = route(title, text, RULES)
    assert code == department
    assert terms
    assert all(term in title + text and term in RULES.keywords[code] for term in terms)


def test_what_no_rule_knows_goes_to_the_fallback_and_names_no_words() -> None:
    assert route("您好", "想问一件事情", RULES) == (RULES.fallback, ())


def test_the_title_weighs_more_than_the_text() -> None:
    assert route("学校门口", "公交站", RULES)[0] == "education"


def test_a_department_that_gave_it_back_is_out_of_the_question() -> None:
    issue = ("小区电梯停运", "物业不修，旁边公交车也吵")
    first, _ = route(*issue, RULES)
    second, terms = route(*issue, RULES, without=[first])
    assert (first, second) == ("housing", "transport")
    assert "电梯" not in "".join(terms)
    assert route("您好", "", RULES, without=[RULES.fallback])[0] not in ("", RULES.fallback)


def test_where_everybody_gave_it_back_nobody_is_chosen() -> None:
    assert route("小区", "", RULES, without=[RULES.fallback, *RULES.keywords]) == ("", ())


def test_of_two_departments_with_the_same_score_the_first_in_the_rules_is_chosen() -> None:
    keywords = {"police": ("停车",), "transport": ("公交",)}
    issue = ("", "公交停车")
    assert route(*issue, RULES.model_copy(update={"keywords": keywords}))[0] == "police"
    swapped = dict(reversed(keywords.items()))
    assert route(*issue, RULES.model_copy(update={"keywords": swapped}))[0] == "transport"


def test_rules_without_a_word_send_everything_to_the_fallback() -> None:
    assert route("小区", "物业", RULES.model_copy(update={"keywords": {}})) == (RULES.fallback, ())


def test_the_built_in_directory_names_posts_and_its_rules_never_share_a_keyword() -> None:
    commands = first_commands(JURISDICTION)
    entries = {id_of(subject): c for subject, c in commands if isinstance(c, PublishDepartment)}
    [(subject, rules)] = [pair for pair in commands if isinstance(pair[1], PublishRules)]
    assert subject == commands[-1][0] == f"rules:{JURISDICTION}"
    assert isinstance(rules, PublishRules)
    assert {rules.fallback, *rules.keywords} <= set(entries)
    assert len(entries) >= 16
    for code, entry in entries.items():
        assert re.fullmatch(r"[a-z][a-z_]*", code), "a code is part of a topic's name"
        assert entry.name_zh and entry.name_en and entry.head.startswith(entry.name_zh)
    words = [word for words in rules.keywords.values() for word in words]
    assert len(words) == len(set(words))
    assert all(len(word) > 1 for word in words)


def test_routing_a_message_takes_well_under_a_millisecond() -> None:
    text = "我们小区旁边的工地夜间施工，噪声很大，孩子上学休息不好。" * 40
    route("工地噪声", text, RULES)
    started = time.process_time()
    for _ in range(200):
        route("工地噪声", text, RULES)
    assert (time.process_time() - started) / 200 < 0.001
    assert len(text) > MOST_CHARS
