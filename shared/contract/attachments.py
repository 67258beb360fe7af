"""What is told of a file that was handed in with an issue: a hash, what it is, about how large; never its name."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.event import MOST
from shared.contract.words import MediaType, OpenMediaType

MOST_ATTACHMENTS = 20

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Attachment(BaseModel):
    """One file on a command.

    ``hash`` is a keyed hash of its content and of this issue: the same file on another issue has another one, and
    whoever has the file does not find the issue by it. So is the size rounded up, to a power of two.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    hash: Hash
    media_type: MediaType
    bytes: int = Field(ge=1, le=MOST)


class OpenAttachment(BaseModel):
    """The same on events, on orders and in states, which carry on what a newer version keeps."""

    model_config = ConfigDict(frozen=True, extra="allow")
    hash: str
    media_type: OpenMediaType
    bytes: int = Field(ge=0, le=MOST)
