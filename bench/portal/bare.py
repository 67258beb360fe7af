"""The page to compare with: FastAPI and Jinja alone, compressed as anybody would, of a size that its address says."""

import sys

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from starlette.middleware.gzip import GZipMiddleware

ROW_BYTES = 250
PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{{ title }}</title></head><body><h1>{{ title }}</h1><ul>
{% for row in rows %}
<li class="card"><a href="/issues/{{ row.id }}"><b>{{ row.title }}</b><span class="line">{{ row.state }}</span>
<span class="muted">{{ row.number }} · {{ row.department }}</span></a> {{ row.text }}</li>
{% endfor %}
</ul></body></html>"""


def application() -> FastAPI:
    """``GET /?bytes=N``: a page of about so many bytes, whose rows are at hand."""
    app, template = FastAPI(openapi_url=None), Environment(autoescape=True).from_string(PAGE)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=6)
    row = {"id": "7K3M9QXT2B4N6", "title": "园区北门外没有路灯", "state": "正在办理"}
    row |= {"number": "7K3M-9QXT-2B4N-6X", "department": "市建设局", "text": "夜班职工骑电动车。"}
    empty = len(template.render(title="", rows=[]).encode())
    each = len(template.render(title="", rows=[row]).encode()) - empty

    @app.get("/")
    async def page(bytes: int = 0) -> HTMLResponse:
        return HTMLResponse(template.render(title="问题", rows=[row] * max(0, round((bytes - empty) / each))))

    return app


if __name__ == "__main__":
    uvicorn.run(application(), port=int(sys.argv[1]), log_level="critical", loop="uvloop")
