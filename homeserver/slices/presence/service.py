"""Presence: online while syncing, unavailable when idle, offline when gone.

https://spec.matrix.org/v1.19/client-server-api/#presence
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from homeserver.clock import Clock
from homeserver.protocol.errors import bad_json, forbidden
from homeserver.protocol.ids import server_name_of
from homeserver.slices.presence.settling import Settling, Spawn

#: Of several devices of a user, the one whose state stands first here says how the user is.
STATES = ("org.matrix.msc3026.busy", "online", "unavailable", "offline")
_PRESENT = ("org.matrix.msc3026.busy", "online")
OFFLINE_AFTER_S = 45
IDLE_AFTER_S = 300
ACTIVE_FOR_S = 60
_MOST_STATUS_BYTES = 512


#: So many users are looked for among those whom a user may see; of more it is quicker to look at all of these.
_FEW = 500


class Audience(Protocol):
    """Who is to hear of whom."""

    async def users_sharing_rooms(self, user_id: str) -> set[str]:
        """Everybody in a room with the user."""

    async def users_sharing_rooms_among(self, user_id: str, others: Collection[str]) -> set[str]:
        """Those of some others who are in a room with the user."""


Touch = Callable[[Iterable[str]], int]
"""Users: wake their polls; the new serial."""

SendEdu = Callable[[Collection[str], str, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class PresenceSettings:
    """`server_name`: whose users are local."""

    server_name: str
    is_enabled: bool = True


@dataclass(slots=True)
class UserPresence:
    """What is known of a user. Times are seconds of the reactor's clock. `devices`: by id, the state that each synced
    with last, and when."""

    state: str = "offline"
    status_msg: str | None = None
    active_at_s: float = 0.0
    synced_at_s: float = 0.0
    changed_at: int = 0
    audience: set[str] = field(default_factory=set)
    devices: dict[str, tuple[str, float]] = field(default_factory=dict)

    def merged(self, now_s: float) -> str:
        """The state by the devices that sync at present."""
        self.devices = {one: told for one, told in self.devices.items() if now_s - told[1] <= OFFLINE_AFTER_S}
        return min((state for state, _ in self.devices.values()), key=STATES.index, default="offline")


class Presence:
    """Keeps presence. `is_enabled` false: nothing is told to anybody."""

    def __init__(
        self,
        audience: Audience,
        touch: Touch,
        send_edu: SendEdu,
        spawn: Spawn,
        settings: PresenceSettings,
        reactor: Clock,
    ) -> None:
        self._audience = audience
        self._touch = touch
        self._send_edu = send_edu
        self._settling = Settling(spawn, reactor)
        self._settings = settings
        self._reactor = reactor
        self._users: dict[str, UserPresence] = {}
        #: Reader to those they see, and since which serial.
        self._seen_by: dict[str, dict[str, int]] = {}
        self._moved: set[str] = set()
        self._is_looking = False

    def set_presence(self, user_id: str, presence: str, device_id: str = "") -> None:
        """One of the user's devices is syncing. Costs nothing while the state stays what it is."""
        if not self._settings.is_enabled or presence == "offline":
            return
        user = self._users.setdefault(user_id, UserPresence())
        now_s = self._reactor.seconds()
        user.synced_at_s = now_s
        user.devices[device_id] = (presence, now_s)
        if presence in _PRESENT:
            user.active_at_s = now_s
        state = user.merged(now_s)
        if user.state != state:
            user.state = state
            self._settling.begin(self._changed(user_id, user))

    async def put(self, user_id: str, state: str, status_msg: str | None) -> None:
        """The user sets a state; 400 for an unknown one."""
        if state not in STATES:
            raise bad_json(f"presence: must be one of {', '.join(STATES)}.")
        if status_msg is not None and len(status_msg.encode("utf-8", "replace")) > _MOST_STATUS_BYTES:
            raise bad_json(f"status_msg: longer than {_MOST_STATUS_BYTES} bytes.")
        if not self._settings.is_enabled:
            return
        user = self._users.setdefault(user_id, UserPresence())
        user.state, user.status_msg = state, status_msg
        user.active_at_s = user.synced_at_s = self._reactor.seconds()
        # What was said last counts for all devices, until one of them says otherwise.
        user.devices.clear()
        await self._changed(user_id, user)

    async def settled(self) -> None:
        """Wait, not for long, until those are told who see what has just changed."""
        await self._settling.settled()

    async def get(self, user_id: str, reader: str) -> dict[str, Any]:
        """A user's presence, for somebody who shares a room; 403 `M_FORBIDDEN` otherwise."""
        if user_id != reader and user_id not in await self._audience.users_sharing_rooms(reader):
            raise forbidden("You share no room with this user.")
        return self._content(self._users.get(user_id, UserPresence()))

    def presence_since(self, user_id: str, volatile: int) -> list[dict[str, Any]]:
        """`m.presence` events for a user, of those whose presence changed after the serial."""
        seen = self._seen_by.get(user_id)
        if not seen:
            return []
        # Asked from the database's threads: the copy is made at once.
        return [
            {"type": "m.presence", "sender": sender, "content": self._content(user)}
            for sender, seen_at in list(seen.items())
            if max(seen_at, (user := self._users[sender]).changed_at) > volatile
        ]

    def presence_of(self, user_ids: Iterable[str]) -> list[dict[str, Any]]:
        """`m.presence` events of users, of whom nothing is known too: they are offline."""
        known = {user_id: self._users.get(user_id, UserPresence()) for user_id in user_ids}
        return [
            {"type": "m.presence", "sender": user_id, "content": self._content(user)} for user_id, user in known.items()
        ]

    def presence_of_unknown(self, user_ids: Iterable[str]) -> list[dict[str, Any]]:
        """`m.presence` events of those of the users who have not been seen yet, and are offline."""
        if not self._settings.is_enabled:
            return []
        return self.presence_of(user_id for user_id in user_ids if user_id not in self._users)

    def members_changed(self, user_ids: Iterable[str]) -> None:
        """The memberships of these users have changed: they may see and be seen by others than before."""
        moved = {one for one in user_ids if server_name_of(one) == self._settings.server_name}
        if not self._settings.is_enabled or not moved:
            return
        self._moved |= moved
        if not self._is_looking:
            self._is_looking = True
            self._settling.begin(self._look_around())

    async def receive(self, origin: str, content: dict[str, Any]) -> None:
        """An `m.presence` EDU; what the origin says of other servers' users is ignored.

        https://spec.matrix.org/v1.19/server-server-api/#presence
        """
        push = content.get("push")
        for update in push if isinstance(push, list) else []:
            if not isinstance(update, dict) or update.get("presence") not in STATES:
                continue
            user_id, ago_ms = update.get("user_id"), update.get("last_active_ago")
            if not isinstance(user_id, str) or user_id.partition(":")[2] != origin:
                continue
            user = self._users.setdefault(user_id, UserPresence())
            user.state = update["presence"]
            status = update.get("status_msg")
            user.status_msg = status[:_MOST_STATUS_BYTES] if isinstance(status, str) else None
            ago_s = ago_ms / 1000 if isinstance(ago_ms, int) and 0 <= ago_ms < 2**53 else 0
            user.active_at_s = user.synced_at_s = self._reactor.seconds()
            user.active_at_s -= ago_s
            before = user.audience
            await self._tell_local(user_id, user)
            self._tell_back(user_id, user.audience - before)

    def tick(self) -> None:
        """Every few seconds: who has stopped syncing is offline, who has done nothing for long is unavailable."""
        now_s = self._reactor.seconds()
        for user_id, user in list(self._users.items()):
            if server_name_of(user_id) != self._settings.server_name or user.state == "offline":
                continue
            if now_s - user.synced_at_s > OFFLINE_AFTER_S:
                user.state = "offline"
            elif user.state == "online" and now_s - user.active_at_s > IDLE_AFTER_S:
                user.state = "unavailable"
            else:
                continue
            self._settling.begin(self._changed(user_id, user))

    def _tell_back(self, user_id: str, new_readers: Iterable[str]) -> None:
        """A user of another server is seen by users of this one for the first time: of those of whom that server has
        not heard yet, it is told in turn."""
        origin = server_name_of(user_id)
        updates = []
        for reader in new_readers:
            user = self._users.get(reader)
            if user is None or server_name_of(reader) != self._settings.server_name or user.state == "offline":
                continue
            if not any(server_name_of(other) == origin for other in user.audience):
                user.audience.add(user_id)
                updates.append({"user_id": reader, **self._content(user)})
        if updates:
            self._send_edu({origin}, "m.presence", {"push": updates})

    async def _changed(self, user_id: str, user: UserPresence) -> None:
        await self._tell_local(user_id, user)
        self._tell_servers(user_id, user, user.audience)

    def _tell_servers(self, user_id: str, user: UserPresence, audience: Iterable[str]) -> None:
        servers = {server_name_of(other) for other in audience} - {self._settings.server_name}
        if servers:
            self._send_edu(servers, "m.presence", {"push": [{"user_id": user_id, **self._content(user)}]})

    async def _tell_local(self, user_id: str, user: UserPresence) -> None:
        before = user.audience
        user.audience = {user_id, *await self._audience.users_sharing_rooms(user_id)}
        for other in before - user.audience:
            self._seen_by.get(other, {}).pop(user_id, None)
        local = {other for other in user.audience if server_name_of(other) == self._settings.server_name}
        for other in local:
            self._seen_by.setdefault(other, {}).setdefault(user_id, 0)
        user.changed_at = self._touch(local)

    async def _look_around(self) -> None:
        """For each user who has moved, find out anew whom they see and who sees them."""
        try:
            while self._moved:
                user_id = self._moved.pop()
                if user_id not in self._users and len(self._users) <= _FEW:
                    # Whom nobody sees sees others all the same.
                    known = list(self._users)
                    visible = await self._audience.users_sharing_rooms_among(user_id, known)
                    if known == list(self._users):
                        self._see(user_id, visible)
                        continue
                around = {user_id, *await self._audience.users_sharing_rooms(user_id)}
                self._see(user_id, {other for other in around if other in self._users})
                if user_id in self._users:
                    self._be_seen(user_id, self._users[user_id], around)
        finally:
            self._is_looking = False

    def _see(self, reader: str, visible: set[str]) -> None:
        """The reader sees these and nobody else."""
        seen = self._seen_by.setdefault(reader, {})
        for gone in set(seen) - visible:
            del seen[gone]
        if visible - set(seen):
            seen_at = self._touch([reader])
            seen.update(dict.fromkeys(visible - set(seen), seen_at))

    def _be_seen(self, user_id: str, user: UserPresence, audience: set[str]) -> None:
        """These see the user and nobody else; those who did not before are told."""
        newcomers, user.audience, before = audience - user.audience, audience, user.audience
        for gone in before - audience:
            self._seen_by.get(gone, {}).pop(user_id, None)
        local = {other for other in newcomers if server_name_of(other) == self._settings.server_name}
        if local:
            seen_at = self._touch(local)
            for other in local:
                self._seen_by.setdefault(other, {})[user_id] = seen_at
        known = {server_name_of(other) for other in before}
        self._tell_servers(user_id, user, [other for other in newcomers if server_name_of(other) not in known])

    def _content(self, user: UserPresence) -> dict[str, Any]:
        content: dict[str, Any] = {"presence": user.state}
        ago_s = self._reactor.seconds() - user.active_at_s
        if user.active_at_s:
            content["last_active_ago"] = int(ago_s * 1000)
        if user.state in _PRESENT:
            content["currently_active"] = ago_s < ACTIVE_FOR_S
        if user.status_msg is not None:
            content["status_msg"] = user.status_msg
        return content
