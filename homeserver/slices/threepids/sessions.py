"""Validating an e-mail address: a mail with a link, a click, and the client that asked may go on.

https://spec.matrix.org/v1.19/client-server-api/#adding-account-administrative-contact-information
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlencode

from homeserver.database import Database, Transaction
from homeserver.devices.records import wall_clock_ms
from homeserver.protocol.errors import MatrixError
from homeserver.slices.threepids import queries
from homeserver.slices.threepids import queries_sessions as sessions
from homeserver.slices.threepids.letters import Letters
from homeserver.slices.threepids.records import EMAIL, Purpose, ValidationRequest, ValidationSession, is_sid

#: Where the link leads, below the server's public address.
CONFIRM_PATH = "_synapse/client/email/confirm"
#: Once confirmed, so long may the client take to go on.
_VALIDATED_MS = 24 * 3_600_000
_TOKEN_BYTES = 24
_SID_BYTES = 16


class Limits(Protocol):
    """Rate limits."""

    def check(self, name: str, key: str) -> None:
        """Count one; raises `MatrixError` 429."""


class ValidationSessions:
    """Sends links and remembers who followed them. `lifetime_ms`: how long a link is good."""

    def __init__(
        self,
        database: Database,
        letters: Letters,
        public_baseurl: str,
        lifetime_ms: int,
        limits: Limits,
        clock: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self._database = database
        self._letters = letters
        self._link = f"{public_baseurl.rstrip('/')}/{CONFIRM_PATH}"
        self._lifetime_ms = lifetime_ms
        self._limits = limits
        self._clock = clock

    async def request(self, request: ValidationRequest) -> str:
        """Send a mail, unless that was done for this attempt already; the session's id.

        The answer is the same whether the address belongs to an account or not: the mail says it. Raises `MatrixError`
        429 `M_LIMIT_EXCEEDED` for too many mails to one address, 500 where the mail could not be sent.
        """
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        lock = f"threepid:{request.address}"
        session = await self._database.transact(self._begin, request, _hash(token), locks=(lock,))
        if not hmac.compare_digest(session.token_hash, _hash(token)):
            return session.sid
        owner = await self._database.glance(queries.find_user, EMAIL, request.address)
        has_link = (owner is not None) is (request.purpose is Purpose.RESET_PASSWORD)
        try:
            self._limits.check("rc_3pid_validation", request.address)
            if has_link:
                link = f"{self._link}?{urlencode({'sid': session.sid, 'token': token})}"
                await self._letters.send_link(request.address, request.purpose, link)
            else:
                await self._letters.send_refusal(request.address, request.purpose)
        except MatrixError:
            await self._database.transact(sessions.forget_attempt, session.sid)
            raise
        return session.sid

    async def find(self, sid: str, token: str) -> ValidationSession | None:
        """The session that a link leads to."""
        if not is_sid(sid):
            return None
        session = await self._database.glance(sessions.find_session, sid, self._clock())
        return session if session is not None and _fits(session, token) else None

    async def confirm(self, sid: str, token: str) -> ValidationSession | None:
        """Somebody who has the mail confirms; the session, if the link is good."""
        return await self._database.transact(self._confirm, sid, token) if is_sid(sid) else None

    async def get_validated(self, sid: str, client_secret: str, purpose: Purpose) -> ValidationSession:
        """A session that was confirmed. Raises `MatrixError` 400 `M_THREEPID_AUTH_FAILED` for an unknown one,
        or 400 `M_UNAUTHORIZED` for one that nobody has confirmed yet."""
        return await self._database.glance(self._get_validated, sid, client_secret, purpose)

    def take(self, tx: Transaction, sid: str, client_secret: str, purpose: Purpose) -> ValidationSession:
        """The same, within a transaction; it is good no more. Raises as `get_validated`."""
        session = self._get_validated(tx, sid, client_secret, purpose)
        if not sessions.delete_session(tx, sid):
            raise _unknown()
        return session

    def _begin(self, tx: Transaction, request: ValidationRequest, token_hash: bytes) -> ValidationSession:
        """The session after a request; its token is the new one where a mail is to be sent."""
        now_ms = self._clock()
        sessions.delete_expired(tx, now_ms)
        expires_ts = now_ms + self._lifetime_ms
        same = sessions.find_same(tx, request)
        if same is not None and request.send_attempt <= same.send_attempt:
            return same
        if same is None:
            sid = secrets.token_urlsafe(_SID_BYTES)
            sessions.insert_session(tx, sid, request, token_hash, expires_ts)
        else:
            sid = same.sid
            sessions.note_attempt(tx, sid, request, token_hash, expires_ts)
        return ValidationSession(
            sid,
            request.client_secret,
            request.address,
            request.purpose,
            request.send_attempt,
            token_hash,
            request.next_link,
            None,
        )

    def _confirm(self, tx: Transaction, sid: str, token: str) -> ValidationSession | None:
        now_ms = self._clock()
        session = sessions.find_session(tx, sid, now_ms)
        if session is None or not _fits(session, token):
            return None
        if session.validated_ts is None:
            sessions.set_validated(tx, sid, now_ms, now_ms + _VALIDATED_MS)
        return session

    def _get_validated(self, tx: Transaction, sid: str, client_secret: str, purpose: Purpose) -> ValidationSession:
        session = sessions.find_session(tx, sid, self._clock()) if is_sid(sid) else None
        if session is None or session.purpose is not purpose:
            raise _unknown()
        if not hmac.compare_digest(session.client_secret.encode(), client_secret.encode("utf-8", "surrogatepass")):
            raise _unknown()
        if session.validated_ts is None:
            raise MatrixError(400, "M_UNAUTHORIZED", "The e-mail address has not been confirmed yet.")
        return session


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _fits(session: ValidationSession, token: str) -> bool:
    return hmac.compare_digest(session.token_hash, _hash(token))


def _unknown() -> MatrixError:
    return MatrixError(400, "M_THREEPID_AUTH_FAILED", "The validation is not known, or has expired.")
