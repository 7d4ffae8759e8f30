"""Who may see which event.

https://spec.matrix.org/v1.19/client-server-api/#room-history-visibility
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from homeserver.database import Transaction
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.ids import server_name_of
from homeserver.rooms import queries_members
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.records import StoredEvent
from homeserver.rooms.snapshots import Snapshots, State

HISTORY_VISIBILITY: StateKey = ("m.room.history_visibility", "")
_SETTINGS = ("world_readable", "shared", "invited", "joined")


#: So many changes of membership are looked back over for when a user was last joined.
_MOST_CHANGES = 100


@dataclass(frozen=True, slots=True)
class Departure:
    """When a user was last joined: up to the event at this place (depth, event_nid) and position, which ended it.
    `snapshot_nid`: the state after it, the last one they may read."""

    place: tuple[int, int]
    position: int
    snapshot_nid: int


@dataclass(frozen=True, slots=True)
class Reader:
    """What a user may rely on in a room now: joined, or once joined and not so since the departure. Who forgot a room
    reads no more of it than strangers do."""

    user_id: str
    is_joined: bool
    departure: Departure | None = None
    has_forgotten: bool = False


class Visibility:
    """Filters events by what a user or a server may see. Callable within a transaction.

    `erased_users`: users of this server who are to be forgotten, with the position since when: what they sent keeps its
    content only for who was in the room before.
    """

    def __init__(self, snapshots: Snapshots, loader: EventLoader) -> None:
        self._snapshots = snapshots
        self._loader = loader
        self.erased_users: Callable[[Transaction], Mapping[str, int]] = _nobody

    def reader(self, tx: Transaction, room_nid: int, user_id: str) -> Reader:
        """What the user is and was in the room."""
        membership = queries_members.find_membership(tx, user_id, room_nid)
        if membership is None:
            return Reader(user_id, False)
        if membership.membership == "join":
            return Reader(user_id, True)
        if membership.forgotten:
            return Reader(user_id, False, has_forgotten=True)
        return Reader(user_id, False, self._find_departure(tx, user_id, membership.event_nid))

    def visible_to(self, tx: Transaction, reader: Reader, events: Iterable[StoredEvent]) -> list[StoredEvent]:
        """Those of the events that the user may see, in their order."""
        every = [stored for stored in events if stored.state_before is not None]
        rules = self._rules_at(tx, reader, {stored.state_before for stored in every if stored.state_before is not None})
        return [stored for stored in every if _may_see(reader, stored, rules)]

    def memberships_at(self, tx: Transaction, user_id: str, snapshot_nids: Collection[int]) -> dict[int, str]:
        """The user's membership in each of some states; `leave` where they have none."""
        nids = self._snapshots.entries(tx, snapshot_nids, ("m.room.member", user_id))
        events = self._loader.get_many(tx, {nid for nid in nids.values() if nid is not None})
        # Many states, but few member events of one user: each is looked into once.
        words: dict[int | None, str] = {nid: event.membership or "leave" for nid, event in events.items()}
        words[None] = "leave"
        return {snapshot_nid: words[nid] for snapshot_nid, nid in nids.items()}

    def is_world_readable(self, tx: Transaction, snapshot_nid: int) -> bool:
        """Whether anybody may see an event at this state."""
        return self.setting(tx, self._snapshots.get(tx, snapshot_nid)) == "world_readable"

    def shows_also(self, tx: Transaction, earlier: StoredEvent, later: StoredEvent) -> bool:
        """Whether everybody who may see an event by its room's history visibility may see an earlier one too."""
        if later.state_before is None or (later.event.is_state and later.event.key == HISTORY_VISIBILITY):
            # What opens a room is shown also to those for whom it was closed before.
            return False
        if earlier.state_before is None:
            # From before this server's join, and known as part of the state then, which every member has been given.
            return self.setting(tx, self._snapshots.get(tx, later.state_before)) == "shared"
        setting = self.setting(tx, self._snapshots.get(tx, earlier.state_before))
        if setting != "shared":
            return setting == "world_readable"
        return self.setting(tx, self._snapshots.get(tx, later.state_before)) == "shared"

    def is_erased_for(self, tx: Transaction, room_nid: int, user_id: str, stored: StoredEvent) -> bool:
        """Whether an event that the user may see is shown to them without its content: they have joined since its
        sender was erased, and were not there when it was sent.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountdeactivate
        """
        if not self._is_personal(tx, stored.event) or stored.state_before is None:
            return False
        now = queries_members.find_membership(tx, user_id, room_nid)
        erased_position = self.erased_users(tx)[stored.event.sender]
        if now is not None and now.membership == "join" and now.position < erased_position:
            return False
        return self.memberships_at(tx, user_id, [stored.state_before])[stored.state_before] != "join"

    def visible_to_server(
        self, tx: Transaction, server_name: str, events: Sequence[StoredEvent]
    ) -> tuple[list[StoredEvent], list[StoredEvent]]:
        """(seen in full, seen only redacted): a server sees in full what one of its users may see."""
        full: list[StoredEvent] = []
        redacted: list[StoredEvent] = []
        for stored in events:
            (full if self._server_may_see(tx, server_name, stored) else redacted).append(stored)
        return full, redacted

    def was_server_in(self, tx: Transaction, server_name: str, stored: StoredEvent) -> bool:
        """Whether a server had a joined user when an event was sent."""
        if stored.state_before is None:
            return False
        return self._has_member(tx, server_name, self._snapshots.get(tx, stored.state_before), ("join",))

    def setting(self, tx: Transaction, state: State) -> str:
        """The history visibility of a state; `shared` where it is absent or unknown."""
        return self._setting_of(tx, state.get(HISTORY_VISIBILITY))

    def _setting_of(self, tx: Transaction, nid: int | None) -> str:
        if nid is None:
            return "shared"
        value = self._loader.get(tx, nid).content.get("history_visibility")
        return value if value in _SETTINGS else "shared"

    def _find_departure(self, tx: Transaction, user_id: str, event_nid: int) -> Departure | None:
        """Go back along a user's member events (a ban, another invite) to the one that ended their last stay."""
        for _ in range(_MOST_CHANGES):
            stored = self._loader.stored_by_nid(tx, [event_nid]).get(event_nid)
            if stored is None or stored.state_before is None:
                return None
            before_nid = self._snapshots.get(tx, stored.state_before).get(("m.room.member", user_id))
            if before_nid is None:
                return None
            if self._loader.get(tx, before_nid).membership == "join":
                if stored.position is None or stored.state_after is None:
                    return None
                return Departure((stored.event.depth, event_nid), stored.position, stored.state_after)
            event_nid = before_nid
        return None

    def _rules_at(self, tx: Transaction, reader: Reader, snapshot_nids: Collection[int]) -> dict[int, tuple[str, str]]:
        """(history visibility, the reader's membership) in each of some states, which are not read as wholes."""
        memberships = self.memberships_at(tx, reader.user_id, snapshot_nids)
        nids = self._snapshots.entries(tx, snapshot_nids, HISTORY_VISIBILITY)
        settings = {nid: self._setting_of(tx, nid) for nid in set(nids.values())}
        return {snapshot_nid: (settings[nid], memberships[snapshot_nid]) for snapshot_nid, nid in nids.items()}

    def _setting_at(self, tx: Transaction, snapshot_nid: int) -> str:
        """The same of a state that need not be read as a whole."""
        return self._setting_of(tx, self._snapshots.entries(tx, [snapshot_nid], HISTORY_VISIBILITY)[snapshot_nid])

    def _is_personal(self, tx: Transaction, event: Event) -> bool:
        """Whether it is of a user who is to be forgotten. What they did to the room's settings stays as it is, or the
        room would lose its name to whoever comes later."""
        users = self.erased_users(tx)
        return bool(users) and event.sender in users and (not event.is_state or event.type == "m.room.member")

    def _server_may_see(self, tx: Transaction, server_name: str, stored: StoredEvent) -> bool:
        if server_name_of(stored.event.sender) == server_name:
            return True
        snapshot_nid = stored.state_after if stored.event.type == "m.room.member" else stored.state_before
        if snapshot_nid is None:
            return False
        setting = self._setting_at(tx, snapshot_nid)
        is_personal = self._is_personal(tx, stored.event)
        if setting in ("world_readable", "shared") and not is_personal:
            return True
        state = self._snapshots.get(tx, snapshot_nid)
        wanted = ("join", "invite") if setting == "invited" and not is_personal else ("join",)
        return self._has_member(tx, server_name, state, wanted)

    def _has_member(self, tx: Transaction, server_name: str, state: State, wanted: tuple[str, ...]) -> bool:
        suffix = ":" + server_name
        nids = [nid for key, nid in state.items() if key[0] == "m.room.member" and key[1].endswith(suffix)]
        return any(event.membership in wanted for event in self._loader.get_many(tx, nids).values())


