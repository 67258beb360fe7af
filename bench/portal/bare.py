"""The page to compare with: FastAPI and Jinja alone, compressed as anybody would, of a size that its address says."""

import hashlib
import sys

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from starlette.middleware.gzip import GZipMiddleware

MOST_ROWS = 1_000
TITLES = "园区北门外没有路灯厂区门口道路一下雨就积水货车进不来技改项目用电增容申请两个月没有答复设备到了"
TEXTS = "夜班职工骑电动车摔过两次请尽快装灯城建配套费收取比例过高建议分期供应商的货款官司什么时候能判"
PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{{ title }}</title></head><body><h1>{{ title }}</h1><ul>
{% for row in rows %}
<li class="card"><a href="/issues/{{ row.id }}"><b>{{ row.title }}</b><span class="line">{{ row.state }}</span>
<span class="muted">{{ row.number }} · {{ row.department }}</span></a> {{ row.text }}</li>
{% endfor %}
</ul></body></html>"""


def _row(place: int) -> dict[str, str]:
    """A row like no other: one that was repeated would be compressed to next to nothing, as no real page is."""
    id = hashlib.sha256(str(place).encode()).hexdigest()[:13].upper()
    title, text = (words[place % 37 : place % 37 + 9] for words in (TITLES, TEXTS))
    number = f"{id[:4]}-{id[4:8]}-{id[8:12]}-{id[12]}X"
    return {
        "id": id,
        "title": title,
        "state": "正在办理",
        "number": number,
        "department": "市建设局",
        "text": text,
    }


def application() -> FastAPI:
    """``GET /?bytes=N``: a page of about so many bytes, whose rows are at hand."""
    app, template = FastAPI(openapi_url=None), Environment(autoescape=True).from_string(PAGE)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=6)
    rows = [_row(place) for place in range(MOST_ROWS)]
    empty = len(template.render(title="", rows=[]).encode())
    each = len(template.render(title="", rows=rows[:1]).encode()) - empty

    @app.get("/")
    async def page(bytes: int = 0) -> HTMLResponse:
        return HTMLResponse(template.render(title="问题", rows=rows[: max(0, round((bytes - empty) / each))]))

    return app


if __name__ == "__main__":
    uvicorn.run(application(), port=int(sys.argv[1]), log_level="critical", loop="uvloop")
