"""Profiles in a database, and what of them goes to rooms and comes from other servers."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from homeserver.accounts.records import User
from homeserver.profiles.service import Profiles, ProfileSettings
from homeserver.profiles.tables import TABLES
from homeserver.protocol.errors import MatrixError, not_found
from homeserver.protocol.requester import Requester
from tests.support.database_case import DatabaseCase
from tests.support.own_reactor import run

ALICE = "@alice:our.example"
REQUESTER = Requester(ALICE, "PHONE", 1)


class ProfilesTest(DatabaseCase):
    """Alice's profile. `rooms`: what her rooms were told; with `rooms_fail` they cannot be told."""

    tables = TABLES
    topic = "profiles"

    def setUp(self) -> None:
        """Alice registers."""
        super().setUp()
        self.rooms: list[dict[str, str | None]] = []
        self.rooms_fail = False
        self.profiles = self.make()
        run(self.database.transact(self.profiles.register, User(ALICE, 1), None))
        self.changes.clear()

    def make(self, *, may_set_displayname: bool = True) -> Profiles:
        """Profiles over the same database."""

        async def fetch_remote(server: str, user_id: str, field: str | None) -> dict[str, Any]:
            if user_id != "@bob:their.example":
                raise not_found("Nobody.")
            profile = {"displayname": f"Bob of {server}", "m.tz": "Europe/Paris"}
            return profile if field is None else {key: profile[key] for key in profile if key == field}

        async def set_in_rooms(requester: Requester, user_id: str, fields: dict[str, str | None]) -> None:
            if self.rooms_fail:
                raise MatrixError(500, "M_UNKNOWN", "The rooms are away.")
            self.rooms.append(fields)

        settings = ProfileSettings("our.example", may_set_displayname=may_set_displayname)
        return Profiles(self.database, settings, fetch_remote, set_in_rooms)

    def set_field(self, key: str, value: Any, requester: Requester = REQUESTER) -> None:
        """Set a field."""
        run(self.profiles.set_field(requester, key, value))

    def assert_refused(self, status: int, errcode: str, coroutine: Any) -> None:
        """The coroutine raises this."""
        with self.assertRaises(MatrixError) as caught:
            run(coroutine)
        self.assertEqual((caught.exception.status, caught.exception.errcode), (status, errcode))

    def test_a_new_user_is_called_by_the_localpart(self) -> None:
        """Unless the registration gave a name."""
        run(self.database.transact(self.profiles.register, User("@carol:our.example", 1), "Carol C."))

        self.assertEqual(run(self.profiles.get_profile(ALICE)), {"displayname": "alice"})
        self.assertEqual(run(self.profiles.get_profile("@carol:our.example")), {"displayname": "Carol C."})

    def test_a_changed_name_reaches_the_rooms(self) -> None:
        """It is in the profile, in the rooms, and published."""
        self.set_field("displayname", "Alice")

        self.assertEqual(run(self.profiles.find_profile(ALICE)), {"displayname": "Alice"})
        self.assertEqual(self.rooms, [{"displayname": "Alice"}])
        self.assertEqual(self.published_keys(), [ALICE])

    def test_a_removed_avatar_leaves_the_rooms(self) -> None:
        """The member events are told to drop it."""
        self.set_field("avatar_url", "mxc://our.example/a")
        run(self.profiles.delete_field(REQUESTER, "avatar_url"))

        self.assertEqual(self.rooms[-1], {"avatar_url": None})
        self.assertEqual(run(self.profiles.get_profile(ALICE)), {"displayname": "alice"})

    def test_custom_fields_leave_the_rooms_alone(self) -> None:
        """They are no part of member events."""
        self.set_field("org.example.job", {"title": "cook"})

        self.assertEqual(run(self.profiles.get_field(ALICE, "org.example.job")), {"title": "cook"})
        self.assertEqual(self.rooms, [])

    def test_what_changes_nothing_is_not_told(self) -> None:
        """The same name again, and removing what is not there."""
        self.set_field("displayname", "alice")
        run(self.profiles.delete_field(REQUESTER, "m.tz"))

        self.assertEqual((self.rooms, self.published_keys()), ([], []))

    def test_changes_at_once_end_with_the_last_one_in_the_rooms(self) -> None:
        """Each tells the rooms what the profile says then."""

        async def both() -> None:
            names = (self.profiles.set_field(REQUESTER, "displayname", name) for name in ("A", "B"))
            await gatherResults([Deferred.fromCoroutine(one) for one in names])

        run(both())

        self.assertEqual(self.rooms[-1]["displayname"], run(self.profiles.get_field(ALICE, "displayname")))

    def test_a_change_that_did_not_reach_the_rooms_does_so_after_a_restart(self) -> None:
        """And only once."""
        self.rooms_fail = True
        self.assert_refused(500, "M_UNKNOWN", self.profiles.set_field(REQUESTER, "displayname", "Alice"))
        self.rooms_fail = False

        for _ in range(2):
            run(self.make().resume())
            self.wait_for_writes()

        self.assertEqual(self.rooms, [{"displayname": "Alice", "avatar_url": None}])

    def test_a_later_change_takes_along_the_one_that_got_stuck(self) -> None:
        """The name was set, the rooms did not hear of it, then the avatar changes."""
        self.rooms_fail = True
        self.assert_refused(500, "M_UNKNOWN", self.profiles.set_field(REQUESTER, "displayname", "Alice"))
        self.rooms_fail = False

        self.set_field("avatar_url", "mxc://our.example/a")

        self.assertEqual(self.rooms, [{"displayname": "Alice", "avatar_url": "mxc://our.example/a"}])

    def test_others_are_asked_for_at_their_server(self) -> None:
        """All fields or one; what is not there is 404."""
        bob = "@bob:their.example"

        self.assertEqual(run(self.profiles.get_profile(bob))["displayname"], "Bob of their.example")
        self.assertEqual(run(self.profiles.get_field(bob, "m.tz")), "Europe/Paris")
        self.assert_refused(404, "M_NOT_FOUND", self.profiles.get_field(bob, "avatar_url"))

    def test_unknown_users_and_fields_are_not_found(self) -> None:
        """And what is no user id is refused."""
        self.assert_refused(404, "M_NOT_FOUND", self.profiles.get_profile("@nobody:our.example"))
        self.assert_refused(404, "M_NOT_FOUND", self.profiles.get_field(ALICE, "avatar_url"))
        self.assert_refused(400, "M_INVALID_PARAM", self.profiles.get_profile("alice"))

    def test_the_configuration_may_keep_names_as_they_are(self) -> None:
        """Administrators may still change theirs."""
        self.profiles = self.make(may_set_displayname=False)

        self.assert_refused(403, "M_FORBIDDEN", self.profiles.set_field(REQUESTER, "displayname", "Alice"))
        self.assert_refused(403, "M_FORBIDDEN", self.profiles.delete_field(REQUESTER, "displayname"))
        self.set_field("displayname", "Alice", Requester(ALICE, "PHONE", 1, is_admin=True))
        self.assertEqual(self.rooms, [{"displayname": "Alice"}])

    def test_guests_change_their_name_only(self) -> None:
        """Other fields are refused."""
        guest = Requester(ALICE, "PHONE", 1, is_guest=True)
        self.set_field("displayname", "A guest", guest)

        self.assert_refused(403, "M_GUEST_ACCESS_FORBIDDEN", self.profiles.set_field(guest, "m.tz", "UTC"))

    def test_an_erased_account_has_an_empty_profile(self) -> None:
        """One that is deactivated and not erased keeps it."""
        run(self.database.transact(self.profiles.deactivate, ALICE, False))
        self.assertEqual(run(self.profiles.get_profile(ALICE)), {"displayname": "alice"})

        run(self.database.transact(self.profiles.deactivate, ALICE, True))
        self.assertEqual(run(self.profiles.get_profile(ALICE)), {})
