"""What administrators do with files.

https://element-hq.github.io/synapse/latest/admin_api/media_admin_api.html
"""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import Any, ClassVar

from tests.slices.media.files import download, exchange, files_below, image, thumbnail, upload
from tests.support.administrators import new_administrator
from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase, HomeserverCase

ADMIN = "/_synapse/admin/v1"
_GONE = (404, "M_NOT_FOUND")
_LATER_MS = 10_000


def in_room(user: User, room_id: str, *uris: str) -> None:
    """Show files: one plainly, others in the other places of events."""
    contents: list[dict[str, Any]] = [
        {"msgtype": "m.image", "body": "i", "url": uris[0]},
        *({"msgtype": "m.file", "body": "f", "file": {"url": one}} for one in uris[1:2]),
        *({"msgtype": "m.image", "body": "i", "info": {"thumbnail_url": one}} for one in uris[2:3]),
        *({"msgtype": "m.image", "body": "i", "info": {"thumbnail_file": {"url": one}}} for one in uris[3:]),
    ]
    for content in contents:
        user.put(f"/rooms/{room_id}/send/m.room.message/{secrets.token_hex(8)}", content)


class QuarantineTest(HomeserverCase):
    """What is in quarantine is there for nobody."""

    def setUp(self) -> None:
        self.admin, self.alice = new_administrator(self.server), self.new_user("alice")

    def upload(self, content: bytes | None = None) -> str:
        """Of Alice's; new content unless some is given."""
        return upload(self.alice, content or secrets.token_bytes(30))

    def is_gone(self, place: str) -> bool:
        """For everybody, on every path."""
        answers = [download(self.alice, place), thumbnail(self.alice, place, width=32, height=32)]
        answers.append(exchange(self.server.url, "GET", f"/_matrix/media/v3/download/{place}"))
        gone = [one.status == 404 and one.error == _GONE for one in answers]
        self.assertIn(gone, ([True] * 3, [False, False, True]))
        return gone[0]

    def test_one_file(self) -> None:
        """With every other file of the same content, also what is uploaded later; until it is taken out again."""
        content = image(40, 40)
        first, second, other = self.upload(content), self.upload(content), self.upload(image(41, 41))
        self.assertEqual(self.admin.post(f"{ADMIN}/media/quarantine/{first}"), {})
        self.assertEqual([self.is_gone(one) for one in (first, second, other)], [True, True, False])
        third = self.upload(content)
        self.assertTrue(self.is_gone(third))
        self.admin.post(f"{ADMIN}/media/unquarantine/{second}")
        fourth = self.upload(content)
        self.assertEqual([self.is_gone(one) for one in (first, second, third, fourth)], [False] * 4)

    def test_an_upload_that_was_announced(self) -> None:
        """Its content counts when it comes."""
        content = secrets.token_bytes(30)
        self.admin.post(f"{ADMIN}/media/quarantine/{self.upload(content)}")
        place = self.alice.post("/_matrix/media/v1/create")["content_uri"].removeprefix("mxc://")
        exchange(self.server.url, "PUT", f"/_matrix/media/v3/upload/{place}", token=self.alice.token, content=content)
        self.assertEqual(download(self.alice, place).error, _GONE)

    def test_the_files_of_a_room(self) -> None:
        """Plain, encrypted, and thumbnails; not the members' faces."""
        places = [self.upload() for _ in range(5)]
        uris = [f"mxc://{one}" for one in places]
        self.alice.put(f"/profile/{self.alice.user_id}/avatar_url", {"avatar_url": uris[4]})
        room_id = self.alice.post("/createRoom")["room_id"]
        in_room(self.alice, room_id, *uris[:4])
        self.assertEqual(self.admin.get(f"{ADMIN}/room/{room_id}/media"), {"local": uris[:4], "remote": []})
        answer = self.admin.post(f"{ADMIN}/room/{room_id}/media/quarantine")
        self.assertEqual(answer, {"num_quarantined": 4})
        self.assertEqual([self.is_gone(one) for one in places], [True] * 4 + [False])
        self.assertEqual(self.admin.post(f"{ADMIN}/quarantine_media/{room_id}"), {"num_quarantined": 0})
        self.assertEqual(self.admin.refusal("POST", f"{ADMIN}/room/!none:x/media/quarantine"), _GONE)

    def test_the_files_of_a_user(self) -> None:
        """But those that are protected."""
        places = [self.upload() for _ in range(3)]
        media_id = places[1].partition("/")[2]
        self.assertEqual(self.admin.post(f"{ADMIN}/media/protect/{media_id}"), {})
        path = f"{ADMIN}/user/{self.alice.user_id}/media/quarantine"
        self.assertEqual(self.admin.post(path), {"num_quarantined": 2})
        self.assertEqual([self.is_gone(one) for one in places], [True, False, True])
        self.admin.post(f"{ADMIN}/media/unprotect/{media_id}")
        self.assertEqual(self.admin.post(path), {"num_quarantined": 1})

    def test_a_content(self) -> None:
        """By its hash, whether it is here or not."""
        content = secrets.token_bytes(30)
        sha256 = hashlib.sha256(content).hexdigest()
        self.assertEqual(self.admin.post(f"{ADMIN}/media/quarantine_by_hash/{sha256}"), {"num_quarantined": 0})
        place = self.upload(content)
        self.assertTrue(self.is_gone(place))
        answer = self.admin.post(f"{ADMIN}/media/unquarantine_by_hash/{sha256.upper()}")
        self.assertEqual(answer, {"num_unquarantined": 1})
        self.assertFalse(self.is_gone(place))
        refused = self.admin.refusal("POST", f"{ADMIN}/media/quarantine_by_hash/abc")
        self.assertEqual(refused, (400, "M_INVALID_PARAM"))

    def test_only_for_administrators(self) -> None:
        """403, whatever is asked for."""
        room_id = self.alice.post("/createRoom")["room_id"]
        paths = (
            *(("POST", f"media/{verb}/{self.upload()}") for verb in ("quarantine", "unquarantine")),
            *(("POST", f"media/{verb}/x") for verb in ("protect", "unprotect", "quarantine_by_hash")),
            ("POST", "media/unquarantine_by_hash/x"),
            ("POST", f"room/{room_id}/media/quarantine"),
            ("POST", f"user/{self.alice.user_id}/media/quarantine"),
            ("GET", f"room/{room_id}/media"),
            *((method, f"users/{self.alice.user_id}/media") for method in ("GET", "DELETE")),
            *((method, f"media/{self.upload()}") for method in ("GET", "DELETE")),
            *(("POST", path) for path in ("media/delete", "purge_media_cache")),
            ("GET", "statistics/users/media"),
        )
        for method, path in paths:
            with self.subTest(method, path=path):
                self.assertEqual(self.alice.refusal(method, f"{ADMIN}/{path}"), (403, "M_FORBIDDEN"))


