"""SQL for pushers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from homeserver.database import Transaction
from homeserver.rooms.records import ReadPlace
from homeserver.slices.push.records import LAST_NID, Pusher, PusherKey, PusherShape

_COLUMNS = """pusher_nid, user_id, app_id, pushkey, kind, device_id, names, data, enabled, pushkey_ts, position,
    event_nid, is_behind, failures, retry_ts, badge"""


def pushers_of(tx: Transaction, user_id: str) -> list[Pusher]:
    """All of a user's, the oldest first."""
    rows = tx.all(f"SELECT {_COLUMNS} FROM pushers WHERE user_id = :user ORDER BY pusher_nid", user=user_id)  # noqa: S608
    return [_pusher(row) for row in rows]


def find_pusher(tx: Transaction, pusher_nid: int) -> Pusher | None:
    """One by its number."""
    row = tx.find(f"SELECT {_COLUMNS} FROM pushers WHERE pusher_nid = :nid", nid=pusher_nid)  # noqa: S608
    return None if row is None else _pusher(row)


def find_by_token(tx: Transaction, token: str) -> Pusher | None:
    """The one that a link in a mail ends."""
    row = tx.find(f"SELECT {_COLUMNS} FROM pushers WHERE token = :token", token=token)  # noqa: S608
    return None if row is None else _pusher(row)


def find_token(tx: Transaction, pusher_nid: int) -> str:
    """What is in the link that ends one that sends mail."""
    return str(tx.value("SELECT token FROM pushers WHERE pusher_nid = :nid", nid=pusher_nid) or "")


def enabled_pushers(tx: Transaction) -> list[tuple[str, int, str]]:
    """(user id, number, kind) of all that are to be told."""
    rows = tx.all("SELECT user_id, pusher_nid, kind FROM pushers WHERE enabled = 1 ORDER BY pusher_nid")
    return [(row[0], row[1], row[2]) for row in rows]


def enabled_of(tx: Transaction, user_ids: Collection[str]) -> list[tuple[str, int, str]]:
    """The same of some users."""
    rows = tx.all_in(
        "SELECT user_id, pusher_nid, kind FROM pushers WHERE enabled = 1 AND user_id IN :users ORDER BY pusher_nid",
        users=list(user_ids),
    )
    return [(row[0], row[1], row[2]) for row in rows]


def behind_pushers(tx: Transaction) -> list[int]:
    """The numbers of those that were not told all when the progress was last written."""
    return [row[0] for row in tx.all("SELECT pusher_nid FROM pushers WHERE is_behind = 1 ORDER BY position")]


def write_pusher(tx: Transaction, row: dict[str, Any]) -> None:
    """Add one, or change what the client says of it; it is enabled as before where `enabled` is None.

    row: user_id, app_id, pushkey, kind, device_id, names, data, enabled, ts, position, token.
    """
    tx.run(
        """INSERT INTO pushers (user_id, app_id, pushkey, kind, device_id, names, data, enabled, pushkey_ts, position,
               event_nid, token)
           VALUES (:user_id, :app_id, :pushkey, :kind, :device_id, :names, :data, COALESCE(:enabled, 1), :ts,
               :position, :last, :token)
           ON CONFLICT (app_id, pushkey, user_id) DO UPDATE SET kind = excluded.kind, device_id = excluded.device_id,
               names = excluded.names, data = excluded.data, enabled = COALESCE(:enabled, pushers.enabled),
               pushkey_ts = excluded.pushkey_ts, failures = 0, retry_ts = 0,
               position = CASE WHEN pushers.enabled = 1 THEN pushers.position ELSE excluded.position END""",
        last=LAST_NID,
        **row,
    )


def delete_pusher(tx: Transaction, user_id: str, key: PusherKey) -> bool:
    """Remove one; whether it was there."""
    sql = "DELETE FROM pushers WHERE user_id = :user AND app_id = :app AND pushkey = :pushkey"
    return tx.run(sql, user=user_id, app=key.app_id, pushkey=key.pushkey) > 0


def users_with(tx: Transaction, key: PusherKey) -> list[str]:
    """Whose pushers have this key."""
    rows = tx.all(
        "SELECT user_id FROM pushers WHERE app_id = :app AND pushkey = :pushkey", app=key.app_id, pushkey=key.pushkey
    )
    return [row[0] for row in rows]


