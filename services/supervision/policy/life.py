"""The versions of one jurisdiction's policy that were published; each name means one content for ever."""

from pydantic import BaseModel, ConfigDict


class PublishedPolicies(BaseModel):
    """Which versions there are, as (name, digest of the content), and the name of the one published last."""

    model_config = ConfigDict(frozen=True)

    versions: tuple[tuple[str, str], ...] = ()
    last: str = ""
