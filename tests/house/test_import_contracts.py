"""Who may import what is a test: the contracts of pyproject.toml hold, and no module stands outside of them."""

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.house.repository import ROOT, name, python


def test_the_import_contracts_hold() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]


def test_every_module_of_the_street_has_a_place_in_its_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["name"].startswith("2a"))
    placed = {module.strip() for layer in layers for module in layer.split("|")}
    there = {name(path).removesuffix(".py").replace("/", ".") for path in python("shared")}
    modules = {module for module in there if not module.endswith("__init__")}
    stray = {
        module
        for module in modules
        if not any(module == own or module.startswith(f"{own}.") for own in placed)
    }
    assert not stray
    gone = {own for own in placed if own.startswith("shared.")} - modules - {"shared.events"}
    assert not gone


def test_every_service_has_the_same_rooms() -> None:
    for service in ("intake", "dispatch", "supervision", "feedback"):
        folder = ROOT / "services" / service
        for room in ("app", "api", "bus", "store", "domain"):
            assert (folder / f"{room}.py").exists() or (folder / room / "__init__.py").exists(), (
                service,
                room,
            )
