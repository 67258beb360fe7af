"""Writes the measured numbers of bench/results into both READMEs: `python -m tests.house.quote`."""

import json
from pathlib import Path
from typing import Any

from tests.house.repository import ROOT

READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
RESULTS = ROOT / "bench" / "results"
BEGIN, END = "<!-- measured: python -m tests.house.quote -->\n", "<!-- end of measured -->"

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


def render(readme: Path) -> str:
    """The block of one README as the results have it."""
    found = results()
    if not found:
        return NOTHING[readme.name] + "\n"
    head, where = HEADS[readme.name]
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


def block(readme: Path) -> str:
    """The block of one README as it stands."""
    return readme.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]


def main() -> None:
    """Put the rendered block into each README."""
    for readme in READMES:
        before, rest = readme.read_text(encoding="utf-8").split(BEGIN)
        after = rest.split(END)[1]
        readme.write_text(before + BEGIN + render(readme) + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
