"""Files as people hand them in, made here: pictures that say where they were taken, documents with macros."""

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from zipfile import ZIP_DEFLATED, ZipFile

import pillow_heif
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

pillow_heif.register_heif_opener()

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SECRET = "30.8927N-120.0934E"
"""What stands beside the pixels in every way there is, and must be gone."""
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def drawn(width: int = 60, height: int = 40, mode: str = "RGB") -> Image.Image:
    """A red picture with a blue left half: which way is up can be seen."""
    picture = Image.new("RGB", (width, height), (220, 30, 30))
    picture.paste((20, 30, 220), (0, 0, width // 2, height))
    return picture.convert(mode)


def located(orientation: int = 1) -> bytes:
    """EXIF as a phone writes it: where, when, with what, and which way it was held."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, SECRET
    exif[0x8825] = {1: "N", 2: (30.0, 53.0, 33.7), 3: "E", 4: (120.0, 5.0, 36.2), 29: "2026:03:02"}
    return exif.tobytes()


def jpeg(width: int = 60, height: int = 40, orientation: int = 1) -> bytes:
    """With EXIF, a comment, XMP and a colour profile that tell where it was taken."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + SECRET.encode()
    more = {"comment": SECRET.encode(), "xmp": f"<x>{SECRET}</x>".encode(), "icc_profile": profile}
    return saved(drawn(width, height), "JPEG", exif=located(orientation), quality=95, **more)


def png(width: int = 60, height: int = 40, mode: str = "RGB") -> bytes:
    """With a text that tells where it was taken."""
    info = PngInfo()
    info.add_text("Comment", SECRET)
    info.add_itxt("XML:com.adobe.xmp", SECRET, zip=True)
    return saved(drawn(width, height, mode), "PNG", pnginfo=info, exif=located())


def webp() -> bytes:
    """With EXIF and XMP."""
    return saved(drawn(), "WEBP", exif=located(), xmp=SECRET.encode())


def heic() -> bytes:
    """As an iPhone takes them."""
    return saved(drawn(64, 48), "HEIF", exif=located())


def saved(picture: Image.Image, form: str, **more: object) -> bytes:
    """A picture as a file of this form."""
    file = io.BytesIO()
    picture.save(file, form, **more)
    return file.getvalue()


def bomb(width: int = 40_000, height: int = 40_000) -> bytes:
    """A PNG of some kilobytes that says it has 1,600 million pixels, all black."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(width // 8 + 1) * 1000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def office(main: str, *more: tuple[str, str], listing: str | None = None) -> bytes:
    """A zip with a list of content types as Word and Excel write it; ``more``: (part, type)."""
    parts = (("/word/document.xml", main), *more)
    overrides = "".join(f'<Override PartName="{part}" ContentType="{type}"/>' for part, type in parts)
    types = f'<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://x">{overrides}</Types>'
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types if listing is None else listing)
        for part, _ in parts:
            archive.writestr(part.lstrip("/"), "<x/>")
    return file.getvalue()


def docx() -> bytes:
    return office(f"{WORD}.main+xml")


def xlsx() -> bytes:
    return office(f"{SHEET}.main+xml")


WELCOME: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "image/jpeg": (jpeg, "image/jpeg"),
    "image/png": (png, "image/png"),
    "image/apng": (png, "image/png"),
    "image/webp": (webp, "image/webp"),
    "image/heic": (heic, "image/jpeg"),
    "application/pdf": (lambda: PDF, "application/pdf"),
    WORD: (docx, WORD),
    SHEET: (xlsx, SHEET),
}
"""One file of everything that is taken by what it is handed in as, and what it is stored as."""

_MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"
_HIDDEN = f'<!DOCTYPE t [<!ENTITY m "macro">]><Types><Default ContentType="{WORD}.main+xml"/></Types>'
REFUSED: Mapping[str, bytes] = {
    "nothing": b"",
    "a page with a script": b"<html><script>alert(1)</script></html>",
    "a page that ends as a pdf": b"<html></html>" + PDF,
    "a drawing with a script": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
    "a gif": saved(drawn(), "GIF"),
    "a program": b"\x7fELF" + bytes(100),
    "a program of Windows": b"MZ" + bytes(100),
    "an old document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "any zip": office("text/xml"),
    "a zip that is cut off": docx()[:60],
    "a document with macros": office(_MACROS),
    "a sheet with macros": office("application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
    "a document that has macros as one more part": office(
        f"{WORD}.main+xml", ("/word/x.bin", "application/vnd.ms-office.vbaProject")
    ),
    "a document that writes its macros otherwise": office(
        f"{WORD}.main+xml", ("/word/x.bin", "application/vnd.ms-office.&#118;baProject")
    ),
    "a document with a control": office(
        f"{WORD}.main+xml", ("/word/a.bin", "application/vnd.ms-office.activeX")
    ),
    "a document and a sheet": office(f"{WORD}.main+xml", ("/s", f"{SHEET}.main+xml")),
    "a document whose list declares entities": office("", listing=_HIDDEN),
    "a document whose list is no XML": office("", listing=f'<Types ContentType="{WORD}.main+xml">'),
    "a document whose list is a bomb": office(
        "", listing="<Types>" + " " * 5_000_000 + f'<D ContentType="{WORD}.main+xml"/></Types>'
    ),
}
"""What is not taken, whatever it is called."""
