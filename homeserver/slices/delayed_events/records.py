"""A delayed event, and how clients see it.

https://github.com/matrix-org/matrix-spec-proposals/pull/4140
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from homeserver.protocol.errors import MatrixError
from homeserver.rooms.drafting import Wanted

Json = dict[str, Any]

LIFETIME_MS = 7 * 24 * 3600 * 1000
"""So long it is told what became of one."""
MOST_FINALISED = 1000
MOST_SCHEDULED = 100
MOST_CONTENT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class DelayedEvent:
    """One that is to be sent at `due_ts`, or is over since `finalised_ts`."""

    delay_id: str
    user_id: str
    room_id: str
    type: str
    state_key: str | None
    content: bytes
    delay_ms: int
    scheduled_ts: int
    due_ts: int
    finalised_ts: int | None = None
    event_id: str | None = None
    error: bytes | None = None

    def wanted(self) -> Wanted:
        """What is to be sent."""
        return Wanted(self.room_id, self.type, msgspec.json.decode(self.content), self.state_key)

    def body(self) -> Json:
        """What was scheduled, with the names that its times had in each stage of the proposal."""
        state_key = {} if self.state_key is None else {"state_key": self.state_key}
        return {
            "delay_id": self.delay_id,
            "room_id": self.room_id,
            "type": self.type,
            **state_key,
            "delay": self.delay_ms,
            "delay_ms": self.delay_ms,
            "running_since": self.scheduled_ts,
            "scheduled_at": self.scheduled_ts,
            "content": msgspec.Raw(self.content),
        }

    def single_body(self) -> Json:
        """As it is looked up by its id."""
        ended = self.finalised_ts
        over = {} if ended is None else {"finalised_ts": ended, "origin_server_ts": ended}
        return {**self.body(), **over, **self._result()}

    def finalised_body(self) -> Json:
        """As it stands among those that are over."""
        is_action = self.event_id is None or (self.finalised_ts or 0) < self.due_ts
        reason = "error" if self.error is not None else "action" if is_action else "delay"
        return {
            "delayed_event": self.body(),
            "outcome": "cancel" if self.event_id is None else "send",
            "reason": reason,
            "origin_server_ts": self.finalised_ts,
            **self._result(),
        }

    def _result(self) -> Json:
        result: Json = {}
        if self.event_id is not None:
            result["event_id"] = self.event_id
        if self.error is not None:
            result["error"] = msgspec.Raw(self.error)
        return result


def delayed_event_limits(max_delay_ms: int) -> Json:
    """What clients are told of the limits, as a capability."""
    return {"max_delay_ms": max_delay_ms, "max_scheduled": MOST_SCHEDULED}


def refusal(errcode: str, message: str, **extra: Any) -> MatrixError:
    """400 with an errcode of the proposal's, which clients look for under its unstable name, too."""
    unstable = {f"org.matrix.msc4140.{name}": value for name, value in {"errcode": errcode, **extra}.items()}
    return MatrixError(400, errcode, message, **extra, **unstable)


def too_many(retry_after_ms: int) -> MatrixError:
    """429 `M_LIMIT_EXCEEDED`, with the errcode that earlier stages of the proposal had for it."""
    message = f"You have {MOST_SCHEDULED} delayed events already; wait until one of them is sent, or cancel one."
    earlier = {"org.matrix.msc4140.errcode": "M_MAX_DELAYED_EVENTS_EXCEEDED"}
    return MatrixError(429, "M_LIMIT_EXCEEDED", message, retry_after_ms=retry_after_ms, **earlier)
