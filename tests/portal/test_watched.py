"""The first row of each dashboard on the operator's page, from what Prometheus says; and what stands there without."""

import json
from typing import Any

import httpx
import pytest

from services.portal.app import application
from services.portal.desks.operator.dashboards import dashboards
from services.portal.settings import PortalSettings
from services.portal.watching import Watching
from tests.portal.given import ASSETS, Given
from tests.portal.operated import OPERATOR

PATH = "/operator/dashboards"


class Prometheus:
    """Answers every query with what it was given for the metric that the query names; else with nothing."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.series: dict[str, list[tuple[dict[str, str], str]]] = {}
        self.answer: tuple[int, Any] | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = request.url.params["query"]
        self.asked.append(query)
        if self.answer is not None:
            return httpx.Response(self.answer[0], json=self.answer[1])
        found = next((series for name, series in self.series.items() if name in query), [])
        result = [{"metric": labels, "value": [1.0, value]} for labels, value in found]
        return httpx.Response(200, content=json.dumps({"status": "success", "data": {"result": result}}))


@pytest.fixture
def prometheus(given: Given) -> Prometheus:
    found = Prometheus()
    watching = Watching("http://prometheus", httpx.MockTransport(found))
    given.portal = given.portal._replace(watching=watching)
    given.app = application(given.portal, ASSETS, PortalSettings(embedded=True))
    given.officials()
    return found


async def test_each_dashboard_shows_its_first_row_with_what_is_bad_marked_in_words(
    given: Given, prometheus: Prometheus
) -> None:
    prometheus.series = {
        'qinqing_objective_missed_issues{objective="replied"': [({"jurisdiction": "huzhou"}, "0.985")],
        'qinqing_objective_missed_issues{objective="signed"': [({"jurisdiction": "huzhou"}, "0.5")],
        "qinqing_held_age_seconds": [({"job": "dispatch"}, "0"), ({"job": "feedback"}, "3600")],
        "qinqing_outcome_seconds_bucket": [({"job": "intake"}, "NaN")],
    }
    browser = given.browser()
    await browser.sign_in(OPERATOR)
    await browser.open(PATH)
    for one in dashboards().values():
        assert one.zh in browser.text
        assert all(panel.zh in browser.text for panel in one.rows[0].panels)
    assert "98.5 %" in browser.text and "50.0 %" in browser.text
    assert browser.text.count("需要关注") == 1  # of one series the words stand beside, of several the sign
    held = browser.text.partition("等待最久")[2]
    assert held.index("评价") < held.index("交办")
    assert "nan" not in browser.text.lower()
    assert len(prometheus.asked) == sum(len(one.rows[0].panels) for one in dashboards().values())
    assert not [query for query in prometheus.asked if "$" in query]
    await browser.open(f"{PATH}?part=1")
    assert "<h1>" not in browser.page.text and "98.5 %" in browser.text


async def test_of_many_departments_all_are_counted_where_they_are_alike_and_the_worst_shown_where_not(
    given: Given, prometheus: Prometheus
) -> None:
    many = [({"department": f"d{number:02}"}, "0") for number in range(30)]
    prometheus.series = {
        'qinqing_due_issues{due="today"': many,
        'qinqing_due_issues{due="overdue",': [*many, ({"department": "<b>worst</b>"}, "7")],
    }
    browser = given.browser()
    await browser.sign_in(OPERATOR)
    await browser.open(PATH)
    assert "共 30 项，均相同" in browser.text
    overdue = browser.text.partition("单个部门")[2].partition("今日到期")[0]
    assert overdue.index("<b>worst</b>") < overdue.index("d00") and "d07" not in overdue
    assert "<b>worst</b>" not in browser.page.text


@pytest.mark.parametrize("answer", [(503, {}), (200, {"data": {}}), (200, []), (422, {"status": "error"})])
async def test_a_prometheus_that_is_away_or_says_nothing_is_said_to_be(
    given: Given, prometheus: Prometheus, answer: tuple[int, Any]
) -> None:
    prometheus.answer = answer
    browser = given.browser()
    await browser.sign_in(OPERATOR)
    await browser.open(PATH)
    assert "没有回应" in browser.text and "http://prometheus" in browser.text


async def test_without_one_the_page_says_how_to_name_it(given: Given) -> None:
    given.officials()
    browser = given.browser()
    await browser.sign_in(OPERATOR)
    await browser.open(PATH)
    assert "QINQING_PROMETHEUS_URL" in browser.text


async def test_nobody_else_sees_them(given: Given) -> None:
    given.officials(chen="office")
    browser = given.browser()
    await browser.sign_in("office:chen")
    assert (await browser.open(PATH)).status_code == 404
