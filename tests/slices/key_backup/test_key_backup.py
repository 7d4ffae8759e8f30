"""Backups of keys.

https://spec.matrix.org/v1.19/client-server-api/#server-side-key-backups
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase
from tests.support.laws import law

ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2"
NOT_FOUND = (404, "M_NOT_FOUND")
VERSION, KEYS = "/room_keys/version", "/room_keys/keys"


def key(data: str = "data", *, verified: bool = False, index: int = 5, forwarded: int = 3) -> Json:
    """A key of a session."""
    return {
        "first_message_index": index,
        "forwarded_count": forwarded,
        "is_verified": verified,
        "session_data": {"ciphertext": data},
    }


def new_backup(user: User, **auth_data: Any) -> str:
    """Begin a backup; its version."""
    version: str = user.post(VERSION, {"algorithm": ALGORITHM, "auth_data": auth_data})["version"]
    return version


class KeyBackupTest(HomeserverCase):
    """Alice keeps keys of two rooms."""

    def setUp(self) -> None:
        self.alice = self.new_user("alice")
        self.version = new_backup(self.alice, public_key="first")

    def put(self, body: Json, path: str = "", version: str | None = None) -> Json:
        """Put keys into the backup; returns `count` and `etag`."""
        answer: Json = self.alice.put(KEYS + path, body, {"version": version or self.version})
        return answer

    def get(self, path: str = "", version: str | None = None) -> Json:
        """What is in the backup."""
        answer: Json = self.alice.get(KEYS + path, {"version": version or self.version})
        return answer

    def state(self) -> tuple[int, str]:
        """(count, etag) as the backup says."""
        backup = self.alice.get(VERSION)
        return backup["count"], backup["etag"]

    def test_the_latest_backup_is_told(self) -> None:
        """Others can be asked for; what one is known by can be changed."""
        second = new_backup(self.alice, public_key="second")
        self.assertNotEqual(second, self.version)
        latest = self.alice.get(VERSION)
        about: Json = {"algorithm": ALGORITHM, "auth_data": {"public_key": "second"}, "version": second, "count": 0}
        self.assertEqual({name: value for name, value in latest.items() if name != "etag"}, about)
        self.assertIsInstance(latest["etag"], str)

        body = {"algorithm": ALGORITHM, "auth_data": {"public_key": "changed"}, "version": self.version}
        self.alice.put(f"{VERSION}/{self.version}", body)

        first = self.alice.get(f"{VERSION}/{self.version}")
        self.assertEqual((first["auth_data"], first["version"]), ({"public_key": "changed"}, self.version))
        self.assertEqual(self.alice.get(VERSION), latest)

    def test_keys_go_in_and_come_out_by_session_room_and_all_at_once(self) -> None:
        """As they were."""
        one, two, three = key("one"), key("two", verified=True), key("three", index=0)
        self.put(one, "/!a/s1")
        self.put({"sessions": {"s2": two}}, "/!a")
        self.put({"rooms": {"!b": {"sessions": {"s/3": three}}}})

        self.assertEqual(self.get("/!a/s1"), one)
        self.assertEqual(self.get("/!b/s%2F3"), three)
        self.assertEqual(self.get("/!a"), {"sessions": {"s1": one, "s2": two}})
        rooms = {"!a": {"sessions": {"s1": one, "s2": two}}, "!b": {"sessions": {"s/3": three}}}
        self.assertEqual(self.get(), {"rooms": rooms})

    def test_what_is_not_there(self) -> None:
        """An empty room and an empty backup are no error, a session is."""
        self.assertEqual((self.get(), self.get("/!a")), ({"rooms": {}}, {"sessions": {}}))
        query = {"version": self.version}
        self.assertEqual(self.alice.refusal("GET", f"{KEYS}/!a/s", query=query), NOT_FOUND)

    def test_count_and_etag_follow(self) -> None:
        """The etag changes when a key does, and only then."""
        first = self.put({"sessions": {"s1": key(), "s2": key()}}, "/!a")
        self.assertEqual(first["count"], 2)
        self.assertEqual((first["count"], first["etag"]), self.state())
        same = self.put(key("worse", index=6), "/!a/s1")
        self.assertEqual(same, first)
        better = self.put(key("better", index=1), "/!a/s1")
        self.assertEqual(better["count"], 2)
        self.assertNotEqual(better["etag"], first["etag"])
        self.assertEqual((better["count"], better["etag"]), self.state())

    def test_keys_are_deleted_by_session_room_and_all_at_once(self) -> None:
        """Each time with count and etag."""
        sessions = {"sessions": {"s1": key(), "s2": key()}}
        self.put({"rooms": dict.fromkeys(("!a", "!b", "!c"), sessions)})
        etags = {self.state()[1]}
        query = {"version": self.version}
        for path, count in (("/!a/s1", 5), ("/!b", 3), ("", 0)):
            answer = self.alice.delete(KEYS + path, query)
            self.assertEqual(answer["count"], count)
            self.assertEqual((answer["count"], answer["etag"]), self.state())
            self.assertNotIn(answer["etag"], etags)
            etags.add(answer["etag"])
            if path == "/!b":
                left = {"!a": {"sessions": {"s2": key()}}, "!c": sessions}
                self.assertEqual(self.get(), {"rooms": left})
        self.assertEqual(self.alice.delete(KEYS, query)["etag"], self.state()[1])

    def test_keys_go_into_the_latest_backup_only(self) -> None:
        """Which is named otherwise; those of an older one can still be read."""
        self.put(key(), "/!a/s1")
        second = new_backup(self.alice)
        answer = self.alice.request("PUT", f"{KEYS}/!a/s2", key(), {"version": self.version})
        self.assertEqual(answer.error, (403, "M_WRONG_ROOM_KEYS_VERSION"))
        self.assertEqual(answer.json["current_version"], second)

        self.assertEqual(self.get("/!a"), {"sessions": {"s1": key()}})
        self.assertEqual(self.get(version=second), {"rooms": {}})

    def test_a_deleted_backup_is_gone_with_its_keys(self) -> None:
        """Deleting it again is no error; the one before is the latest again, and the version is not given anew."""
        second = new_backup(self.alice)
        self.put(key(), "/!a/s1", second)
        for _ in range(2):
            self.alice.delete(f"{VERSION}/{second}")

        for path in (f"{VERSION}/{second}", KEYS, f"{KEYS}/!a", f"{KEYS}/!a/s1"):
            self.assertEqual(self.alice.refusal("GET", path, query={"version": second}), NOT_FOUND)
        self.assertEqual(self.alice.get(VERSION)["version"], self.version)
        third = new_backup(self.alice)
        self.assertNotIn(third, (self.version, second))
        self.assertEqual(self.get(version=third), {"rooms": {}})

    def test_without_a_backup_there_is_nothing(self) -> None:
        """404 for everything; one's backups are nobody else's."""
        bob = self.new_user("bob")
        query = {"version": self.version}
        body = {"algorithm": ALGORITHM, "auth_data": {}}
        self.assertEqual(bob.refusal("GET", VERSION), NOT_FOUND)
        for method, path, content in (
            ("GET", f"{VERSION}/{self.version}", None),
            ("PUT", f"{VERSION}/{self.version}", body),
            ("DELETE", f"{VERSION}/{self.version}", None),
            ("GET", KEYS, None),
            ("PUT", f"{KEYS}/!a/s", key()),
            ("DELETE", KEYS, None),
        ):
            self.assertEqual(bob.refusal(method, path, content, query), NOT_FOUND, (method, path))
        for version in ("nonsense", "-1", "9" * 30, "²"):
            self.assertEqual(self.alice.refusal("GET", KEYS, query={"version": version}), NOT_FOUND)

    def test_backups_survive_a_restart(self) -> None:
        """With their keys."""
        self.put(key(), "/!a/s1")
        self.server.stop()
        self.server.start()
        self.assertEqual(self.get("/!a/s1"), key())

    def test_bad_requests_are_told(self) -> None:
        """Of backups and of keys; a version is needed."""
        missing, bad, invalid = "M_MISSING_PARAM", "M_BAD_JSON", "M_INVALID_PARAM"
        backups: list[tuple[Json, str]] = [
            ({"auth_data": {}}, missing),
            ({"algorithm": ALGORITHM}, missing),
            ({"algorithm": 1, "auth_data": {}}, bad),
            ({"algorithm": ALGORITHM, "auth_data": []}, bad),
        ]
        for body, errcode in backups:
            self.assertEqual(self.alice.refusal("POST", VERSION, body), (400, errcode), body)
        changes: list[Json] = [
            {"algorithm": "other", "auth_data": {}},
            {"algorithm": ALGORITHM, "auth_data": {}, "version": "other"},
        ]
        for body in changes:
            self.assertEqual(self.alice.refusal("PUT", f"{VERSION}/{self.version}", body), (400, invalid), body)
        good = key()
        sessions: list[tuple[Json, str]] = [
            ({name: value for name, value in good.items() if name != "is_verified"}, missing),
            ({**good, "is_verified": 1}, bad),
            ({**good, "first_message_index": -1}, bad),
            ({**good, "first_message_index": True}, bad),
            ({**good, "forwarded_count": "1"}, bad),
            ({**good, "session_data": 1}, bad),
        ]
        query = {"version": self.version}
        for body, errcode in sessions:
            error = self.alice.refusal("PUT", f"{KEYS}/!a/s", body, query)
            self.assertEqual(error, (400, errcode), body)
        for path, content in ((KEYS, {"rooms": []}), (KEYS, {"rooms": {"!a": 1}}), (f"{KEYS}/!a", {"sessions": 1})):
            self.assertEqual(self.alice.refusal("PUT", path, content, query), (400, bad))
        large = {**good, "session_data": {"ciphertext": "x" * 65_536}}
        self.assertEqual(self.alice.refusal("PUT", f"{KEYS}/!a/s", large, query), (413, "M_TOO_LARGE"))
        self.assertEqual(self.alice.refusal("GET", KEYS), (400, missing))

        self.assertEqual(self.get(), {"rooms": {}})

    @law(max_examples=25)
    @given(
        st.lists(st.tuples(st.booleans(), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=4, unique=True)
    )
    def test_the_best_key_stays(self, ranks: list[tuple[bool, int, int]]) -> None:
        """Verified before not, then the lower first index, then the lower count of forwardings; in whatever order
        they come."""
        user = self.new_user("alice")
        query = {"version": new_backup(user)}
        keys = [key(str(one), verified=one[0], index=one[1], forwarded=one[2]) for one in ranks]
        best = keys[ranks.index(best_of(ranks))]
        for number, order in enumerate(permutations(keys)):
            for one in order:
                user.put(f"{KEYS}/!a/s{number}", one, query)
        kept = user.get(f"{KEYS}/!a", query)["sessions"]

        self.assertEqual(list(kept.values()), [best] * len(kept))


def best_of(ranks: list[tuple[bool, int, int]]) -> tuple[bool, int, int]:
    """By the words of the specification, one after the other."""
    verified = [one for one in ranks if one[0]] or ranks
    lowest_index = min(one[1] for one in verified)
    earliest = [one for one in verified if one[1] == lowest_index]
    lowest_count = min(one[2] for one in earliest)
    return next(one for one in earliest if one[2] == lowest_count)


KeyBackupTestOnPostgres = on_postgres(KeyBackupTest)
