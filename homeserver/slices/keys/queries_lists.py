"""SQL for when lists of devices changed."""

from __future__ import annotations

from homeserver.database import Transaction


def write_change(tx: Transaction, user_id: str, position: int) -> None:
    """The devices of a user changed at a position."""
    tx.run(
        """INSERT INTO device_list_changes (user_id, position) VALUES (:user, :position)
           ON CONFLICT (user_id) DO UPDATE SET position = excluded.position""",
        user=user_id,
        position=position,
    )


def changed_between(tx: Transaction, since: int, upto: int) -> list[str]:
    """The users whose devices last changed in (since, upto]."""
    rows = tx.all(
        "SELECT user_id FROM device_list_changes WHERE position > :since AND position <= :upto",
        since=since,
        upto=upto,
    )
    return [row[0] for row in rows]


def next_stream_id(tx: Transaction, user_id: str, device_id: str) -> int:
    """The number of a change of a local user's device."""
    number = tx.insert(
        """INSERT INTO device_list_streams (user_id, stream_id, device_id) VALUES (:user, 1, :device)
           ON CONFLICT (user_id) DO UPDATE SET stream_id = device_list_streams.stream_id + 1,
               device_id = excluded.device_id RETURNING stream_id""",
        user=user_id,
        device=device_id,
    )
    return int(number)


def last_change(tx: Transaction, user_id: str) -> tuple[int, str] | None:
    """(its number, the device) of the last change of a local user's devices."""
    row = tx.find("SELECT stream_id, device_id FROM device_list_streams WHERE user_id = :user", user=user_id)
    return None if row is None else (row[0], row[1])
