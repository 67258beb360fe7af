"""The measured numbers of bench/results, as docs/measurements.md has them and both READMEs quote them."""

import json
from typing import Any

from tests.house.repository import ROOT

RESULTS = ROOT / "bench" / "results"

HEADS = {
    "en": (
        "| benchmark | measure | value | goal |",
        "Measured on {cores} cores ({cpu}), {memory} GB, {kafka}",
    ),
    "zh": ("| 测试 | 指标 | 结果 | 目标 |", "测量环境：{cores} 核（{cpu}），内存 {memory} GB，{kafka}"),
}
HEADLINES = {
    "latency": ("one by one, median", "one by one, 99th percentile"),
    "backlog": ("a rating during the backlog, 99th percentile",),
    "pipeline": ("ours, median of 7", "ours/floor", "ours/one_message"),
    "portal": ("rebuild, ours", "board, one client, 95th percentile"),
    "replay": ("10wd, whole command",),
    "memory": ("after the start, together",),
    "start": ("first start with the town", "a later start"),
    "timers": ("a full slice, times", "from the start to the first firing"),
}
"""What the READMEs quote of it; docs/measurements.md has it all."""
NOTHING = {"en": "Not measured yet: `make bench`.", "zh": "尚未测量：`make bench`。"}


def results() -> list[dict[str, Any]]:
    """Every kept result, by the name of its benchmark."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))]


def number(value: float) -> str:
    """A measured number as it is quoted: whole from 100 on, else three digits."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def measured(language: str, *, headlines: bool = False) -> str:
    """Every measure of every kept result with its goal, or the headlines alone; and the machine."""
    found = results()
    if not found:
        return NOTHING[language] + "\n"
    head, where = HEADS[language]
    lines = [head, "|---|---|---|---|"]
    for result in found:
        for measure in result["measures"]:
            if headlines and measure["name"] not in HEADLINES.get(result["benchmark"], ()):
                continue
            value = f"{number(measure['value'])} {measure['unit']}"
            lines.append(
                f"| {result['benchmark']} | {measure['name']} | {value} | {measure.get('goal', '')} |"
            )
    machine = found[0]["machine"]
    memory = round(machine["memory_mb"] / 1024)
    kafka = f"Kafka {machine['kafka']}, Python {machine['python']}"
    note = where.format(cores=machine["cores"], cpu=machine["cpu"], memory=memory, kafka=kafka)
    return "\n".join([*lines, "", note, ""])
