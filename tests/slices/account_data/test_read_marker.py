"""The read marker, over events in a real table."""

from __future__ import annotations

from homeserver.database import Transaction
from homeserver.protocol.errors import MatrixError
from homeserver.rooms import queries_events, queries_unread
from homeserver.rooms.counting import UNCOUNTED
from homeserver.rooms.records import EventPlace
from homeserver.rooms.tables import TABLES as ROOM_TABLES
from homeserver.slices.account_data.read_marker import FULLY_READ, ReadMarker
from homeserver.slices.account_data.service import AccountData
from homeserver.slices.account_data.tables import TABLES
from tests.support.database_case import DatabaseCase
from tests.support.own_reactor import run

ALICE = "@alice:our.example"
ROOM = "!room:our.example"


class OneRoom:
    """A room with number 7 that Alice is in."""

    async def find_room_nid(self, room_id: str) -> int | None:
        """7."""
        return 7 if room_id == ROOM else None

    async def is_joined(self, room_nid: int, user_id: str) -> bool:
        """Alice only."""
        return user_id == ALICE

    def find_place(self, tx: Transaction, room_nid: int, event_id: str) -> EventPlace | None:
        """From the events table."""
        return queries_unread.find_place(tx, room_nid, event_id)


class ReadMarkerTest(DatabaseCase):
    """`$1` to `$3` are of the room, `$other` is of another."""

    tables = (*ROOM_TABLES, *TABLES)

    def setUp(self) -> None:
        """Write the events."""
        super().setUp()
        data = AccountData(self.database)
        self.marker = ReadMarker(self.database, data, OneRoom())
        self.data = data
        run(self.database.transact(self.write_events))

    def write_events(self, tx: Transaction) -> None:
        """Three here and one there."""
        for nid, (event_id, room_nid) in enumerate((("$1", 7), ("$2", 7), ("$3", 7), ("$other", 8)), start=1):
            row = {
                "event_nid": nid,
                "event_id": event_id,
                "room_nid": room_nid,
                "position": nid,
                "depth": nid,
                "type": "m.room.message",
                "state_key": None,
                "sender": ALICE,
                "origin_server_ts": nid,
                "status": 0,
                "outbound": 0,
                "state_before": None,
                "state_after": None,
                "replaces_nid": None,
                **UNCOUNTED,
                "auth_chain": None,
                "pdu": b"{}",
            }
            queries_events.insert_event(tx, row)

    def read_to(self, event_id: str) -> str:
        """Move the marker; where it is then."""
        run(self.marker.set_fully_read(ALICE, ROOM, event_id))
        return str(run(self.data.get_content(ALICE, ROOM, FULLY_READ))["event_id"])

    def test_it_moves_forward_and_never_back(self) -> None:
        """An older event changes nothing."""
        self.assertEqual(self.read_to("$2"), "$2")
        self.assertEqual(self.read_to("$1"), "$2")
        self.assertEqual(self.read_to("$3"), "$3")

    def test_it_points_at_events_of_its_room(self) -> None:
        """Others are not found, and who is not in the room is refused."""
        for user_id, room_id, event_id, status in (
            (ALICE, ROOM, "$other", 404),
            (ALICE, ROOM, "$unknown", 404),
            ("@bob:our.example", ROOM, "$1", 403),
            (ALICE, "!unknown:our.example", "$1", 403),
        ):
            with self.assertRaises(MatrixError) as caught:
                run(self.marker.set_fully_read(user_id, room_id, event_id))
            self.assertEqual(caught.exception.status, status)
