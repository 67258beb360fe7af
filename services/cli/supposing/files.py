"""The files that name other rules, read as they would be imported, and put in the place of what a log has."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from services.cli.reference.policy import check_version, read_policy
from services.cli.supposing.rules import Rules
from shared.contract.events.supervision import CalendarPublished
from shared.domain.calendar import Calendar
from shared.domain.clocks import Policy
from shared.domain.reference import BEGINNING, Reference
from shared.handwritten import WrongFile
from shared.year_notices import Notice, read_notice
from shared.year_tables import combined, compare


class Files(NamedTuple):
    """Another policy, another notice of one year, or both, as somebody wrote them."""

    policy: Policy | None
    notice: Notice | None
    policy_path: Path | None = None

    @classmethod
    def read(cls, policy: Path | None, calendar: Path | None) -> "Files":
        """Both as `qinqing policy import` and `qinqing calendar import` read them; raises WrongFile with each fault."""
        return cls(
            None if policy is None else read_policy(policy),
            None if calendar is None else read_notice(calendar),
            policy,
        )

    def rules(self, published: Reference, since: datetime, *, history: bool) -> Rules:
        """These rules from ``since`` on in the place of the published ones; in history a policy has no grace.

        Raises WrongFile where the policy's name is that of a published one with other content, or where no calendar
        is there that a notice could change.
        """
        policy = self.policy
        if policy is not None and history:
            policy = policy.model_copy(update={"grace_seconds": 0})
        if policy is not None and self.policy_path is not None:
            check_version(self.policy_path, policy, published.policies.all())
        calendar = None if self.notice is None else _with_notice(published, self.notice)
        return Rules.supposing(published, policy, calendar, since)


def _with_notice(published: Reference, notice: Notice) -> Calendar:
    """The newest calendar, its days of that year replaced, as `qinqing calendar import --replace` publishes it."""
    if not published.calendars:
        raise WrongFile(["no calendar is published here yet; a notice changes one year of it"])
    known = published.calendars.all()[-1]
    table = CalendarPublished(
        version=known.version,
        in_force_from=BEGINNING,
        published_through=known.published_through,
        days=tuple(known.days.values()),
        by="",
    )
    command = combined(table, notice, compare(table, notice).left_out)
    return Calendar(command.published_through, command.days)
