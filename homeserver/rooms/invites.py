"""The stripped state that comes with invites and knocks.

https://spec.matrix.org/v1.19/client-server-api/#stripped-state
"""

from __future__ import annotations

from typing import Any

from homeserver.database import Transaction
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.stripped import stripped
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.snapshots import State

STRIPPED_KEYS: tuple[StateKey, ...] = (
    ("m.room.create", ""),
    ("m.room.name", ""),
    ("m.room.avatar", ""),
    ("m.room.topic", ""),
    ("m.room.join_rules", ""),
    ("m.room.canonical_alias", ""),
    ("m.room.encryption", ""),
)


def invite_state(tx: Transaction, loader: EventLoader, state: State, event: Event) -> list[dict[str, Any]]:
    """The stripped state for an invited or knocking user: what names the room, the sender's and own member event."""
    return [stripped(one) for one in invite_events(tx, loader, state, event)] + [stripped(event)]


def invite_events(tx: Transaction, loader: EventLoader, state: State, event: Event) -> list[Event]:
    """The same as whole events, without the member event itself."""
    keys = [*STRIPPED_KEYS, ("m.room.member", event.sender)]
    nids = [nid for key in keys if (nid := state.get(key)) is not None]
    events = loader.get_many(tx, nids)
    return [events[nid] for nid in nids]
