"""What is remembered of an official: the last version of the entry."""

from pydantic import BaseModel, ConfigDict

from shared.contract.events.dispatch import StaffPublished


class Staff(BaseModel):
    """An official as dispatch knows them."""

    model_config = ConfigDict(frozen=True)

    entry: StaffPublished | None = None
    """The last version as it was published."""
