"""What deploy/ tells an operator is what the services read."""

from pathlib import Path

from shared.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "deploy" / "service.env.example"


def test_the_example_names_every_setting_with_its_default_and_no_other() -> None:
    lines = [
        line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")
    ]
    told = dict(line.split("=", 1) for line in lines)
    assert set(told) == {f"QINQING_{name.upper()}" for name in Settings.model_fields}
    assert Settings(_env_file=EXAMPLE) == Settings()  # type: ignore[call-arg]
