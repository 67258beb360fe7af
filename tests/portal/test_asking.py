"""How the portal asks a service: a connection that died is made anew once, a service that is away is not waited for."""

import httpx
import pytest

from tests.portal.given import ISSUE, Browser, Given

PATH = f"/issues/{ISSUE}"


class Flaky:
    """Breaks so many connections, each as ``how`` says, before it answers."""

    def __init__(self, given: Given, breaks: int, how: type[httpx.TransportError]) -> None:
        self._answers, self._breaks, self._how, self.count = given.asked, breaks, how, 0
        for client in given.portal.services._clients.values():
            client._transport = httpx.MockTransport(self)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Break it, or answer."""
        self.count += 1
        if self.count <= self._breaks:
            raise self._how("gone")
        return self._answers(request)


async def withdrawing(given: Given) -> Browser:
    """Somebody about to withdraw an issue."""
    given.registered()
    given.accepted()
    browser = given.browser()
    await browser.sign_in()
    await browser.open(f"{PATH}/withdraw")
    return browser


@pytest.mark.parametrize("how", [httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError])
async def test_a_service_that_was_started_again_is_asked_once_more_under_the_same_key(
    given: Given, how: type[httpx.TransportError]
) -> None:
    browser = await withdrawing(given)
    flaky = Flaky(given, 1, how)
    await browser.send(f"{PATH}/withdraw", reason="不用了")
    assert flaky.count == 2 and "已经撤回" in browser.text
    assert len(given.asked.keys(f"{PATH}/withdraw")) == 1


@pytest.mark.parametrize(
    ("how", "asked"), [(httpx.ConnectError, 1), (httpx.ReadTimeout, 1), (httpx.ReadError, 2)]
)
async def test_a_service_that_stays_away_is_said_to_be(
    given: Given, how: type[httpx.TransportError], asked: int
) -> None:
    browser = await withdrawing(given)
    flaky = Flaky(given, 9, how)
    answer = await browser.send(f"{PATH}/withdraw", reason="我写了很久")
    assert (answer.status_code, flaky.count) == (503, asked) and "我写了很久" in answer.text
