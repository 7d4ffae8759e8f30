"""What is kept of EDUs for a server that does not come back."""

from __future__ import annotations

import unittest
from collections import Counter

from twisted.internet import reactor

from homeserver.database import Transaction, open_database
from homeserver.federation import queries_outgoing
from homeserver.federation.edu_bounds import MOST_DEVICE_UPDATES, MOST_MESSAGES, MOST_RECEIPTS, EduBounds
from homeserver.federation.queue_tables import TABLES
from tests.support.databases import fresh_database, on_postgres
from tests.support.own_reactor import run

GONE, UP = "gone.example", "up.example"


class EduBoundsTest(unittest.TestCase):
    """EDUs queued as the slices queue them."""

    engine = "sqlite"

    def setUp(self) -> None:
        """An empty database."""
        place = self.enterContext(fresh_database(self.engine))
        self.database = open_database(place.engine, place.location, reactor)
        self.database.start(TABLES)
        self.addCleanup(self.database.close)

    def queue(self, edu_type: str, number: int, users: int = 1, server_name: str = GONE) -> None:
        """Queue so many EDUs of a kind, each of another device, room or message."""

        def write(tx: Transaction) -> None:
            for one in range(number):
                key = f"{edu_type} @u{one % users}:here.example D{one}" if edu_type != "m.direct_to_device" else None
                content = f'{{"number":{one}}}'.encode()
                queries_outgoing.add_edus(tx, [server_name], edu_type, content, key)

        run(self.database.transact(write))

    def left(self, server_name: str = GONE) -> list[tuple[str, bytes]]:
        """(type, content) of what waits, oldest first, after what is too much was dropped."""
        run(EduBounds(self.database).reap())
        rows = run(self.database.read(queries_outgoing.due_edus, server_name, queries_outgoing.LAST_NID, 100_000))
        return [(edu_type, content) for _, edu_type, content in rows]

    def test_of_receipts_the_newest_are_kept(self) -> None:
        """They are of no use after a while."""
        self.queue("m.receipt", MOST_RECEIPTS + 50)

        left = self.left()
        self.assertEqual(len(left), MOST_RECEIPTS)
        self.assertEqual(left[-1][1], f'{{"number":{MOST_RECEIPTS + 49}}}'.encode())

    def test_device_updates_collapse_to_the_newest_of_each_user(self) -> None:
        """Who gets it knows that others were missed, and asks for all of the user's devices."""
        self.queue("m.device_list_update", MOST_DEVICE_UPDATES + 10, users=7)

        self.assertEqual([int(content[10:-1]) for _, content in self.left()], list(range(1003, 1010)))

    def test_as_long_as_they_are_few_every_device_update_is_kept(self) -> None:
        """One of each device."""
        self.queue("m.device_list_update", MOST_DEVICE_UPDATES, users=7)

        self.assertEqual(len(self.left()), MOST_DEVICE_UPDATES)

    def test_messages_to_devices_are_kept_up_to_a_bound(self) -> None:
        """However many receipts there are beside them."""
        self.queue("m.direct_to_device", MOST_MESSAGES + 1)
        self.queue("m.receipt", MOST_RECEIPTS + 1)

        left = self.left()
        kinds = Counter(edu_type for edu_type, _ in left)
        self.assertEqual(kinds, {"m.direct_to_device": MOST_MESSAGES, "m.receipt": MOST_RECEIPTS})
        self.assertEqual(left[0][1], b'{"number":1}')

    def test_other_destinations_lose_nothing(self) -> None:
        """Each is looked at by itself."""
        self.queue("m.receipt", MOST_RECEIPTS + 1)
        self.queue("m.receipt", MOST_RECEIPTS, server_name=UP)

        self.left()
        self.assertEqual(len(self.left(UP)), MOST_RECEIPTS)


EduBoundsTestOnPostgres = on_postgres(EduBoundsTest)
