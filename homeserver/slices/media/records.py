"""What media is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that are kept: their SHA-256 in hex, and how many there are."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Media:
    """A file under an `mxc://` URI. `sha256` None: it was announced and is to be uploaded until `expires_ts`.

    `is_protected`: it stays where administrators put others into quarantine.
    """

    media_nid: int
    origin: str
    media_id: str
    sha256: str | None
    size_bytes: int
    content_type: str
    file_name: str | None
    uploader: str | None
    created_ts: int
    used_ts: int
    expires_ts: int | None
    is_quarantined: bool
    needs_account: bool
    quarantined_by: str | None
    is_protected: bool

    @property
    def uri(self) -> str:
        """`mxc://` and so on."""
        return f"mxc://{self.origin}/{self.media_id}"


@dataclass(frozen=True, slots=True)
class About:
    """What an uploader, or another server, says of a file."""

    content_type: str = "application/octet-stream"
    file_name: str | None = None


@dataclass(frozen=True, slots=True)
class ThumbnailSize:
    """What a thumbnail is to be like. `method`: `scale` fits into the size, `crop` fills it."""

    width: int
    height: int
    method: str
    is_animated: bool = False


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A thumbnail as it is kept."""

    content: Content
    content_type: str