def delete_of_devices(tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
    """Remove those that these logins set."""
    tx.run_many(
        "DELETE FROM pushers WHERE user_id = :user AND device_id = :device",
        [{"user": user_id, "device": device_id} for device_id in device_ids],
    )


def delete_user(tx: Transaction, user_id: str) -> None:
    """Remove all of a user's."""
    tx.run("DELETE FROM pushers WHERE user_id = :user", user=user_id)


def write_delivered(tx: Transaction, pusher_nid: int, place: ReadPlace, badge: int | None) -> None:
    """It was told all up to here."""
    tx.run(
        """UPDATE pushers SET position = :position, event_nid = :event, failures = 0, retry_ts = 0, badge = :badge
           WHERE pusher_nid = :nid""",
        position=place.position,
        event=place.event_nid,
        badge=badge,
        nid=pusher_nid,
    )


def write_failure(tx: Transaction, pusher_nid: int, place: ReadPlace, failures: int, retry_ts: int) -> None:
    """It could not be told what comes after this place; when it is tried again."""
    tx.run(
        """UPDATE pushers SET position = :position, event_nid = :event, is_behind = 1, failures = :failures,
               retry_ts = :retry WHERE pusher_nid = :nid""",
        position=place.position,
        event=place.event_nid,
        failures=failures,
        retry=retry_ts,
        nid=pusher_nid,
    )


def read_progress(tx: Transaction) -> int:
    """Up to where all were told that are not behind; 0 where nothing was written yet."""
    return int(tx.value("SELECT position FROM push_progress WHERE only_row = 1") or 0)


def write_progress(tx: Transaction, position: int, behind: Sequence[tuple[int, ReadPlace]]) -> None:
    """All were told up to a position, but for these, which were up to their places."""
    tx.run(
        """INSERT INTO push_progress (only_row, position) VALUES (1, :position)
           ON CONFLICT (only_row) DO UPDATE SET position = excluded.position""",
        position=position,
    )
    left = {nid for nid, _ in behind}
    done = [nid for nid in behind_pushers(tx) if nid not in left]
    tx.run_many(
        "UPDATE pushers SET is_behind = 0, position = :position, event_nid = :last WHERE pusher_nid = :nid",
        [{"position": position, "last": LAST_NID, "nid": nid} for nid in done],
    )
    for pusher_nid, place in behind:
        tx.run("UPDATE pushers SET is_behind = 1 WHERE pusher_nid = :nid AND is_behind = 0", nid=pusher_nid)
        tx.run(
            """UPDATE pushers SET position = :position, event_nid = :event
               WHERE pusher_nid = :nid AND (position, event_nid) < (:position, :event)""",
            position=place.position,
            event=place.event_nid,
            nid=pusher_nid,
        )


def expect_mail(tx: Transaction, pusher_nid: int, now_ms: int, delay_ms: int) -> None:
    """Something may be missed, to be told by mail; no sooner than after a while, and than the last mail allows."""
    tx.run(
        """UPDATE pushers SET due_ts = CASE WHEN mailed_ts + throttle_ms > :now + :delay
               THEN mailed_ts + throttle_ms ELSE :now + :delay END
           WHERE pusher_nid = :nid AND due_ts IS NULL""",
        now=now_ms,
        delay=delay_ms,
        nid=pusher_nid,
    )


def mails_due(tx: Transaction, now_ms: int, limit: int) -> list[int]:
    """The numbers of the pushers whose mails are due."""
    rows = tx.all(
        """SELECT pusher_nid FROM pushers WHERE due_ts IS NOT NULL AND due_ts <= :now AND enabled = 1
           ORDER BY due_ts LIMIT :limit""",
        now=now_ms,
        limit=limit,
    )
    return [row[0] for row in rows]


def last_mail(tx: Transaction, pusher_nid: int) -> tuple[int, int]:
    """When the last mail was sent, and how long after it none is."""
    row = tx.one("SELECT mailed_ts, throttle_ms FROM pushers WHERE pusher_nid = :nid", nid=pusher_nid)
    return row[0], row[1]


def write_mailed(tx: Transaction, pusher_nid: int, place: ReadPlace, mailed: tuple[int, int] | None) -> None:
    """All up to a place was told by mail or is to be told no more. `mailed`: when a mail was sent, and how long after
    it none is; None where there was nothing to send."""
    tx.run(
        "UPDATE pushers SET position = :position, event_nid = :event, due_ts = NULL WHERE pusher_nid = :nid",
        position=place.position,
        event=place.event_nid,
        nid=pusher_nid,
    )
    if mailed is not None:
        tx.run(
            "UPDATE pushers SET mailed_ts = :mailed, throttle_ms = :throttle WHERE pusher_nid = :nid",
            mailed=mailed[0],
            throttle=mailed[1],
            nid=pusher_nid,
        )


def put_off_mail(tx: Transaction, pusher_nid: int, due_ts: int) -> None:
    """The mail could not be sent."""
    tx.run("UPDATE pushers SET due_ts = :due WHERE pusher_nid = :nid", due=due_ts, nid=pusher_nid)


def _pusher(row: tuple[Any, ...]) -> Pusher:
    nid, user_id, app_id, pushkey, kind, device_id, names, data, enabled, ts, position, event_nid, behind, *rest = row
    shape = PusherShape(
        PusherKey(app_id, pushkey), kind, msgspec.json.decode(names), msgspec.json.decode(data), bool(enabled)
    )
    return Pusher(nid, user_id, shape, device_id, ts, ReadPlace(position, event_nid), bool(behind), *rest)
