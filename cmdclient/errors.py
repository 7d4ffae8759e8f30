"""What can go wrong with a command, and the sentence that says what to do next."""

from __future__ import annotations

from typing import Any

_HINTS = {
    "M_UNKNOWN_TOKEN": "This login is no longer valid. Log in again: login USER",
    "M_MISSING_TOKEN": "Nobody is logged in here. Log in first: login USER",
    "M_USER_DEACTIVATED": "The account was closed; only an administrator of the server can open it again.",
    "M_USER_LOCKED": "The account is locked; ask an administrator of the server.",
    "M_USER_IN_USE": "Choose another name, or if it is yours: login USER",
    "M_INVALID_USERNAME": "A user name consists of a-z, 0-9 and . _ = - / +",
    "M_EXCLUSIVE": "The name is reserved for an application service. Choose another one.",
    "M_WEAK_PASSWORD": "Choose a longer password.",
    "M_ROOM_IN_USE": "Choose another alias, or join the room: join #ALIAS",
    "M_NOT_FOUND": "Check the name for a typing error; the rooms you are in: list",
    "M_UNRECOGNIZED": "Check path and method, or the server's age: raw GET /_matrix/client/versions",
    "M_TOO_LARGE": "Send it in smaller pieces.",
    "M_UNSUPPORTED_ROOM_VERSION": "This server cannot make or join rooms of that version.",
    "M_INCOMPATIBLE_ROOM_VERSION": "This server is too old for that room.",
    "M_BAD_STATE": "The membership does not allow it; who is in the room: list members ROOM",
    "M_GUEST_ACCESS_FORBIDDEN": "Guests may not do this. Make an account: register USER",
    "M_CONSENT_NOT_GIVEN": "The server wants its terms accepted first, in a browser.",
    "M_RESOURCE_LIMIT_EXCEEDED": "The server is full; ask its administrator.",
    "M_UNABLE_TO_AUTHORISE_JOIN": "Join through another server: join ROOM via SERVER",
    "M_UNABLE_TO_GRANT_JOIN": "Join through another server: join ROOM via SERVER",
    "M_BAD_ALIAS": "The alias does not point to this room.",
}
_FORBIDDEN_BY_PATH = (
    ("/login", "Try again; or if there is no account yet: register USER"),
    ("/register", "Registration may be closed on this server; ask its administrator."),
    ("/join", "The room may need an invitation: ask somebody in it to invite you."),
    ("/invite", "You must be in the room and allowed to invite, and the user must not be banned or already there."),
    ("/kick", "You must be in the room, with a greater power level than the user."),
    ("/ban", "You must be in the room, with a greater power level than the user."),
)
_FORBIDDEN = "You must be in the room and have the power level for it; the rooms you are in: list"


class CommandError(Exception):
    """A command did not succeed; the text is a sentence for the person at the keyboard."""

    exit_status = 1


class UsageError(CommandError):
    """The command was not written as it has to be; nothing was sent."""

    exit_status = 2


class TransportError(CommandError):
    """There was no answer, or none of a Matrix homeserver."""


class ApiError(CommandError):
    """The server answered with an error.

    `body` is the answer (a JSON object), `path` the path of the request without its query.
    https://spec.matrix.org/v1.19/client-server-api/#standard-error-response
    """

    def __init__(self, status: int, body: dict[str, Any], path: str) -> None:
        self.status = status
        self.body = body
        self.path = path
        errcode, message = body.get("errcode"), body.get("error")
        self.errcode = errcode if isinstance(errcode, str) else "M_UNKNOWN"
        reason = "the server asks for further authentication" if "flows" in body else "the server gave no reason"
        self.message = message if isinstance(message, str) else reason
        super().__init__(self.message)

    @property
    def retry_after_s(self) -> float | None:
        """How long the server asks to wait, in seconds."""
        wait_ms = self.body.get("retry_after_ms")
        is_number = isinstance(wait_ms, int | float) and not isinstance(wait_ms, bool)
        return max(0.0, wait_ms / 1000) if is_number and wait_ms is not None else None

    @property
    def hint(self) -> str:
        """What to do next, or an empty text."""
        if self.errcode == "M_FORBIDDEN":
            return next((hint for part, hint in _FORBIDDEN_BY_PATH if part in self.path), _FORBIDDEN)
        if self.errcode == "M_LIMIT_EXCEEDED":
            wait_s = self.retry_after_s
            return "Wait a while and try again." if wait_s is None else f"Try again in {wait_s:.1f} seconds."
        return _HINTS.get(self.errcode, "")

    def __str__(self) -> str:
        sentence = f"{self.errcode} ({self.status}): {self.message}"
        if not self.hint:
            return sentence
        return f"{sentence}{'' if sentence.endswith(('.', '!', '?')) else '.'} {self.hint}"
