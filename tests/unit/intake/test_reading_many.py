"""The words of many issues in one question: to each asker those that are there and for it to read, and no others."""

import httpx
import pytest

from tests.fuzz.in_memory import in_memory
from tests.keys import bearer

WU, LI, OFFICE, OPERATOR = "entrepreneur:wu", "entrepreneur:li", "office:chen", "operator:sun"
PLACE, NOBODYS = "/reading/issues", "0000000000000"


async def test_a_page_of_a_list_is_one_question(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    app = in_memory("intake", monkeypatch, attachments_dir=str(tmp_path_factory.mktemp("files")))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):

        async def titles(who: str, *ids: str) -> list[str]:
            answer = await client.get(PLACE, params={"id": ids}, headers=bearer(who))
            assert answer.status_code == 200, answer.text
            return [one.get("title", "") for one in answer.json()["found"]]

        ids = []
        for title, who in (("停车难", WU), ("路灯不亮", LI)):
            body = {"kind": "problem", "title": title, "text": "请帮助协调。"}
            ids.append((await client.post("/issues", json=body, headers=bearer(who))).json()["id"])
        assert await titles(OFFICE, ids[1], NOBODYS, ids[0], ids[1]) == ["路灯不亮", "停车难"]
        assert await titles(WU, *ids) == ["停车难"]
        assert await titles(LI, *ids) == ["路灯不亮"]
        refused = await client.get(PLACE, params={"id": ids}, headers=bearer(OPERATOR))
        assert (refused.status_code, refused.json()["reason"]) == (403, "wrong_role")
        too_many = await client.get(PLACE, params={"id": ["1"] * 51}, headers=bearer(OFFICE))
        assert too_many.status_code == 422
