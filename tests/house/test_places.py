"""A browser opens every page that the portal has: a route that is added without a place for it fails here."""

import re

from fastapi.routing import APIRoute

from services.portal import desks
from tests.browser.places import BY_FORM, OFFICIALS, PATHS

NO_PAGES = {
    "/": "leads to the first page of whoever asks",
    "/errands": "a part of every page, which a script asks for",
    "/issues/{id}/documents/{document}/files/document.docx": "a file",
    "/issues/{id}/files/{hash}": "a file",
    "/issues/{id}/link": "a part of the page of an issue, which a script asks for",
    "/issues/{id}/live": "a stream",
    "/lan/code": "a part of /lan, which a script asks for",
    "/lan/code.svg": "a picture on /lan",
    "/office/issues/{id}/release": "shows what /office/issues/{id}/check shows, to who signed in again before sending",
    "/office/issues/{id}/send-back": "the same",
    "/office/triage/{id}": "a part of /office/triage, which a script asks for",
    "/operator/dead-letters/{service}/{topic}/{partition}/{offset}/replay": "leads back to the dead letter",
    "/operator/projection/build": "a part of /operator/projection, which a script asks for",
    "/operator/projection/check": "leads back to /operator/projection",
    "/operator/projection/rebuild": "leads back to /operator/projection",
    "/papers/{id}/files/paper.docx": "a file",
    "/talks/{id}/files/list.docx": "a file",
    "/talks/{id}/import/template": "a file",
    "/view": "leads back to the page whose language or size was chosen",
}
"""What answers to GET and is no page of its own, and why."""


def routes() -> set[str]:
    """Every address of the desks that answers to GET."""
    every = (one for router in desks.routers() for one in router.routes if isinstance(one, APIRoute))
    return {one.path for one in every if "GET" in one.methods}


def test_every_route_is_a_place_to_which_a_browser_comes() -> None:
    places = {
        path.partition("?")[0] for path in (*PATHS, *(path for one in OFFICIALS.values() for path in one))
    }
    found = routes()
    assert len(found) > 100, "the routes of the portal are not where they were"
    assert not (NO_PAGES.keys() | BY_FORM.keys()) - found, "these routes are gone"
    for route in sorted(found - NO_PAGES.keys() - BY_FORM.keys()):
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(route))
        there = [
            place
            for place in places
            if re.fullmatch(pattern, place) and (place == route or place not in found)
        ]
        assert there, f"{route} is nowhere in tests/browser/places.py"
