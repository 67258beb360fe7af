"""Writes the rules of the objectives from their specs by sloth: `make objectives`, where sloth is on the path."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import yaml

from tests.house.repository import ROOT

PROMETHEUS = ROOT / "deploy" / "prometheus"
SPECS, RULES, WINDOWS = PROMETHEUS / "slo", PROMETHEUS / "rules", PROMETHEUS / "windows"
PERIOD = "30d"
HOW = "go install github.com/slok/sloth/cmd/sloth@v0.16.0"
"""The version that wrote what is committed."""
CORE = "sloth.dev/core"
BY_DUE_TIME = 'window="{{.window}}"'
"""In a spec of which the portal counts each window."""
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def sloth() -> str:
    """Where the program is; "" where it is not."""
    return shutil.which("sloth") or shutil.which("sloth", path=str(Path.home() / "go" / "bin")) or ""


def written(spec: Path, windows: Path = WINDOWS, period: str = PERIOD) -> str:
    """The rules of one spec."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "rules.yml"
        command = [
            sloth(),
            "generate",
            f"--input={spec}",
            f"--out={output}",
            f"--default-slo-period={period}",
        ]
        command += [f"--slo-period-windows-path={windows}", "--disable-default-slo-plugins"]
        command += [f"--slo-plugins={json.dumps(plugin)}" for plugin in _chain(spec)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        return re.sub(r"Sloth \(.*?\)", "Sloth", output.read_text("utf-8"))


def _chain(spec: Path) -> list[dict[str, object]]:
    """What sloth does by itself; but 30 days by due time are not summed up from short windows."""
    is_whole = BY_DUE_TIME in spec.read_text("utf-8")
    names = ("validate", "sli_rules", "metadata_rules", "alert_rules")
    configs = {"sli_rules": {"config": {"disableOptimized": is_whole}}}
    return [{"id": f"{CORE}/{name}/v1", **configs.get(name, {})} for name in names]


def scaled(folder: Path, times: int) -> tuple[Path, str]:
    """The windows of an alert so many times shorter, in a folder of their own; and the period, as sloth names it."""
    windows = yaml.safe_load((WINDOWS / f"{PERIOD}.yml").read_text("utf-8"))
    spec = windows["spec"]
    spec["sloPeriod"] = shorter(spec["sloPeriod"], times)
    for severity, speed in (
        (severity, speed) for severity in ("page", "ticket") for speed in ("quick", "slow")
    ):
        for name in ("shortWindow", "longWindow"):
            spec[severity][speed][name] = shorter(spec[severity][speed][name], times)
    (folder / "scaled.yml").write_text(yaml.safe_dump(windows))
    return folder, spec["sloPeriod"]


def shorter(text: str, times: int) -> str:
    """A duration as Prometheus writes it, so many times shorter, in whole seconds."""
    span = timedelta(seconds=int(text[:-1]) * _SECONDS[text[-1]])
    return f"{int(span.total_seconds()) // times}s"


def rules_of(spec: Path) -> Path:
    """Where its rules are committed."""
    return RULES / f"slo-{spec.stem}.yml"


def main() -> int:
    """Write all of them."""
    if not sloth():
        print(f"No sloth here: {HOW}", file=sys.stderr)
        return 1
    for spec in sorted(SPECS.glob("*.yml")):
        rules_of(spec).write_text(written(spec), "utf-8")
        print("written:", rules_of(spec).relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
