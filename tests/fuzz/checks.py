"""What the fuzzer does not know by itself, loaded by it as its hooks: one check, and files that are whole."""

import schemathesis
from hypothesis import strategies
from schemathesis import Case, CheckContext, Response

from tests.unit.intake.files import WELCOME

# Nobody draws a picture by chance: of each kind of file it has one that is whole.
for media_type, (make, _) in WELCOME.items():
    schemathesis.openapi.media_type(media_type, strategies.just(make()))

OF_THE_FORM = (400, 415, 422)
RULES_OF_OUR_OWN = {
    "title",
    "text",
    "policy",
    "phone",
    "attachments",
    "Qinqing-Actor",
    "leaders",
    "body",
    "alerts",
}
"""Fields with a rule that no JSON schema can say: not blank, in rising order, a limit for every clock, a number that
can be called; files that were handed in; and entrepreneurs are named by reference. ``body``: a talk ends after it
begins. ``alerts``: none began before 1970, and one that is over says since when."""


@schemathesis.check
def what_fits_the_document_is_not_refused_for_its_form(
    context: CheckContext, response: Response, case: Case
) -> None:
    """A command may be refused (422) for what it says, but no field for its form when it is as the document asks."""
    made_to_fit = case.meta is not None and case.meta.generation.mode.is_positive
    if made_to_fit and response.status_code in OF_THE_FORM:
        wrong = {error["field"].partition(".")[0] for error in response.json().get("errors", ())}
        assert wrong <= RULES_OF_OUR_OWN, response.text
