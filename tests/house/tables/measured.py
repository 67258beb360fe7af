"""The measured numbers of bench/results, as both READMEs quote them."""

import json
from typing import Any

from tests.house.repository import ROOT

RESULTS = ROOT / "bench" / "results"

HEADS = {
    "README.md": (
        "| benchmark | measure | value | goal |",
        "Measured on {cores} cores ({cpu}), {memory} GB, {kafka}",
    ),
    "README.zh-CN.md": (
        "| 测试 | 指标 | 结果 | 目标 |",
        "测量环境：{cores} 核（{cpu}），内存 {memory} GB，{kafka}",
    ),
}
NOTHING = {"README.md": "Not measured yet: `make bench`.", "README.zh-CN.md": "尚未测量：`make bench`。"}


def results() -> list[dict[str, Any]]:
    """Every kept result, by the name of its benchmark."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))]


def number(value: float) -> str:
    """A measured number as it is quoted: whole from 100 on, else three digits."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def measured(readme: str) -> str:
    """Every measure of every kept result with its goal, and the machine they were measured on."""
    found = results()
    if not found:
        return NOTHING[readme] + "\n"
    head, where = HEADS[readme]
    lines = [head, "|---|---|---|---|"]
    for result in found:
        for measure in result["measures"]:
            value = f"{number(measure['value'])} {measure['unit']}"
            lines.append(
                f"| {result['benchmark']} | {measure['name']} | {value} | {measure.get('goal', '')} |"
            )
    machine = found[0]["machine"]
    memory = round(machine["memory_mb"] / 1024)
    kafka = f"Kafka {machine['kafka']}, Python {machine['python']}"
    note = where.format(cores=machine["cores"], cpu=machine["cpu"], memory=memory, kafka=kafka)
    return "\n".join([*lines, "", note, ""])
