"""What the operator says about rooms: who may invite, how often, and what new rooms are like."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from homeserver.accounts.records import Limits
from homeserver.config.rooms import RoomsConfig
from homeserver.protocol.errors import forbidden
from homeserver.protocol.requester import Requester
from homeserver.rooms.creation import RoomRequest
from homeserver.rooms.records import EventDraft

_PRIVATE_PRESETS = ("private_chat", "trusted_private_chat")


class RoomPolicies:
    """Applies the configuration."""

    def __init__(self, config: RoomsConfig, limits: Limits) -> None:
        self._config = config
        self._limits = limits

    @property
    def default_version(self) -> str:
        """The room version of new rooms that name none."""
        return self._config.default_version

    def check_may_invite(self, requester: Requester, room_id: str, target: str) -> None:
        """Raise 403 where only administrators invite, 429 where the room or the invited user gets too many."""
        self._check_may_invite_at_all(requester)
        self._limits.check("rc_invites.per_room", room_id)
        self._limits.check("rc_invites.per_user", target)

    def check_may_invite_address(self, requester: Requester) -> None:
        """Raise 403 as for users, 429 where the requester has identity servers asked too often."""
        self._check_may_invite_at_all(requester)
        self._limits.check("rc_third_party_invite", requester.user_id)

    def check_may_join(self, user_id: str, room_id: str, *, is_remote: bool) -> None:
        """Raise 429 where a room is joined too often, or a user joins rooms of other servers too often."""
        if is_remote:
            self._limits.check("rc_joins.remote", user_id)
        self._limits.check("rc_joins_per_room", room_id)

    def applied(self, request: RoomRequest) -> RoomRequest:
        """The request with the operator's power levels and encryption, which what it says itself precedes."""
        levels = self._config.power_level_content.get(request.preset)
        override = {**levels, **request.power_override} if isinstance(levels, Mapping) else request.power_override
        return dataclasses.replace(
            request, power_override=override, initial_state=(*self._encryption(request), *request.initial_state)
        )

    def _check_may_invite_at_all(self, requester: Requester) -> None:
        if self._config.block_non_admin_invites and not requester.is_admin:
            raise forbidden("Only administrators of this server invite.")

    def _encryption(self, request: RoomRequest) -> tuple[EventDraft, ...]:
        when = self._config.encryption_by_default
        is_wanted = when == "all" or (when == "invite" and request.preset in _PRIVATE_PRESETS)
        if not is_wanted or any(draft.type == "m.room.encryption" for draft in request.initial_state):
            return ()
        content: dict[str, Any] = {"algorithm": "m.megolm.v1.aes-sha2"}
        return (EventDraft("m.room.encryption", request.creator, content, state_key=""),)
