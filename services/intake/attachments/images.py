"""A picture written anew: the same pixels, turned as they are meant to be seen, and nothing else of the file."""

import io
from pathlib import Path

import pillow_heif
from PIL import Image, ImageCms, ImageOps

from services.intake.attachments.content import MOST_PIXELS, PICTURES, Fault, NotTaken
from shared.contract.words import MediaType

QUALITY = 90
KEPT_MODES = {
    MediaType.JPEG: ("L", "RGB"),
    MediaType.PNG: ("1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA"),
    MediaType.WEBP: ("RGB", "RGBA"),
}
"""The forms of pixels that each kind of picture holds as they are."""


def write_anew(path: Path, found: str) -> MediaType:
    """Replace a picture that was ``found`` to be of this type by its pixels alone; returns what it is now.

    Where it was, when, with what, thumbnails, comments and whatever hides behind its end are gone; of a picture that
    moves the first frame stays. Raises NotTaken.
    """
    form, kind = PICTURES[found]
    Image.MAX_IMAGE_PIXELS = None  # the header is judged here, before anything is unpacked
    pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    try:
        with Image.open(path, formats=[form]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise NotTaken(Fault.TOO_MANY_PIXELS)
            plain = _pixels_alone(picture, kind)
        beside = path.with_name(f"{path.name}.new")
        plain.save(beside, format=kind.name, quality=QUALITY)
    except NotTaken:
        raise
    except MemoryError:
        raise NotTaken(Fault.TOO_MANY_PIXELS) from None
    except Exception:  # a reader of a stranger's file may raise anything
        raise NotTaken(Fault.UNREADABLE) from None
    beside.replace(path)
    return kind


def _pixels_alone(picture: Image.Image, kind: MediaType) -> Image.Image:
    """The picture upright, in the colours of screens, in a form that its kind holds, without what stood beside it."""
    profile = picture.info.get("icc_profile")
    upright = ImageOps.exif_transpose(picture)
    if upright.has_transparency_data and kind is not MediaType.JPEG:
        upright = upright.convert("RGBA")
    elif upright.mode not in KEPT_MODES[kind]:
        upright = upright.convert("RGB")
    plain = _in_colours_of_screens(upright, profile) if profile else upright
    plain.info = {}  # from here some writers would take comments and profiles
    return plain


def _in_colours_of_screens(picture: Image.Image, profile: bytes) -> Image.Image:
    """In sRGB, for a picture without its profile is shown as such; one whose profile says nothing stays as it is."""
    if picture.mode not in ("RGB", "RGBA"):
        return picture
    try:
        own, screens = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        found = ImageCms.profileToProfile(picture, own, screens, outputMode=picture.mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return picture if found is None else found
