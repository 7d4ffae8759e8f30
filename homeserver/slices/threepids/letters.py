"""What the mails say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from homeserver.slices.threepids.records import Purpose

SendMail = Callable[[str, str, Sequence[str], tuple[str, str] | None], Awaitable[None]]
"""(address, subject, paragraphs, (what a link is for, its address) or None)."""

_NOT_YOU = "If it was not you, do nothing: nothing happens, and you may delete this mail."


@dataclass(frozen=True, slots=True)
class Words:
    """What a purpose is called: in the mail, on the page behind its link, and on the button there."""

    subject: str
    request: str
    button: str


WORDS = {
    Purpose.REGISTER: Words(
        "Confirm your e-mail address",
        "Somebody wants to register an account on {server} with this e-mail address.",
        "Confirm the address",
    ),
    Purpose.ADD: Words(
        "Confirm your e-mail address",
        "Somebody wants to add this e-mail address to their account on {server}.",
        "Confirm the address",
    ),
    Purpose.RESET_PASSWORD: Words(
        "Set a new password",
        "Somebody wants to set a new password for the account on {server} that has this e-mail address.",
        "Allow a new password",
    ),
}


class Letters:
    """Sends them."""

    def __init__(self, send: SendMail, server_name: str) -> None:
        self._send = send
        self._server_name = server_name

    async def send_link(self, address: str, purpose: Purpose, url: str) -> None:
        """The link with which the address is confirmed. Raises what the sending raises."""
        words = WORDS[purpose]
        paragraphs = [words.request.format(server=self._server_name), f"If it was you, follow the link. {_NOT_YOU}"]
        await self._send(address, words.subject, paragraphs, (words.button, url))

    async def send_refusal(self, address: str, purpose: Purpose) -> None:
        """Why there is no link: whoever asked is not told, since they may be anybody."""
        request = WORDS[purpose].request.format(server=self._server_name)
        if purpose is Purpose.RESET_PASSWORD:
            reason = "But no account here has this address. Perhaps it is another of yours, or you have no account yet."
        else:
            reason = (
                "But an account here has this address already. If it is yours and you have forgotten its password, "
                "ask for a new one where you log in."
            )
        subject = f"About your e-mail address and {self._server_name}"
        await self._send(address, subject, [request, reason, _NOT_YOU], None)
