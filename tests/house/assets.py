"""Keeps ``services/portal/static/assets.lock``: each file of a page with its hash, where it is from, its licence."""

import json
from hashlib import sha256

from services.portal.assets import STATIC, TYPES

FROM = {
    "tabler.css": ("@tabler/core 1.6.1, dist/css/tabler.min.css", "tabler.txt"),
    "htmx.js": ("htmx.org 4.0.1, dist/htmx.min.js", "htmx.txt"),
    "hx-sse.js": ("htmx.org 4.0.1, dist/ext/hx-sse.min.js", "htmx.txt"),
    "icons.svg": (
        "@tabler/icons 3.52.0, the signs that pages use, as symbols of one file",
        "tabler-icons.txt",
    ),
}
"""What others wrote; everything else is ours."""


def lock() -> str:
    """The lock file, whole."""
    entries = {}
    for file in sorted(STATIC.iterdir()):
        if file.suffix in TYPES:
            origin, licence = FROM.get(file.name, ("ours", ""))
            digest = sha256(file.read_bytes()).hexdigest()
            entries[file.name] = {"sha256": digest, "from": origin, "licence": licence}
    return json.dumps(entries, indent=1) + "\n"
