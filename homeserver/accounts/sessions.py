"""Logins: giving out tokens for a device, refreshing them, and taking them back.

https://spec.matrix.org/v1.19/client-server-api/#refreshing-access-tokens
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from homeserver.accounts import queries_tokens as queries
from homeserver.accounts.queries_users import find_user
from homeserver.accounts.records import DeviceRequest, Session, user_locked
from homeserver.accounts.tokens import new_access_token, new_refresh_token, token_hash
from homeserver.config.accounts import SessionConfig
from homeserver.database import Database, Transaction
from homeserver.devices.records import wall_clock_ms
from homeserver.devices.service import Devices
from homeserver.protocol.errors import unknown_token
from homeserver.protocol.requester import Requester

#: Of refreshes that were repeated because an answer got lost, so many new tokens may be waiting for their first use.
_MOST_SUCCESSORS = 3


class Sessions:
    """Opens and ends logins."""

    def __init__(
        self, database: Database, devices: Devices, config: SessionConfig, clock: Callable[[], int] = wall_clock_ms
    ) -> None:
        self._database = database
        self._devices = devices
        self._config = config
        self._clock = clock
        devices.on_devices_deleted.append(self._devices_deleted)

    async def open(self, user_id: str, device: DeviceRequest) -> Session:
        """Log a user in. A known device's earlier tokens end."""
        return await self._database.transact(self.open_within, user_id, device)

    def open_within(self, tx: Transaction, user_id: str, device: DeviceRequest) -> Session:
        """Log a user in, within a transaction."""
        device_id = self._devices.open(tx, user_id, device.device_id, device.display_name)
        if device.device_id is not None:
            self._devices_deleted(tx, user_id, [device_id])
        now_ms = self._clock()
        session_expires_ts = _after(now_ms, self._config.lifetime_ms)
        if not device.may_refresh:
            expires_ts = _earlier(
                session_expires_ts, _after(now_ms, self._config.nonrefreshable_access_token_lifetime_ms)
            )
            return self._give(tx, Session(user_id, device_id, new_access_token()), None, expires_ts)
        return self._give_refreshable(tx, user_id, device_id, None, session_expires_ts)

    async def refresh(self, refresh_token: str) -> Session:
        """New tokens for a refresh token; raises `MatrixError` 401 `M_UNKNOWN_TOKEN`, with `soft_logout` where it
        has expired, or `M_USER_LOCKED`.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3refresh
        """
        digest = token_hash(refresh_token)
        row = await self._database.glance(queries.find_refresh, digest)
        if row is None:
            raise unknown_token()
        user = await self._database.glance(find_user, row.user_id)
        if user is not None and user.is_locked:
            raise user_locked()
        return await self._database.transact(self._refresh, digest, locks=(_lock(row.user_id),))

    async def settle(self, user_id: str, refresh_nid: int) -> None:
        """A refresh token, or the access token given with it, is used for the first time: the one it was had for
        ends, and so does what else was had for that."""
        await self._database.transact(self._settle, user_id, refresh_nid, locks=(_lock(user_id),))

    async def log_out(self, requester: Requester) -> None:
        """End a login; its device goes with it."""
        await self._database.transact(self._log_out, requester)

    async def log_out_all(self, user_id: str, except_for: Requester | None = None) -> None:
        """End all logins of a user, but perhaps one."""
        await self._database.transact(self.log_out_all_within, user_id, except_for)

    def log_out_all_within(self, tx: Transaction, user_id: str, except_for: Requester | None = None) -> None:
        """The same within a transaction."""
        kept = None if except_for is None else except_for.device_id
        self._devices.delete_all(tx, user_id, kept)
        queries.delete_tokens_without_device(tx, user_id, 0 if except_for is None else except_for.token_nid)
        tx.publish("tokens", user_id)

    async def reap(self) -> None:
        """Forget expired tokens that belong to no device."""
        await self._database.transact(queries.delete_expired_without_device, self._clock())

    def _log_out(self, tx: Transaction, requester: Requester) -> None:
        if requester.device_id is not None:
            self._devices.delete(tx, requester.user_id, [requester.device_id])
        queries.delete_token(tx, requester.token_nid)
        tx.publish("tokens", requester.user_id)

    def _devices_deleted(self, tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
        queries.delete_tokens_of_devices(tx, user_id, device_ids)
        tx.publish("tokens", user_id)

    def _refresh(self, tx: Transaction, digest: bytes) -> Session:
        row = queries.find_refresh(tx, digest)
        now_ms = self._clock()
        if row is None:
            raise unknown_token()
        if _is_over(row.expires_ts, now_ms) or _is_over(row.session_expires_ts, now_ms):
            raise unknown_token(soft_logout=True)
        if row.supersedes is not None:
            self._settle(tx, row.user_id, row.refresh_nid)
        waiting = queries.successors(tx, row.refresh_nid)
        queries.delete_refreshes(tx, waiting[: -(_MOST_SUCCESSORS - 1)])
        return self._give_refreshable(tx, row.user_id, row.device_id, row.refresh_nid, row.session_expires_ts)

    def _settle(self, tx: Transaction, user_id: str, refresh_nid: int) -> None:
        supersedes = queries.find_supersedes(tx, refresh_nid)
        if supersedes is None:
            return
        others = [nid for nid in queries.successors(tx, supersedes) if nid != refresh_nid]
        queries.settle_refresh(tx, refresh_nid)
        queries.delete_refreshes(tx, [supersedes, *others])
        tx.publish("tokens", user_id)

    def _give_refreshable(
        self, tx: Transaction, user_id: str, device_id: str, supersedes: int | None, session_expires_ts: int | None
    ) -> Session:
        now_ms = self._clock()
        session = Session(user_id, device_id, new_access_token(), new_refresh_token())
        assert session.refresh_token is not None
        refresh_nid = queries.insert_refresh(
            tx,
            {
                "token_hash": token_hash(session.refresh_token),
                "user_id": user_id,
                "device_id": device_id,
                "supersedes": supersedes,
                "expires_ts": _after(now_ms, self._config.refresh_token_lifetime_ms),
                "session_expires_ts": session_expires_ts,
            },
        )
        expires_ts = _after(now_ms, self._config.refreshable_access_token_lifetime_ms)
        return self._give(tx, session, refresh_nid, _earlier(session_expires_ts, expires_ts))

    def _give(self, tx: Transaction, session: Session, refresh_nid: int | None, expires_ts: int | None) -> Session:
        """Store the access token."""
        now_ms = self._clock()
        queries.insert_token(
            tx,
            {
                "token_hash": token_hash(session.access_token),
                "user_id": session.user_id,
                "device_id": session.device_id,
                "refresh_nid": refresh_nid,
                "created_ts": now_ms,
                "expires_ts": expires_ts,
                "validated_ts": now_ms,
            },
        )
        left_ms = None if expires_ts is None else max(0, expires_ts - now_ms)
        return Session(session.user_id, session.device_id, session.access_token, session.refresh_token, left_ms)


def _lock(user_id: str) -> str:
    return f"tokens:{user_id}"


def _after(now_ms: int, lifetime_ms: int | None) -> int | None:
    return None if lifetime_ms is None else now_ms + lifetime_ms


def _earlier(first: int | None, second: int | None) -> int | None:
    if first is None or second is None:
        return second if first is None else first
    return min(first, second)


def _is_over(expires_ts: int | None, now_ms: int) -> bool:
    return expires_ts is not None and expires_ts <= now_ms
