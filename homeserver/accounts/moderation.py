"""Locking and suspending accounts.

https://spec.matrix.org/v1.19/client-server-api/#account-moderation
"""

from __future__ import annotations

from homeserver.accounts.records import User
from homeserver.accounts.service import Accounts
from homeserver.protocol.errors import forbidden, invalid_param, not_found
from homeserver.protocol.requester import Requester


class AccountModeration:
    """What administrators see and decide of others' accounts. Administrators are not moderated by each other."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def is_suspended(self, requester: Requester, user_id: str) -> bool:
        """Whether an account is suspended. Raises `MatrixError` 403 `M_FORBIDDEN` for who is no administrator, or
        where the account is an administrator's; 400 `M_INVALID_PARAM` for a user of another server; 404
        `M_NOT_FOUND`."""
        return (await self._get_target(requester, user_id)).is_suspended

    async def is_locked(self, requester: Requester, user_id: str) -> bool:
        """Whether an account is locked; raises as `is_suspended`."""
        return (await self._get_target(requester, user_id)).is_locked

    async def set_suspended(self, requester: Requester, user_id: str, value: bool) -> None:
        """Suspend an account or lift that; raises as `is_suspended`."""
        await self._get_target(requester, user_id)
        await self._accounts.set_flag(user_id, "suspended", value)

    async def set_locked(self, requester: Requester, user_id: str, value: bool) -> None:
        """Lock an account or unlock it, its tokens stay; raises as `is_suspended`."""
        await self._get_target(requester, user_id)
        await self._accounts.set_flag(user_id, "locked", value)

    async def _get_target(self, requester: Requester, user_id: str) -> User:
        # First of all, so that nobody else learns who has an account.
        self._accounts.check_admin(requester)
        if not self._accounts.is_local(user_id):
            raise invalid_param("The user is not of this server.")
        user = await self._accounts.find_user(user_id)
        if user is None or user.is_deactivated:
            raise not_found("There is no such user.")
        if user.is_admin:
            raise forbidden("Accounts of administrators are neither locked nor suspended.")
        return user
