"""What a command suggests to type next works as it stands, and what it prints as a number is taken as one."""

from pathlib import Path

import pytest

from services.cli.asking import need_system
from services.cli.deadletters import _place
from services.cli.system import DEFAULT_DATA, data_option


def test_a_hint_names_the_data_folder_where_it_is_not_the_usual_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert data_option(DEFAULT_DATA) == ""
    with pytest.raises(SystemExit):
        need_system(tmp_path, as_json=False)
    assert f"qinqing up --data {tmp_path}" in " ".join(capsys.readouterr().err.split())


def test_an_operator_names_an_issue_by_its_id_or_its_number() -> None:
    assert _place("J1XC-HRJE-MN1H-GS", False) == _place("J1XCHRJEMN1HG", False) == "/issues/J1XCHRJEMN1HG"
    assert _place("dept:housing", False) == "/departments/housing"
    with pytest.raises(SystemExit):
        _place("J1XC-HRJE-MN1H-G0", False)
