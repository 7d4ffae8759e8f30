"""Account data in a database, as clients and `/sync` see it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from homeserver.protocol.errors import MatrixError
from homeserver.slices.account_data.service import GLOBAL, AccountData
from homeserver.slices.account_data.tables import TABLES
from tests.support.database_case import DatabaseCase
from tests.support.own_reactor import run

ALICE = "@alice:our.example"
ROOM = "!room:our.example"


class AccountDataTest(DatabaseCase):
    """Alice's account data."""

    tables = TABLES
    topic = "account_data"

    def setUp(self) -> None:
        """Nothing yet."""
        super().setUp()
        self.data = AccountData(self.database)

    def put(self, data_type: str, content: dict[str, Any], room_id: str = GLOBAL) -> None:
        """Set a content."""
        run(self.data.put_content(ALICE, room_id, data_type, content))

    def global_since(self, since: int) -> list[dict[str, Any]]:
        """What `/sync` shows at the top."""
        return run(self.database.read(self.data.global_since, ALICE, since))

    def rooms_since(self, since: int) -> dict[str, list[dict[str, Any]]]:
        """What `/sync` shows by room."""
        return dict(run(self.database.read(self.data.rooms_since, ALICE, since)))

    def ignored(self) -> frozenset[str]:
        """Whom Alice ignores."""
        return run(self.database.read(self.data.ignored_users, ALICE))

    def assert_not_found(self, coroutine: Any) -> None:
        """404."""
        with self.assertRaises(MatrixError) as caught:
            run(coroutine)
        self.assertEqual((caught.exception.status, caught.exception.errcode), (404, "M_NOT_FOUND"))

    def test_what_is_set_is_there(self) -> None:
        """For its user, at its place, and nowhere else."""
        self.put("org.example.theme", {"dark": True, "size": 1.5})

        self.assertEqual(run(self.data.get_content(ALICE, GLOBAL, "org.example.theme")), {"dark": True, "size": 1.5})
        self.assert_not_found(self.data.get_content(ALICE, ROOM, "org.example.theme"))
        self.assert_not_found(self.data.get_content("@bob:our.example", GLOBAL, "org.example.theme"))

    def test_sync_shows_what_changed_since(self) -> None:
        """Each change wakes its user, and the last content is shown once."""
        self.put("org.example.a", {"n": 1})
        self.put("org.example.b", {"n": 2}, ROOM)
        before = self.database.feed.position
        self.put("org.example.a", {"n": 3})

        self.assertEqual(self.global_since(before), [{"type": "org.example.a", "content": {"n": 3}}])
        self.assertEqual(self.rooms_since(before), {})
        self.assertEqual(self.rooms_since(0), {ROOM: [{"type": "org.example.b", "content": {"n": 2}}]})
        self.assertEqual(self.published_keys(), [ALICE] * 3)

    def test_setting_the_same_again_is_shown_again(self) -> None:
        """Clients wait for the echo of what they set."""
        self.put("org.example.a", {"n": 1})
        before = self.database.feed.position
        self.put("org.example.a", {"n": 1})

        self.assertEqual(len(self.global_since(before)), 1)

    def test_tags_come_as_one_event(self) -> None:
        """Added, changed and removed."""
        run(self.data.put_tag(ALICE, ROOM, "m.favourite", {"order": 0.5}))
        run(self.data.put_tag(ALICE, ROOM, "u.work", {}))
        run(self.data.put_tag(ALICE, ROOM, "m.favourite", {"order": 0.25}))
        tags = {"m.favourite": {"order": 0.25}, "u.work": {}}
        self.assertEqual(run(self.data.tags(ALICE, ROOM)), tags)
        self.assertEqual(self.rooms_since(0), {ROOM: [{"type": "m.tag", "content": {"tags": tags}}]})

        run(self.data.delete_tag(ALICE, ROOM, "m.favourite"))

        self.assertEqual(run(self.data.tags(ALICE, ROOM)), {"u.work": {}})

    def test_removing_a_tag_that_is_not_there_is_no_change(self) -> None:
        """It neither fails nor wakes anybody."""
        run(self.data.delete_tag(ALICE, ROOM, "u.work"))

        self.assertEqual((self.rooms_since(0), self.published_keys()), ({}, []))

    def test_whom_a_user_ignores(self) -> None:
        """Never the user, whatever the list says, and nobody where it is no list."""
        self.assertEqual(self.ignored(), frozenset())
        self.put("m.ignored_user_list", {"ignored_users": {"@bob:their.example": {}, ALICE: {}}})
        self.assertEqual(self.ignored(), {"@bob:their.example"})

        self.put("m.ignored_user_list", {"ignored_users": ["@bob:their.example"]})

        self.assertEqual(self.ignored(), frozenset())

    def test_a_deactivated_account_leaves_nothing(self) -> None:
        """In rooms and out of them."""
        self.put("org.example.a", {})
        self.put("org.example.b", {}, ROOM)

        run(self.database.transact(self.data.deactivate, ALICE, False))

        self.assertEqual((self.global_since(0), self.rooms_since(0)), ([], {}))

    def test_long_names_are_refused(self) -> None:
        """255 bytes are the most."""
        self.put("t" * 255, {})
        for coroutine in (
            self.data.put_content(ALICE, GLOBAL, "t" * 256, {}),
            self.data.put_tag(ALICE, ROOM, "ä" * 128, {}),
        ):
            with self.assertRaises(MatrixError) as caught:
                run(coroutine)
            self.assertEqual(caught.exception.errcode, "M_INVALID_PARAM")

    @settings(max_examples=15, deadline=None)
    @given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(), st.lists))
    def test_any_json_comes_back_as_it_was(self, value: Any) -> None:
        """Clients keep what they like."""
        self.put("org.example.any", {"value": value})

        self.assertEqual(run(self.data.get_content(ALICE, GLOBAL, "org.example.any")), {"value": value})
