"""How much is kept for a destination that does not answer: it may never come back.

https://spec.matrix.org/v1.19/server-server-api/#edus
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

from homeserver.database import Database, Transaction
from homeserver.federation import queries_outgoing

logger = logging.getLogger(__name__)

MOST_RECEIPTS = 100
MOST_DEVICE_UPDATES = 1_000
MOST_MESSAGES = 5_000
"""Messages to devices, such as keys of conversations: what cannot be had again."""

_RECEIPT, _DEVICE, _MESSAGE = "m.receipt", "m.device_list_update", "m.direct_to_device"


class EduBounds:
    """Looks through what waits, now and then."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reap(self) -> None:
        """Drop what is too much."""
        for server_name in await self._database.read(queries_outgoing.crowded_destinations, MOST_RECEIPTS):
            await self._database.transact(_thin_out, server_name)


def too_many(queued: Sequence[tuple[int, str, str | None]]) -> list[int]:
    """Of (edu_nid, type, replace key), newest first, the numbers to drop: the oldest of each kind.

    Of a user's devices, once there are too many, the newest update alone stays: it follows on one that the destination
    has not got, for which it asks for all of the user's devices.
    """
    counts: Counter[str] = Counter()
    users: set[str] = set()
    is_collapsed = sum(edu_type == _DEVICE for _, edu_type, _ in queued) > MOST_DEVICE_UPDATES
    dropped = []
    for edu_nid, edu_type, replace_key in queued:
        counts[edu_type] += 1
        if edu_type == _DEVICE and is_collapsed:
            user_id = (replace_key or "").split(" ")[1:2]
            is_too_much = users.issuperset(user_id)
            users.update(user_id)
        else:
            most = {_RECEIPT: MOST_RECEIPTS, _MESSAGE: MOST_MESSAGES}.get(edu_type)
            is_too_much = most is not None and counts[edu_type] > most
        if is_too_much:
            dropped.append(edu_nid)
    return dropped


def _thin_out(tx: Transaction, server_name: str) -> None:
    dropped = too_many(queries_outgoing.queued_edus(tx, server_name))
    queries_outgoing.delete_edus(tx, dropped)
    if dropped:
        logger.info("%d EDUs for %s were dropped: it has not answered for too long", len(dropped), server_name)
