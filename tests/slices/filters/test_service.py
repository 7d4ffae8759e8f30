"""Filters in a database."""

from __future__ import annotations

from typing import Any

from homeserver.protocol.errors import MatrixError
from homeserver.protocol.filters import decode_filter, sync_filter
from homeserver.slices.filters.service import Filters
from homeserver.slices.filters.tables import TABLES
from tests.support.database_case import DatabaseCase
from tests.support.own_reactor import run

ALICE = "@alice:our.example"
WRONG: list[dict[str, Any]] = [
    {"presence": "no object"},
    {"room": {"timeline": "no object"}},
    {"room": {"timeline": {"rooms": "no list"}}},
    {"room": {"timeline": {"types": [1]}}},
    {"room": {"rooms": ["not_a_room_id"]}},
    {"room": {"timeline": {"not_senders": ["not_a_user_id"]}}},
    {"room": {"state": {"lazy_load_members": "true"}}},
    {"room": {"state": {"include_redundant_members": 1}}},
    {"room": {"timeline": {"limit": True}}},
    {"event_format": "other"},
]


class FiltersTest(DatabaseCase):
    """Alice's filters. `now`: milliseconds, one later for each filter."""

    tables = TABLES

    def setUp(self) -> None:
        """None yet."""
        super().setUp()
        self.now = 0
        self.filters = Filters(self.database, self.tick)

    def tick(self) -> int:
        """The time."""
        self.now += 1
        return self.now

    def limit_filter(self, limit: int) -> str:
        """Keep a filter; its id."""
        return run(self.filters.add(ALICE, {"room": {"timeline": {"limit": limit}}}))

    def test_a_filter_is_found_by_its_user(self) -> None:
        """As it was given; another user has none of this id."""
        wanted = {"room": {"timeline": {"limit": 5, "types": ["m.room.*"]}}, "event_fields": ["content.body"]}
        filter_id = run(self.filters.add(ALICE, wanted))

        self.assertEqual(run(self.filters.get_filter(ALICE, filter_id)), wanted)
        for user_id, wrong_id in (("@bob:our.example", filter_id), (ALICE, "0")):
            with self.assertRaises(MatrixError) as caught:
                run(self.filters.get_filter(user_id, wrong_id))
            self.assertEqual((caught.exception.status, caught.exception.errcode), (404, "M_NOT_FOUND"))

    def test_equal_filters_are_kept_once(self) -> None:
        """Whatever the order of their keys; and no id looks like a filter itself."""
        first = run(self.filters.add(ALICE, {"event_fields": ["type"], "presence": {"types": []}}))
        second = run(self.filters.add(ALICE, {"presence": {"types": []}, "event_fields": ["type"]}))

        self.assertEqual(first, second)
        self.assertNotEqual(first[0], "{")
        self.assertNotEqual(first, self.limit_filter(1))

    def test_the_oldest_goes_when_there_are_too_many(self) -> None:
        """A thousand are kept."""
        ids = [self.limit_filter(number) for number in range(1001)]

        with self.assertRaises(MatrixError):
            run(self.filters.get_filter(ALICE, ids[0]))
        for kept in (ids[1], ids[-1]):
            run(self.filters.get_filter(ALICE, kept))

    def test_wrong_filters_are_refused(self) -> None:
        """With 400 and a sentence that names the part."""
        for wrong in WRONG:
            with self.subTest(wrong), self.assertRaises(MatrixError) as caught:
                run(self.filters.add(ALICE, wrong))
            self.assertEqual((caught.exception.status, caught.exception.errcode), (400, "M_BAD_JSON"))

    def test_deep_filters_are_an_error_of_the_client(self) -> None:
        """A query argument may be nested as deeply as it is long; what means nothing does no harm."""
        self.assertIsNone(sync_filter(decode_filter('{"room":' * 900 + "{}" + "}" * 900)).timeline)

        with self.assertRaises(MatrixError):
            decode_filter('{"room":' * 100_000 + "{}" + "}" * 100_000)

    def test_a_deactivated_account_leaves_nothing(self) -> None:
        """Its filters are gone."""
        filter_id = self.limit_filter(1)

        run(self.database.transact(self.filters.deactivate, ALICE, False))

        with self.assertRaises(MatrixError):
            run(self.filters.get_filter(ALICE, filter_id))