class LookingUpTest(HomeserverCase):
    """Lists of files, and deleting."""

    def setUp(self) -> None:
        self.admin, self.alice = new_administrator(self.server), self.new_user("alice")

    def test_what_is_known_of_a_file(self) -> None:
        """404 for one that is not here."""
        place = upload(self.alice, b"one two", "text/plain", "a.txt")
        info = self.admin.get(f"{ADMIN}/media/{place}")["media_info"]
        origin, _, media_id = place.partition("/")
        self.assertAlmostEqual(info.pop("created_ts"), time.time() * 1000, delta=60_000)
        self.assertAlmostEqual(info.pop("last_access_ts"), time.time() * 1000, delta=60_000)
        expected = {
            "media_origin": origin,
            "media_id": media_id,
            "user_id": self.alice.user_id,
            "media_length": 7,
            "media_type": "text/plain",
            "upload_name": "a.txt",
            "quarantined_by": None,
            "safe_from_quarantine": False,
            "authenticated": True,
            "sha256": hashlib.sha256(b"one two").hexdigest(),
        }
        self.assertEqual(info, expected)
        self.assertEqual(self.admin.refusal("GET", f"{ADMIN}/media/{origin}/none"), _GONE)
        self.admin.post(f"{ADMIN}/media/quarantine/{place}")
        info = self.admin.get(f"{ADMIN}/media/{place}")["media_info"]
        self.assertEqual(info["quarantined_by"], self.admin.user_id)

    def test_the_files_of_a_user(self) -> None:
        """In pages, newest first unless something else is wished."""
        ids = [upload(self.alice, b"x" * size).partition("/")[2] for size in (3, 1, 2)]
        path = f"{ADMIN}/users/{self.alice.user_id}/media"
        answer = self.admin.get(path, {"limit": 2})
        self.assertEqual((answer["total"], answer["next_token"], len(answer["media"])), (3, 2, 2))
        answer = self.admin.get(path, {"from": 2})
        self.assertEqual((len(answer["media"]), "next_token" in answer), (1, False))
        answer = self.admin.get(path, {"order_by": "media_length"})
        self.assertEqual([one["media_id"] for one in answer["media"]], [ids[1], ids[2], ids[0]])
        answer = self.admin.get(path, {"order_by": "media_length", "dir": "b"})
        self.assertEqual([one["media_length"] for one in answer["media"]], [3, 2, 1])
        cases: tuple[tuple[str, dict[str, Any], tuple[int, str]], ...] = (
            (path, {"order_by": "x"}, (400, "M_INVALID_PARAM")),
            (path, {"from": -1}, (400, "M_INVALID_PARAM")),
            (f"{ADMIN}/users/@a:elsewhere/media", {}, (400, "M_INVALID_PARAM")),
            (f"{ADMIN}/users/@none:{self.server.name}/media", {}, _GONE),
        )
        for wrong, query, error in cases:
            with self.subTest(wrong, query=query):
                self.assertEqual(self.admin.refusal("GET", wrong, query=query), error)

    def test_deleting(self) -> None:
        """With its bytes and its thumbnails; a content goes with the last file that has it."""
        content = image(300, 200)
        before = files_below(self.server.media_folder)
        first, second = upload(self.alice, content), upload(self.alice, content)
        thumbnail(self.alice, first, width=32, height=32, method="crop")
        self.assertEqual(len(files_below(self.server.media_folder)), len(before) + 2)
        answer = self.admin.delete(f"{ADMIN}/media/{first}")
        self.assertEqual(answer, {"deleted_media": [first.partition("/")[2]], "total": 1})
        self.assertEqual(download(self.alice, first).error, _GONE)
        self.assertEqual(download(self.alice, second).content, content)
        self.assertEqual(self.admin.delete(f"{ADMIN}/users/{self.alice.user_id}/media")["total"], 1)
        self.assertEqual(files_below(self.server.media_folder), before)

    def test_deleting_what_nobody_asked_for(self) -> None:
        """By time and size; what stands for users and rooms is kept, unless that is not wished."""
        places = [upload(self.alice, secrets.token_bytes(size)) for size in (10, 200, 300, 400)]
        avatar, icon = (f"mxc://{one}" for one in places[1:3])
        self.alice.put(f"/profile/{self.alice.user_id}/avatar_url", {"avatar_url": avatar})
        room_id = self.alice.post("/createRoom")["room_id"]
        self.alice.put(f"/rooms/{room_id}/state/m.room.avatar", {"url": icon})
        later = int(time.time() * 1000) + _LATER_MS
        ids = [one.partition("/")[2] for one in places]
        answer = self.admin.post(f"{ADMIN}/media/delete", query={"before_ts": later, "size_gt": 100})
        self.assertEqual(answer, {"deleted_media": [ids[3]], "total": 1})
        path = f"{ADMIN}/media/{self.server.name}/delete"
        answer = self.admin.post(path, query={"before_ts": later, "size_gt": 100, "keep_profiles": "false"})
        self.assertEqual(answer["deleted_media"], ids[1:3])
        self.assertEqual([download(self.alice, one).status for one in places], [200, 404, 404, 404])
        cases: tuple[tuple[dict[str, int], tuple[int, str]], ...] = (
            ({}, (400, "M_MISSING_PARAM")),
            ({"before_ts": int(time.time())}, (400, "M_INVALID_PARAM")),
            ({"before_ts": -1}, (400, "M_INVALID_PARAM")),
        )
        for query, error in cases:
            with self.subTest(query):
                self.assertEqual(self.admin.refusal("POST", f"{ADMIN}/media/delete", query=query), error)

    def test_statistics(self) -> None:
        """How much who has uploaded."""
        bob = self.new_user("bob")
        bob.put(f"/profile/{bob.user_id}/displayname", {"displayname": "Bob"})
        for user, size in ((self.alice, 5), (bob, 7), (bob, 11)):
            upload(user, secrets.token_bytes(size))
        path, term = f"{ADMIN}/statistics/users/media", bob.user_id.partition(":")[0][1:]
        answer = self.admin.get(path, {"search_term": term})
        expected = {"user_id": bob.user_id, "displayname": "Bob", "media_count": 2, "media_length": 18}
        self.assertEqual(answer, {"users": [expected], "total": 1})
        answer = self.admin.get(path, {"order_by": "media_length", "dir": "b", "limit": 1})
        self.assertEqual((answer["users"][0]["user_id"], answer["next_token"]), (bob.user_id, 1))
        self.assertEqual(self.admin.get(path, {"search_term": "%"})["total"], 0)


