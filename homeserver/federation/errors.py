"""Why a request to another server did not succeed.

They are `MatrixError`s: where nobody deals with one, it is the answer to the client whose request depended on it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from homeserver.protocol.errors import MatrixError

_ABOUT_OUR_REQUEST = frozenset({"M_MISSING_PARAM", "M_INVALID_PARAM"})


class FederationError(MatrixError):
    """A request to `server_name` did not succeed. `status` and `errcode` are what a client is to be told."""

    def __init__(self, server_name: str, reason: str, status: int = 502, errcode: str = "M_UNKNOWN") -> None:
        super().__init__(status, errcode, f"{server_name}: {reason}")
        self.server_name = server_name
        self.reason = reason


class NotAllowed(FederationError):
    """403 `M_FORBIDDEN`: the configuration forbids talking to the server."""

    def __init__(self, server_name: str) -> None:
        super().__init__(server_name, "this server does not federate with it", 403, "M_FORBIDDEN")


class Unreachable(FederationError):
    """The server was not found, did not let itself be connected to, or did not answer in time."""


class BadAnswer(FederationError):
    """The server said 200, and not what the specification says it should."""


class HttpAnswer(FederationError):
    """The server answered with an error.

    `answer_status`, `errcode` (`M_UNKNOWN` where it gave none), `message` and `answer` (the whole object) are the
    server's. `status` is the same for 400, 403 and 404, which speak of the request, unless the 400 finds fault with
    what this server made of it; else it is 502: a 401 or 429 is between the servers.
    """

    def __init__(self, server_name: str, answer_status: int, answer: Mapping[str, Any]) -> None:
        errcode = answer.get("errcode")
        message = answer.get("error")
        errcode = errcode if isinstance(errcode, str) else "M_UNKNOWN"
        is_for_clients = answer_status in (403, 404) or (answer_status == 400 and errcode not in _ABOUT_OUR_REQUEST)
        status = answer_status if is_for_clients else 502
        super().__init__(server_name, f"{answer_status} {errcode}", status, errcode)
        self.answer_status = answer_status
        self.answer = answer
        if isinstance(message, str):
            self.message = message[:1000]
        if isinstance(answer.get("room_version"), str):
            self.extra = {"room_version": answer["room_version"]}


class Withheld(MatrixError):
    """What came just before an event, `event_ids`, could not be had. It may still come from elsewhere."""

    def __init__(self, event_ids: Collection[str]) -> None:
        super().__init__(502, "M_UNKNOWN", "What came before the event could not be had.")
        self.event_ids = frozenset(event_ids)


def is_passing(error: MatrixError) -> bool:
    """Whether the same request may succeed later: the server was not reached, is being left alone, or has trouble."""
    if isinstance(error, HttpAnswer):
        return error.answer_status == 429 or error.answer_status >= 500
    return error.status == 502 and not isinstance(error, BadAnswer)