def _is_before(reader: Reader, stored: StoredEvent) -> bool:
    departure = reader.departure
    return departure is not None and (stored.event.depth, stored.event_nid) <= departure.place


def _laxer(before: str, after: str) -> str:
    """Of the memberships before and after a user's own member event the one that shows more."""
    order = ("join", "invite", "knock", "leave", "ban")
    ranked = [m if m in order else "leave" for m in (before, after)]
    return min(ranked, key=order.index)


def _laxer_setting(before: str, event: Event) -> str:
    after = event.content.get("history_visibility")
    return min(before, after if after in _SETTINGS else before, key=_SETTINGS.index)


def _nobody(tx: Transaction) -> Mapping[str, int]:
    return {}


def _may_see(reader: Reader, stored: StoredEvent, rules: Mapping[int, tuple[str, str]]) -> bool:
    if stored.state_before is None:
        return False
    setting, membership = rules[stored.state_before]
    event = stored.event
    if event.type == "m.room.member" and event.state_key == reader.user_id:
        membership = _laxer(membership, event.membership or "leave")
    if event.is_state and event.key == HISTORY_VISIBILITY:
        setting = _laxer_setting(setting, event)
    if setting == "world_readable":
        return True
    if reader.has_forgotten:
        return False
    if membership == "join":
        return True
    if setting == "shared":
        return reader.is_joined or _is_before(reader, stored)
    return setting == "invited" and membership == "invite"
