"""SQL for when something last happened in rooms, and for what lists of rooms are filtered by."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from homeserver.database import Transaction


class _CreateContent(msgspec.Struct):
    type: str | None = None


class _Create(msgspec.Struct):
    content: _CreateContent


_create = msgspec.json.Decoder(_Create)


def last_positions(tx: Transaction, room_nids: Collection[int]) -> list[tuple[int, int]]:
    """(room_nid, position of its last event or 0) of rooms."""
    rows = tx.all_in(
        """SELECT r.room_nid, (SELECT MAX(e.position) FROM events e WHERE e.room_nid = r.room_nid)
           FROM rooms r WHERE r.room_nid IN :rooms""",
        rooms=list(room_nids),
    )
    return [(row[0], row[1] or 0) for row in rows]


def last_of_types(tx: Transaction, room_nid: int, span: tuple[int, int], types: Collection[str]) -> int | None:
    """The position of the last event of some types published in (span[0], span[1]]."""
    names = {f"type{number}": name for number, name in enumerate(types)}
    listed = ", ".join(f":{name}" for name in names)
    position = tx.value(
        f"""SELECT position FROM events
            WHERE room_nid = :room AND position > :since AND position <= :upto AND type IN ({listed})
            ORDER BY position DESC LIMIT 1""",  # noqa: S608
        room=room_nid,
        since=span[0],
        upto=span[1],
        **names,
    )
    return None if position is None else int(position)


def sent_by_others(tx: Transaction, member_nids: Collection[int]) -> set[int]:
    """Those of some member events whose sender is not the user that they are about: kicks and bans."""
    rows = tx.all_in(
        "SELECT event_nid FROM events WHERE event_nid IN :nids AND sender <> state_key", nids=list(member_nids)
    )
    return {row[0] for row in rows}


def positions_of(tx: Transaction, event_nids: Collection[int]) -> dict[int, int]:
    """Event number to the position at which it was published; 0 for history."""
    rows = tx.all_in("SELECT event_nid, position FROM events WHERE event_nid IN :nids", nids=list(event_nids))
    return {row[0]: row[1] or 0 for row in rows}


def rooms_having(tx: Transaction, room_nids: Collection[int], event_type: str) -> set[int]:
    """Those of some rooms whose current state has this type, with an empty state key."""
    rows = tx.all_in(
        "SELECT room_nid FROM current_state WHERE room_nid IN :rooms AND type = :type AND state_key = ''",
        rooms=list(room_nids),
        type=event_type,
    )
    return {row[0] for row in rows}


def room_types(tx: Transaction, room_nids: Collection[int]) -> dict[int, str | None]:
    """Room number to the type that its creation event names, None for none."""
    rows = tx.all_in(
        """SELECT s.room_nid, e.pdu FROM current_state s JOIN events e ON e.event_nid = s.event_nid
           WHERE s.room_nid IN :rooms AND s.type = 'm.room.create' AND s.state_key = ''""",
        rooms=list(room_nids),
    )
    return {row[0]: _type(bytes(row[1])) for row in rows}


def _type(pdu: bytes) -> str | None:
    try:
        return _create.decode(pdu).content.type
    except msgspec.ValidationError:
        # Anything may stand there; what is no text is no type.
        return None
