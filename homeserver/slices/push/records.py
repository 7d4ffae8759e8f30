"""The values of this slice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from homeserver.rooms.records import ReadPlace

Json = dict[str, Any]

HTTP = "http"
EMAIL = "email"
EMAIL_APP = "m.email"

TOPIC = "pushers"
"""The topic under which a user is published whose pushers have changed."""

MOST_PUSHERS = 100
LAST_NID = 2**62


@dataclass(frozen=True, slots=True)
class PusherKey:
    """What tells one pusher of a user from another."""

    app_id: str
    pushkey: str


@dataclass(frozen=True, slots=True)
class PusherShape:
    """A pusher as a client sets it. `names`: the strings that only clients look at. `enabled`: None leaves it."""

    key: PusherKey
    kind: str
    names: Mapping[str, str]
    data: Mapping[str, Any]
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Pusher:
    """A pusher. `pushkey_ts` in milliseconds. `place`: up to there it was told what notifies. `badge`: the count it was
    told last."""

    pusher_nid: int
    user_id: str
    shape: PusherShape
    device_id: str | None
    pushkey_ts: int
    place: ReadPlace
    is_behind: bool = False
    failures: int = 0
    retry_ts: int = 0
    badge: int | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether it is to be told anything."""
        return self.shape.enabled is not False

    @property
    def is_http(self) -> bool:
        """Whether a push gateway is told, and not somebody by mail."""
        return self.shape.kind == HTTP

    def body(self) -> Json:
        """As clients see it."""
        shape = self.shape
        enabled, device = self.is_enabled, {} if self.device_id is None else {"device_id": self.device_id}
        return {
            "app_id": shape.key.app_id,
            "pushkey": shape.key.pushkey,
            "kind": shape.kind,
            **shape.names,
            "data": dict(shape.data),
            "enabled": enabled,
            "org.matrix.msc3881.enabled": enabled,
            **device,
            **{f"org.matrix.msc3881.{key}": value for key, value in device.items()},
        }


class Due(NamedTuple):
    """An event that notifies a user, and how. `thread_id`: its root, None in the main timeline. `is_invite`: it asks
    the user into the room, of which the server may know nothing else."""

    user_id: str
    room_nid: int
    place: ReadPlace
    actions: tuple[Any, ...]
    tweaks: Mapping[str, Any]
    thread_id: str | None = None
    is_invite: bool = False
