"""Devices that nobody is logged in with.

https://github.com/matrix-org/matrix-spec-proposals/pull/3814
"""

from __future__ import annotations

import secrets
from urllib.parse import quote

from homeserver.protocol.base64 import encode_base64
from tests.slices.to_device.test_to_device import send
from tests.support.api_client import Json, User
from tests.support.crypto_device import CryptoDevice, claim, query
from tests.support.databases import on_postgres
from tests.support.homeserver import PASSWORD, HomeserverCase

PATH = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device"
DATA = {"algorithm": "m.dehydration.v2", "device_pickle": "c2VjcmV0", "nonce": "bm9uY2U"}


def events_path(device_id: str) -> str:
    """Where the device's messages are; its id is Base64."""
    return f"{PATH}/{quote(device_id, safe='')}/events"


class DehydratedDeviceTest(HomeserverCase):
    """Alice leaves a device; Bob writes to it."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")

    def dehydrated(self) -> User:
        """A device of Alice's with a new name, which has slashes as Base64 has; without a login."""
        device_id = f"a/b+{encode_base64(secrets.token_bytes(24))}"
        return User(
            self.alice.url,
            {"access_token": self.alice.token, "user_id": self.alice.user_id, "device_id": device_id},
        )

    def put(self, device: User, **body: object) -> CryptoDevice:
        """Leave it, with a one-time key and a fallback key."""
        crypto = CryptoDevice(device)
        self.one_time, self.fallback = crypto.one_time_keys(1), crypto.fallback_key()
        content = {
            "device_id": device.device_id,
            "device_data": DATA,
            "device_keys": crypto.keys,
            "one_time_keys": self.one_time,
            "fallback_keys": self.fallback,
            **body,
        }
        self.assertEqual(self.alice.put(PATH, content), {"device_id": device.device_id})
        return crypto

    def test_it_is_kept_with_its_keys(self) -> None:
        """Others see it as a device, whose keys can be claimed; it is what it was left as."""
        device = self.dehydrated()
        crypto = self.put(device, initial_device_display_name="Dehydrated")

        self.assertEqual(self.alice.get(PATH), {"device_id": device.device_id, "device_data": DATA})
        keys = query(self.bob, self.alice)["device_keys"][self.alice.user_id]
        self.assertEqual(keys[device.device_id]["keys"], crypto.keys["keys"])
        self.assertEqual(claim(self.bob, device), [self.one_time])
        self.assertEqual(claim(self.bob, device), [self.fallback])
        shown = {one["device_id"]: one["display_name"] for one in self.alice.get("/devices")["devices"]}
        self.assertEqual(shown[device.device_id], "Dehydrated")

    def test_messages_to_it_are_read_in_pages_as_often_as_one_likes(self) -> None:
        """In order; the last page names no next one. Older clients go on until a page is empty."""
        device = self.dehydrated()
        self.put(device)
        for number in range(150):
            send(self.bob, {self.alice.user_id: {device.device_id: {"n": number}}})
        path = events_path(device.device_id)

        for _ in range(2):
            first = self.alice.get(path)
            second = self.alice.get(path, {"from": first["next_batch"]})
            read = [event["content"]["n"] for event in first["events"] + second["events"]]
            self.assertEqual(read, list(range(150)))
            self.assertNotIn("next_batch", second)
        pages: list[int] = []
        body: Json = {}
        while not pages or pages[-1]:
            page = self.alice.post(path, body)
            pages.append(len(page["events"]))
            body = {"next_batch": page["next_batch"]}
        self.assertEqual(sum(pages), 150)

    def test_a_new_one_takes_the_place_of_the_one_before(self) -> None:
        """Also under the same id: messages to the old one are for nobody."""
        old, new = self.dehydrated(), self.dehydrated()
        self.put(old)
        self.put(new)
        send(self.bob, {self.alice.user_id: {new.device_id: {"n": 1}}})

        devices = {one["device_id"] for one in self.alice.get("/devices")["devices"]}
        self.assertEqual(devices, {self.alice.device_id, new.device_id})
        self.assertEqual(self.alice.refusal("GET", events_path(old.device_id)), (403, "M_FORBIDDEN"))
        self.put(new)
        self.assertEqual(self.alice.get(events_path(new.device_id)), {"events": []})

    def test_it_goes_when_it_is_deleted(self) -> None:
        """By its own endpoint, without confirmation, or as any device with it."""
        device = self.dehydrated()
        self.put(device)
        self.assertEqual(self.alice.delete(PATH), {"device_id": device.device_id})
        for method in ("GET", "DELETE"):
            self.assertEqual(self.alice.refusal(method, PATH), (404, "M_NOT_FOUND"))
        self.assertEqual(query(self.bob, self.alice)["device_keys"][self.alice.user_id], {})

        self.put(device)
        identifier = {"type": "m.id.user", "user": self.alice.user_id}
        auth = {"type": "m.login.password", "identifier": identifier, "password": PASSWORD}
        session = self.alice.request("POST", "/delete_devices", {"devices": [device.device_id]}).json["session"]
        self.alice.post("/delete_devices", {"devices": [device.device_id], "auth": {**auth, "session": session}})

        self.assertEqual(self.alice.refusal("GET", PATH), (404, "M_NOT_FOUND"))

    def test_it_outlives_all_logins(self) -> None:
        """It is there for who has logged out everywhere, and has collected what came meanwhile."""
        device = self.dehydrated()
        self.put(device)
        self.alice.post("/logout/all")
        send(self.bob, {self.alice.user_id: {"*": {"n": 1}}})
        again = self.alice.log_in_again()

        events = again.get(events_path(device.device_id))["events"]

        self.assertEqual([event["content"] for event in events], [{"n": 1}])

    def test_it_goes_with_the_account(self) -> None:
        """Nobody sees keys of it any more."""
        self.put(self.dehydrated())
        identifier = {"type": "m.id.user", "user": self.alice.user_id}
        auth = {"type": "m.login.password", "identifier": identifier, "password": PASSWORD}
        session = self.alice.request("POST", "/account/deactivate", {}).json["session"]
        self.alice.post("/account/deactivate", {"auth": {**auth, "session": session}})

        self.assertEqual(query(self.bob, self.alice)["device_keys"].get(self.alice.user_id, {}), {})

    def test_what_is_wrong_changes_nothing(self) -> None:
        """The device from before is still there."""
        device = self.dehydrated()
        self.put(device)
        other = self.dehydrated()
        good: Json = {
            "device_id": other.device_id,
            "device_data": DATA,
            "device_keys": CryptoDevice(other).keys,
        }
        cases: list[tuple[Json, tuple[int, str]]] = [
            ({"device_id": 1}, (400, "M_BAD_JSON")),
            ({"device_id": ""}, (400, "M_INVALID_PARAM")),
            ({"device_id": "x" * 300}, (400, "M_INVALID_PARAM")),
            ({"device_data": "x"}, (400, "M_BAD_JSON")),
            ({"device_data": {}}, (400, "M_BAD_JSON")),
            ({"device_data": {"algorithm": "x", "device_pickle": "x" * 70_000}}, (413, "M_TOO_LARGE")),
            ({"initial_device_display_name": 1}, (400, "M_BAD_JSON")),
            ({"device_keys": CryptoDevice(device).keys}, (400, "M_INVALID_PARAM")),
            ({"device_keys": None}, (400, "M_BAD_JSON")),
            ({"one_time_keys": []}, (400, "M_BAD_JSON")),
            ({"device_id": self.alice.device_id, "device_keys": CryptoDevice(self.alice).keys}, (403, "M_FORBIDDEN")),
        ]
        for wrong, expected in cases:
            with self.subTest(wrong=str(wrong)[:80]):
                self.assertEqual(self.alice.refusal("PUT", PATH, {**good, **wrong}), expected)
        for name in good:
            with self.subTest(missing=name):
                body = {field: value for field, value in good.items() if field != name}
                self.assertEqual(self.alice.refusal("PUT", PATH, body), (400, "M_MISSING_PARAM"))

        self.assertEqual(self.alice.get(PATH)["device_id"], device.device_id)
        self.assertEqual(claim(self.bob, device), [self.one_time])
        for token in ("x", "-1", "9" * 40):
            path = events_path(device.device_id)
            self.assertEqual(self.alice.refusal("GET", path, query={"from": token}), (400, "M_INVALID_PARAM"))
            self.assertEqual(self.alice.refusal("POST", path, {"next_batch": token}), (400, "M_INVALID_PARAM"))


DehydratedDeviceTestOnPostgres = on_postgres(DehydratedDeviceTest)
