"""Reporting events, rooms and users, and what administrators see of it.

https://spec.matrix.org/v1.19/client-server-api/#reporting-content
"""

from __future__ import annotations

import hashlib
import hmac

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import PASSWORD, SHARED_SECRET, HomeserverCase

ADMIN = "/_synapse/admin/v1/event_reports"
NOT_FOUND = (404, "M_NOT_FOUND")


class ReportingTest(HomeserverCase):
    """Alice reports what Bob said."""

    admin: User

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        nonce = cls.server.get("/_synapse/admin/v1/register")["nonce"]
        signed = "\0".join((nonce, "chief", PASSWORD, "admin")).encode()
        mac = hmac.new(SHARED_SECRET.encode(), signed, hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": "chief", "password": PASSWORD, "admin": True, "mac": mac}
        cls.admin = User(cls.server.url, cls.server.post("/_synapse/admin/v1/register", body), PASSWORD)

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)
        self.event = self.bob.send(self.room, "rude")

    def _reports(self) -> list[Json]:
        reports: list[Json] = self.admin.get(ADMIN)["event_reports"]
        return reports

    def test_an_event(self) -> None:
        """Administrators see who reported what, and can put it away."""
        self.alice.post(f"/rooms/{self.room}/report/{self.event}", {"reason": "rude", "score": -100})

        report = self._reports()[0]
        self.assertEqual((report["user_id"], report["sender"]), (self.alice.user_id, self.bob.user_id))
        self.assertEqual((report["event_id"], report["room_id"], report["reason"]), (self.event, self.room, "rude"))
        self.assertEqual(self.admin.get(f"{ADMIN}/{report['id']}"), report)
        self.admin.delete(f"{ADMIN}/{report['id']}")
        self.assertEqual(self.admin.refusal("GET", f"{ADMIN}/{report['id']}"), NOT_FOUND)

    def test_pages(self) -> None:
        """Newest first, or oldest first."""
        for reason in ("one", "two", "three"):
            self.alice.post(f"/rooms/{self.room}/report/{self.event}", {"reason": reason})

        page = self.admin.get(ADMIN, {"limit": 2})
        self.assertEqual([one["reason"] for one in page["event_reports"]], ["three", "two"])
        rest = self.admin.get(ADMIN, {"limit": 1, "from": page["next_token"]})
        self.assertEqual([one["reason"] for one in rest["event_reports"]], ["one"])

    def test_what_cannot_be_reported(self) -> None:
        """Events of rooms one is not in, events that are not there, and misshapen reasons."""
        carol = self.new_user("carol")
        path = f"/rooms/{self.room}/report"

        self.assertEqual(carol.refusal("POST", f"{path}/{self.event}", {}), NOT_FOUND)
        self.assertEqual(self.alice.refusal("POST", f"{path}/$none", {}), NOT_FOUND)
        self.assertEqual(self.alice.refusal("POST", f"{path}/{self.event}", {"reason": 1}), (400, "M_BAD_JSON"))
        long = {"reason": "x" * 5000}
        self.assertEqual(self.alice.refusal("POST", f"{path}/{self.event}", long), (400, "M_INVALID_PARAM"))

    def test_rooms_and_users(self) -> None:
        """From outside too; unknown ones are not found, and a reason has to be there."""
        carol = self.new_user("carol")

        carol.post(f"/rooms/{self.room}/report", {"reason": ""})
        carol.post(f"/users/{self.bob.user_id}/report", {"reason": "rude"})
        self.assertEqual(carol.refusal("POST", f"/rooms/{self.room}/report", {}), (400, "M_MISSING_PARAM"))
        self.assertEqual(carol.refusal("POST", "/rooms/!no:example.org/report", {"reason": ""}), NOT_FOUND)
        self.assertEqual(carol.refusal("POST", f"/users/@no:{self.server.name}/report", {"reason": ""}), NOT_FOUND)
        self.assertEqual(carol.refusal("POST", "/users/no/report", {"reason": ""}), (400, "M_INVALID_PARAM"))

    def test_reports_are_for_administrators(self) -> None:
        """Nobody else reads or deletes them."""
        self.assertEqual(self.alice.refusal("GET", ADMIN), (403, "M_FORBIDDEN"))
        self.assertEqual(self.alice.refusal("DELETE", f"{ADMIN}/1"), (403, "M_FORBIDDEN"))
        self.assertEqual(self.admin.refusal("GET", f"{ADMIN}/one"), (400, "M_INVALID_PARAM"))


ReportingTestOnPostgres = on_postgres(ReportingTest)
