"""SQL for a database that was put back to what it was."""

from __future__ import annotations

from homeserver.database import Transaction

#: More changes than a user's devices have between a backup and its use.
_SKIPPED = 1_000_000


def withdraw_one_time_keys(tx: Transaction) -> int:
    """How many there were. Each may have been given to somebody since; devices publish others when they have none."""
    return tx.run("UPDATE one_time_keys SET is_claimed = 1 WHERE is_claimed = 0")


def skip_stream_ids(tx: Transaction) -> None:
    """Other servers may know later changes of local users' devices: at the next one they ask for the whole list."""
    tx.run("UPDATE device_list_streams SET stream_id = stream_id + :skipped", skipped=_SKIPPED)


def outdate_lists(tx: Transaction) -> None:
    """Changes of other servers' users may have come since: all their lists have to come whole."""
    tx.run("UPDATE remote_device_lists SET needs_resync = 1")
