"""What the embedded system tells the services that it starts."""

from pathlib import Path

from services.cli.embedded import Parts
from services.cli.embedded.services import service_program


def test_attachments_are_kept_in_the_data_folder(tmp_path: Path) -> None:
    parts = Parts("127.0.0.1:1", {"intake": "mongodb://127.0.0.1:1"}, tmp_path)
    program = service_program("intake", parts, 1)
    assert program.env["QINQING_ATTACHMENTS_DIR"] == str(tmp_path / "attachments")
