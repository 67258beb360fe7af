"""What is remembered of the routing rules: their last version."""

from pydantic import BaseModel, ConfigDict

from shared.contract.events.dispatch import RulesPublished


class Rules(BaseModel):
    """The routing rules of one jurisdiction as dispatch knows them."""

    model_config = ConfigDict(frozen=True)

    entry: RulesPublished | None = None
    """The last version as it was published."""
