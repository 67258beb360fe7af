"""What deploy/ says to an operator is what the services read."""

from pathlib import Path

from shared.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "deploy" / "service.env.example"


def test_the_example_is_read_as_the_defaults() -> None:
    assert Settings(_env_file=EXAMPLE) == Settings()  # type: ignore[call-arg]
