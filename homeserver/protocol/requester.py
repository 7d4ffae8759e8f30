"""Who makes a client-server request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requester:
    """The user (and device) behind a request, as the access token says.

    `token_nid` is the row of the access token; 0 when there is none (an application service).
    """

    user_id: str
    device_id: str | None
    token_nid: int
    is_guest: bool = False
    is_admin: bool = False
    app_service: str | None = None
    is_suspended: bool = False
