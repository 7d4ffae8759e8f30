"""A user's devices."""

from __future__ import annotations

from typing import Any

from tests.support.databases import on_postgres
from tests.support.homeserver import PASSWORD, HomeserverCase


class DevicesTest(HomeserverCase):
    """Alice with a laptop and a phone."""

    def setUp(self) -> None:
        self.laptop = self.new_user("alice")
        self.phone = self.laptop.log_in_again(device_id="PHONE", initial_device_display_name="Phone")

    def delete(self, device_ids: list[str]) -> Any:
        """Delete devices, with the password shown."""
        asked = self.laptop.request("POST", "/delete_devices", {"devices": device_ids})
        self.assertEqual(asked.status, 401)
        identifier = {"type": "m.id.user", "user": self.laptop.user_id}
        auth = {"type": "m.login.password", "identifier": identifier, "password": PASSWORD}
        auth["session"] = asked.json["session"]
        return self.laptop.request("POST", "/delete_devices", {"devices": device_ids, "auth": auth})

    def test_every_login_is_a_device(self) -> None:
        """Both are listed, each with all the fields that clients ask for."""
        devices = {one["device_id"]: one for one in self.laptop.get("/devices")["devices"]}

        self.assertEqual(set(devices), {self.laptop.device_id, "PHONE"})
        self.assertEqual(devices["PHONE"]["display_name"], "Phone")
        self.assertLessEqual({"display_name", "last_seen_ip", "last_seen_ts"}, set(devices[self.laptop.device_id]))

    def test_a_device_is_renamed(self) -> None:
        """By another device of the same user."""
        self.laptop.put("/devices/PHONE", {"display_name": "Old phone"})

        self.assertEqual(self.laptop.get("/devices/PHONE")["display_name"], "Old phone")

    def test_a_device_is_its_users_alone(self) -> None:
        """404 M_NOT_FOUND to others, and for devices there are none."""
        other = self.new_user("bob")
        for method, body in (("GET", None), ("PUT", {"display_name": "Mine"})):
            self.assertEqual(other.refusal(method, "/devices/PHONE", body), (404, "M_NOT_FOUND"))
        self.assertEqual(self.laptop.refusal("GET", "/devices/NONE"), (404, "M_NOT_FOUND"))

    def test_a_deleted_device_is_logged_out(self) -> None:
        """Its token ends; the other device goes on."""
        self.delete(["PHONE"]).ok()

        self.assertEqual(self.phone.refusal("GET", "/account/whoami"), (401, "M_UNKNOWN_TOKEN"))
        self.assertEqual([one["device_id"] for one in self.laptop.get("/devices")["devices"]], [self.laptop.device_id])

    def test_the_authentication_is_good_for_the_request_it_was_begun_for(self) -> None:
        """A session begun to delete one device deletes no other."""
        tablet = self.laptop.log_in_again(device_id="TABLET")
        session = self.laptop.request("DELETE", "/devices/PHONE", {}).json["session"]
        identifier = {"type": "m.id.user", "user": self.laptop.user_id}
        auth = {"type": "m.login.password", "identifier": identifier, "password": PASSWORD, "session": session}

        answer = self.laptop.request("DELETE", "/devices/TABLET", {"auth": auth})

        self.assertEqual(answer.error, (403, "M_FORBIDDEN"))
        tablet.get("/account/whoami")


DevicesTestOnPostgres = on_postgres(DevicesTest)
