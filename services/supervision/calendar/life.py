"""The versions of one jurisdiction's calendar that were published; a version is named after its own content."""

from pydantic import BaseModel, ConfigDict


class PublishedCalendars(BaseModel):
    """Which versions there are, the one published last, and the last year whose notice that one holds."""

    model_config = ConfigDict(frozen=True)

    versions: tuple[str, ...] = ()
    last: str = ""
    published_through: int = 0
