"""What is told of a file that was handed in with an issue: its hash, what it is, how large; never its name."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.event import MOST
from shared.contract.words import MediaType, OpenMediaType

MOST_ATTACHMENTS = 20

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Attachment(BaseModel):
    """One file on a command. The hash is that of the bytes as they are stored and served."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    sha256: Sha256
    media_type: MediaType
    bytes: int = Field(ge=1, le=MOST)


class OpenAttachment(BaseModel):
    """The same on events, on orders and in states, which carry on what a newer version keeps."""

    model_config = ConfigDict(frozen=True, extra="allow")
    sha256: str
    media_type: OpenMediaType
    bytes: int = Field(ge=0, le=MOST)
