"""What a file is taken for, and what is left of a picture: judged by the program that the service starts for each."""

import io
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from services.intake.attachments import images
from services.intake.attachments.content import EXTENSIONS, MOST_PIXELS, PICTURES, Fault, NotTaken, type_of
from services.intake.attachments.routes import HANDED_IN, name_of
from services.intake.attachments.uploads import PROGRAM
from shared.contract.words import MediaType
from tests.unit.intake.files import (
    PDF,
    REFUSED,
    SECRET,
    WELCOME,
    bomb,
    docx,
    drawn,
    heic,
    jpeg,
    located,
    png,
    saved,
    webp,
)


def judged(path: Path, content: bytes) -> str:
    """What the program says of a file with this content; a picture is written anew in its place."""
    path.write_bytes(content)
    done = subprocess.run([sys.executable, "-m", PROGRAM, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def left(tmp_path: Path, content: bytes) -> Image.Image:
    """A picture as it is stored."""
    judged(tmp_path / "x", content)
    return Image.open(io.BytesIO((tmp_path / "x").read_bytes()))


def test_every_kind_of_file_on_the_list_has_an_example_an_ending_and_a_way_to_be_stored() -> None:
    assert set(WELCOME) == set(HANDED_IN)
    assert set(EXTENSIONS) == set(MediaType) == {stored for _, stored in WELCOME.values()}


@pytest.mark.parametrize("handed_in", WELCOME)
def test_what_is_on_the_list_is_known_by_its_content_under_any_name(tmp_path: Path, handed_in: str) -> None:
    make, stored = WELCOME[handed_in]
    assert judged(tmp_path / "照片.exe", make()) == stored


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_on_the_list_is_refused_under_any_name(tmp_path: Path, what: str) -> None:
    path = tmp_path / "harmless.jpg"
    assert judged(path, REFUSED[what]) == Fault.NOT_TAKEN
    assert path.read_bytes() == REFUSED[what]


@given(
    content=st.binary(max_size=300), head=st.sampled_from([b"", b"PK\x03\x04", b"RIFF....WEBP", b"\xff\xd8"])
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_bytes_come_the_type_is_on_the_list_or_there_is_none(
    tmp_path: Path, content: bytes, head: bytes
) -> None:
    path = tmp_path / "x"
    path.write_bytes(head + content)
    with suppress(NotTaken):
        assert type_of(path) in HANDED_IN


@pytest.mark.filterwarnings("ignore::UserWarning")
@given(
    place=st.integers(0, 10_000),
    content=st.binary(min_size=1, max_size=40),
    make=st.sampled_from([jpeg, png]),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_damaged_picture_is_read_or_refused_and_nothing_else(
    tmp_path: Path, place: int, content: bytes, make
) -> None:
    path, whole = tmp_path / "x", make()
    place %= len(whole)
    path.write_bytes(whole[:place] + content + whole[place + len(content) :])
    with suppress(NotTaken):
        assert images.write_anew(path, type_of(path)) in EXTENSIONS


@pytest.mark.parametrize("make", [jpeg, png, webp, heic], ids=lambda make: make.__name__)
def test_where_a_picture_was_taken_is_gone_with_all_else_that_stood_beside_its_pixels(
    tmp_path: Path, make
) -> None:
    before = Image.open(io.BytesIO(make()))
    assert before.getexif().get_ifd(0x8825), "the example says where it was taken"
    stored = left(tmp_path, make())
    assert not dict(stored.getexif())
    assert not {"exif", "xmp", "comment", "icc_profile", "Comment", "XML:com.adobe.xmp"} & stored.info.keys()
    content = (tmp_path / "x").read_bytes()
    assert SECRET.encode() not in content and b"Exif" not in content
    assert stored.size == before.size


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright_as_it_was_meant_to(tmp_path: Path, orientation: int) -> None:
    """EXIF 6 means: turn it a quarter to the right to see it; the blue left half is then at the top."""
    stored = left(tmp_path, jpeg(60, 40, orientation)).convert("RGB")
    assert stored.size == ((60, 40) if orientation < 5 else (40, 60))
    blue_at = {1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom"}
    wide, high = stored.width, stored.height
    points = {
        "left": (3, high // 2),
        "right": (wide - 4, high // 2),
        "top": (wide // 2, 3),
        "bottom": (wide // 2, high - 4),
    }
    red, _, blue = stored.getpixel(points[blue_at[orientation]])
    assert blue > red


def test_what_hides_behind_the_end_of_a_picture_is_gone(tmp_path: Path) -> None:
    for hidden in (docx(), PDF, b"<script>alert(1)</script>"):
        assert judged(tmp_path / "x", jpeg() + hidden) == MediaType.JPEG
        assert hidden not in (tmp_path / "x").read_bytes()


def test_a_heic_picture_becomes_a_jpeg_that_shows_the_same(tmp_path: Path) -> None:
    stored = left(tmp_path, heic())
    assert (stored.format, stored.size) == ("JPEG", (64, 48))
    (red, _, blue), (red2, _, blue2) = stored.getpixel((5, 20)), stored.getpixel((60, 20))
    assert blue > 150 > red and red2 > 150 > blue2


def test_a_picture_with_ten_bits_a_colour_is_taken_too(tmp_path: Path) -> None:
    content = heic().replace(b"ftypheic", b"ftypheix", 1)
    assert judged(tmp_path / "x", content) == MediaType.JPEG


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_scans_and_pictures_one_can_look_through_stay_what_they_are(tmp_path: Path, mode: str) -> None:
    given_ = Image.new("I;16", (9, 9), 40_000) if mode == "I;16" else drawn(9, 9, mode)
    stored = left(tmp_path, saved(given_, "PNG"))
    assert stored.convert("RGBA").tobytes() == given_.convert("RGBA").tobytes()


def test_a_picture_for_printers_becomes_one_for_screens(tmp_path: Path) -> None:
    assert left(tmp_path, saved(drawn(mode="CMYK"), "JPEG")).mode == "RGB"


def test_a_moving_picture_stays_as_its_first_frame(tmp_path: Path) -> None:
    frames = [drawn(), Image.new("RGB", (60, 40), "white")]
    moving = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100)
    stored = left(tmp_path, moving)
    assert getattr(stored, "n_frames", 1) == 1
    assert stored.convert("RGB").getpixel((5, 20))[2] > 150


def test_a_bomb_of_pixels_is_refused_by_what_its_head_says(tmp_path: Path) -> None:
    assert len(bomb()) < 100_000
    assert judged(tmp_path / "x", bomb()) == Fault.TOO_MANY_PIXELS
    wide = MOST_PIXELS // 1000 + 1
    assert judged(tmp_path / "x", bomb(wide, 1000)) == Fault.TOO_MANY_PIXELS


def test_a_picture_as_large_as_they_may_be_fits_the_memory_it_is_given(tmp_path: Path) -> None:
    largest = saved(Image.new("RGB", (10_000, MOST_PIXELS // 10_000)), "JPEG", exif=located(6))
    assert judged(tmp_path / "x", largest) == MediaType.JPEG


@pytest.mark.parametrize("make", [jpeg, png, webp, heic], ids=lambda make: make.__name__)
def test_a_picture_that_is_cut_off_cannot_be_read(tmp_path: Path, make) -> None:
    assert judged(tmp_path / "x", make()[: len(make()) // 2]) == Fault.UNREADABLE


def test_the_pictures_that_are_taken_are_those_that_can_be_stored() -> None:
    assert {kind for _, kind in PICTURES.values()} == set(images.KEPT_MODES)


@given(sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True), media_type=st.text(max_size=30))
def test_a_name_under_which_a_file_is_served_has_nothing_to_escape(sha256: str, media_type: str) -> None:
    name = name_of(sha256, media_type)
    assert name.isascii() and name.replace(".", "", 1).isalnum() and len(name) <= 17
