"""Asking for a mail with a link, and the page that the link leads to."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from homeserver.http.pages import Pages
from homeserver.http.query import QueryArguments
from homeserver.http.request import Request
from homeserver.http.response import Json, redirect
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import MatrixError, bad_json, forbidden, invalid_param, missing_param
from homeserver.protocol.requester import Requester
from homeserver.slices.threepids.letters import WORDS
from homeserver.slices.threepids.records import Purpose, ValidationRequest, check_address, check_client_secret
from homeserver.slices.threepids.sessions import CONFIRM_PATH, ValidationSessions

_V3 = "/_matrix/client/v3"
_LIMIT = "rc_3pid_validation"


class ValidationEndpoints:
    """`requestToken` for e-mail, and the page. `may_register`: whether registration is open."""

    def __init__(self, sessions: ValidationSessions, server_name: str, *, may_register: bool) -> None:
        self._sessions = sessions
        self._server_name = server_name
        self._may_register = may_register
        self._pages = Pages("homeserver.slices.threepids")

    @route("POST", f"{_V3}/register/email/requestToken", access=Access.NONE, limit=_LIMIT)
    async def register(self, request: Request) -> Json:
        """For registering with an e-mail address. Whether somebody has it already is said in the mail only.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3registeremailrequesttoken
        """
        if not self._may_register:
            raise forbidden("Registration is disabled.")
        return await self._request(request, Purpose.REGISTER)

    @route("POST", f"{_V3}/account/3pid/email/requestToken", access=Access.NONE, limit=_LIMIT)
    async def add(self, request: Request) -> Json:
        """For adding an e-mail address to one's account.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidemailrequesttoken
        """
        return await self._request(request, Purpose.ADD)

    @route("POST", f"{_V3}/account/password/email/requestToken", access=Access.NONE, limit=_LIMIT)
    async def reset_password(self, request: Request) -> Json:
        """For a new password. Whether any account has the address is said in the mail only.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountpasswordemailrequesttoken
        """
        return await self._request(request, Purpose.RESET_PASSWORD)

    @route("GET", f"/{CONFIRM_PATH}", access=Access.NONE)
    async def show(self, request: Request) -> Json:
        """Where the link leads: the address is confirmed. Where it is for a new password, a button does that:
        programs that look at mails follow links, too."""
        sid, token = request.query.first("sid"), request.query.first("token")
        session = await self._sessions.find(sid, token)
        if session is None:
            return self._invalid()
        if session.purpose is not Purpose.RESET_PASSWORD:
            return await self._confirm(sid, token)
        words = WORDS[session.purpose]
        return self._pages.response(
            "confirm.html",
            policy={"form-action": _form_action(session.next_link)},
            title=words.subject,
            request=words.request.format(server=self._server_name),
            address=session.address,
            button=words.button,
            sid=sid,
            token=token,
        )

    @route("POST", f"/{CONFIRM_PATH}", access=Access.NONE, max_body_bytes=4096)
    async def confirm(self, request: Request) -> Json:
        """The button was pressed."""
        form = QueryArguments(request.body.decode("utf-8", "replace"))
        return await self._confirm(form.first("sid"), form.first("token"))

    async def _confirm(self, sid: str, token: str) -> Json:
        session = await self._sessions.confirm(sid, token)
        if session is None:
            return self._invalid()
        if session.next_link is not None:
            return redirect(session.next_link, 303)
        text = "Your e-mail address is confirmed. Go back to where you asked for it; you may close this page."
        return self._pages.response("said.html", title="Confirmed", text=text)

    def _invalid(self) -> Json:
        text = "This link is not good any more. If there is a newer mail, use the link in that; else ask for another."
        return self._pages.response("said.html", 400, title="Not confirmed", text=text)

    async def _request(self, request: Request, purpose: Purpose) -> Json:
        return {"sid": await self._sessions.request(_wanted(request.json_object(), purpose))}


class PhoneEndpoints:
    """`requestToken` for telephone numbers: this server sends no text messages."""

    @route(
        "POST",
        [f"{_V3}/{place}/msisdn/requestToken" for place in ("register", "account/3pid", "account/password")],
        access=Access.NONE,
    )
    async def phone(self, request: Request) -> Json:
        """400 `M_THREEPID_MEDIUM_NOT_SUPPORTED`.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidmsisdnrequesttoken
        """
        raise MatrixError(400, "M_THREEPID_MEDIUM_NOT_SUPPORTED", "This server sends no text messages.")


class WithoutEmailEndpoints:
    """`requestToken` for e-mail, and adding an address, where this server was not told how to send mails."""

    @route("POST", f"{_V3}/account/3pid/add", refuses_suspended=True)
    async def add(self, request: Request, requester: Requester) -> Json:
        """400 `M_THREEPID_AUTH_FAILED`: nothing was ever validated here.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidadd
        """
        body = request.json_object()
        for name in ("sid", "client_secret"):
            _text(body, name)
        raise MatrixError(400, "M_THREEPID_AUTH_FAILED", "This server validates no addresses.")

    @route(
        "POST",
        [f"{_V3}/{place}/email/requestToken" for place in ("register", "account/3pid", "account/password")],
        access=Access.NONE,
    )
    async def email(self, request: Request) -> Json:
        """400 `M_THREEPID_MEDIUM_NOT_SUPPORTED`.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidemailrequesttoken
        """
        raise MatrixError(400, "M_THREEPID_MEDIUM_NOT_SUPPORTED", "This server sends no mails.")


def _wanted(body: dict[str, Any], purpose: Purpose) -> ValidationRequest:
    address, client_secret = _text(body, "email"), _text(body, "client_secret")
    check_client_secret(client_secret)
    attempt = body.get("send_attempt")
    if attempt is None:
        raise missing_param("Missing field send_attempt.")
    if not isinstance(attempt, int) or isinstance(attempt, bool):
        raise bad_json("send_attempt: must be a whole number.")
    next_link = body.get("next_link") or None
    if next_link is not None and (not isinstance(next_link, str) or not _is_web_address(next_link)):
        raise invalid_param("next_link: must be a web address.")
    return ValidationRequest(check_address(address), client_secret, attempt, purpose, next_link)


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if value is None:
        raise missing_param(f"Missing field {name}.")
    if not isinstance(value, str):
        raise bad_json(f"{name}: must be a string.")
    return value


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(" \"'<>\\;,")
    return is_plain and parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def _form_action(next_link: str | None) -> str:
    """Where the form may lead: browsers look at the redirection that answers it, too."""
    if next_link is None:
        return "'self'"
    parts = urlsplit(next_link)
    return f"'self' {parts.scheme}://{parts.netloc}"
