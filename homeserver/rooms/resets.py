"""Noticing that a room's state went back without anybody having said so: a state reset.

State resolution may do that rightly, as where a ban came beside what the banned one did. It is what users complain of
all the same, so that each is recorded and logged. https://spec.matrix.org/v1.19/server-server-api/#room-state-resolution
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from homeserver.database import Transaction
from homeserver.protocol.events import StateKey
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.queries_state import Delta
from homeserver.rooms.records import RoomRecord
from homeserver.rooms.snapshots import State

logger = logging.getLogger(__name__)


def find_resets(
    tx: Transaction, loader: EventLoader, old: State, changes: Delta, cause_nid: int
) -> dict[StateKey, int]:
    """Of the keys that changed, those that were lost, or went back to an event that had come before the one it takes
    the place of; with the latter."""
    suspects = {key: nid for key, nid in changes.items() if nid != cause_nid and key in old}
    if not suspects:
        return {}
    nids = {nid for key, nid in suspects.items() if nid is not None} | {old[key] for key in suspects}
    places = {nid: one.position for nid, one in loader.stored_by_nid(tx, nids).items()}
    return {
        key: old[key] for key, nid in suspects.items() if nid is None or _is_before(places.get(nid), places[old[key]])
    }


def report_resets(
    tx: Transaction, loader: EventLoader, room: RoomRecord, resets: Mapping[StateKey, int], cause_nid: int
) -> None:
    """Tell the operator, once it is committed."""
    if not resets:
        return
    cause = loader.get(tx, cause_nid).event_id
    keys = ", ".join(f"{event_type} {state_key!r}" for event_type, state_key in sorted(resets))
    text = (
        f"state of {room.room_id} went back when {cause} came ({keys}): hearthctl room explain {room.room_id} {cause}"
    )
    tx.after_commit(lambda: logger.warning("%s", text))


def _is_before(position: int | None, other: int | None) -> bool:
    """Whether both came as news, or as part of what was fetched, and one before the other."""
    return position is not None and position < (other or 0)