class OtherServersFilesTest(FederationCase):
    """Files that came from another server."""

    settings: ClassVar = {"enable_authenticated_media": False}

    def setUp(self) -> None:
        self.admin, self.alice, self.bob = new_administrator(self.here), self.here.new_user(), self.there.new_user()

    def test_quarantine(self) -> None:
        """What was fetched, and what was not: neither is fetched again, also when it was deleted here."""
        fetched, unknown, deleted = (upload(self.bob, secrets.token_bytes(30)) for _ in range(3))
        self.assertEqual([download(self.alice, one).status for one in (fetched, deleted)], [200, 200])
        for place in (fetched, unknown, deleted):
            self.admin.post(f"{ADMIN}/media/quarantine/{place}")
        self.assertEqual(self.admin.delete(f"{ADMIN}/media/{deleted}")["total"], 1)
        for place in (fetched, unknown, deleted):
            with self.subTest(place):
                self.assertEqual(download(self.alice, place).error, _GONE)
                self.assertEqual(download(self.bob, place).status, 200)
        self.admin.post(f"{ADMIN}/media/unquarantine/{unknown}")
        self.assertEqual(download(self.alice, unknown).status, 200)

    def test_a_room_of_two_servers(self) -> None:
        """Its files are told apart by where they come from."""
        room_id = self.bob.post("/createRoom", {"preset": "public_chat"})["room_id"]
        self.alice.post(f"/join/{room_id}", {}, {"via": self.there.name})
        uris = [f"mxc://{upload(one, secrets.token_bytes(30))}" for one in (self.alice, self.bob)]
        for uri in uris:
            in_room(self.alice, room_id, uri)
        answer = self.admin.get(f"{ADMIN}/room/{room_id}/media")
        self.assertEqual(answer, {"local": [uris[0]], "remote": [uris[1]]})
        self.assertEqual(self.admin.post(f"{ADMIN}/room/{room_id}/media/quarantine"), {"num_quarantined": 2})
        for uri in uris:
            self.assertEqual(download(self.alice, uri.removeprefix("mxc://")).error, _GONE)

    def test_purging(self) -> None:
        """What was fetched is fetched anew when it is asked for."""
        before = files_below(self.here.media_folder)
        place = upload(self.bob, secrets.token_bytes(30))
        download(self.alice, place)
        later = int(time.time() * 1000) + _LATER_MS
        answer = self.admin.post(f"{ADMIN}/purge_media_cache", query={"before_ts": later})
        self.assertGreaterEqual(answer["deleted"], 1)
        self.assertEqual(self.admin.refusal("GET", f"{ADMIN}/media/{place}"), _GONE)
        self.assertLessEqual(len(files_below(self.here.media_folder)), len(before))
        self.assertEqual(download(self.alice, place).status, 200)


QuarantineTestOnPostgres = on_postgres(QuarantineTest)
LookingUpTestOnPostgres = on_postgres(LookingUpTest)
OtherServersFilesTestOnPostgres = on_postgres(OtherServersFilesTest)
