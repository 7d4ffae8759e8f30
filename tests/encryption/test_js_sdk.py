"""Two people on two servers with matrix-js-sdk and its Rust crypto, as the widespread web clients have them."""

from __future__ import annotations

from typing import ClassVar

from tests.encryption.browser_devices import BrowserDevices, browser_devices
from tests.federation.two_servers import wait_for_section
from tests.support.api_client import User
from tests.support.homeserver import PASSWORD, FederationCase

_ENCRYPTED = {"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}


class JsSdkTest(FederationCase):
    """Alice is here, Bob is there, in an encrypted room of both."""

    devices: ClassVar[BrowserDevices]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.devices = cls.enterClassContext(browser_devices())

    def setUp(self) -> None:
        self.alice, self.bob = self.here.new_user("alice"), self.there.new_user("bob")
        self.room = self.alice.create_room(preset="private_chat", invite=[self.bob.user_id], initial_state=[_ENCRYPTED])
        wait_for_section(self.bob, "invite", self.room)
        self.bob.join(self.room)
        self.open("alice", self.alice)
        self.open("bob", self.bob)

    def open(self, name: str, user: User) -> None:
        """Open a device, which is closed again at the end, and wait until it knows who is in the room."""
        self.devices.open(name, user)
        self.addCleanup(self.devices.call, "close", name)
        both = {self.alice.user_id, self.bob.user_id}
        self.devices.until(lambda: set(self.devices.call("members", name, self.room)), lambda seen: seen == both)

    def say(self, name: str, text: str) -> None:
        """Send an encrypted message."""
        self.devices.call("say", name, self.room, text)

    def wait_for_texts(self, name: str, *texts: str) -> None:
        """Until a device reads exactly these in the room."""
        self.devices.until(lambda: self.devices.call("read", name, self.room), lambda seen: seen == list(texts))

    def wait_for_trust(self, name: str, other: User, device_id: str = "", **expected: bool) -> None:
        """Until a device thinks so of another, that of a login or another one of the user's."""
        self.devices.until(
            lambda: self.devices.call("trust", name, other.user_id, device_id or other.device_id),
            lambda trust: expected.items() <= trust.items(),
        )

    def test_messages_both_ways(self) -> None:
        """Each reads the other; also on a device that came later, what was said since."""
        self.say("alice", "one")
        self.wait_for_texts("bob", "one")
        self.say("bob", "two")
        self.wait_for_texts("alice", "one", "two")
        self.open("bob's second", self.bob.log_in_again())
        self.wait_for_texts("bob's second", "?", "?")
        self.say("bob", "three")
        self.wait_for_texts("bob's second", "?", "?", "three")
        self.say("alice", "four")

        for name in ("alice", "bob"):
            self.wait_for_texts(name, "one", "two", "three", "four")
        self.wait_for_texts("bob's second", "?", "?", "three", "four")

    def test_cross_signing_and_key_backup_on_a_second_device(self) -> None:
        """With the recovery key a new device has the user's identity, is trusted by others at once, and reads what was
        said before it was there."""
        self.say("bob", "before")
        self.wait_for_texts("alice", "before")
        recovery_key = self.devices.call("setUp", "alice", PASSWORD)
        self.say("alice", "backed up")
        self.devices.until(lambda: self.alice.get("/room_keys/version")["count"], lambda count: count == 2)
        second = self.alice.log_in_again()
        self.open("alice's second", second)
        self.wait_for_texts("alice's second", "?", "?")

        restored = self.devices.call("restore", "alice's second", recovery_key)

        self.assertEqual(restored, {"imported": 2, "total": 2})
        self.wait_for_texts("alice's second", "before", "backed up")
        for name in ("alice", "bob"):
            self.wait_for_trust(name, second, isSigned=True)

    def test_a_dehydrated_device_collects_keys_while_nobody_is_logged_in(self) -> None:
        """What was said after the only device had logged out is read by the next one, which no other could give the
        keys to."""
        recovery_key = self.devices.call("setUp", "alice", PASSWORD)
        self.devices.call("dehydrate", "alice")
        dehydrated = {one["device_id"] for one in self.alice.get("/devices")["devices"]} - {self.alice.device_id}
        self.wait_for_trust("bob", self.alice, *dehydrated, isSigned=True)
        self.devices.call("close", "alice")
        self.alice.post("/logout")
        self.say("bob", "while she was away")

        second = self.alice.log_in_again()
        self.open("alice", second)
        self.wait_for_texts("alice", "?")
        self.devices.call("restore", "alice", recovery_key)
        self.devices.call("dehydrate", "alice")

        self.wait_for_texts("alice", "while she was away")

    def test_users_verify_each_other_by_emoji(self) -> None:
        """Both see the same seven; afterwards each knows the other as verified, and all devices that they sign."""
        for name in ("alice", "bob"):
            self.devices.call("setUp", name, PASSWORD)
        self.say("alice", "hello")
        self.wait_for_texts("bob", "hello")

        first, second = self.devices.call("compareEmoji", "alice", "bob", self.room)

        self.assertEqual(first, second)
        self.assertEqual(len(first), 7)
        for name, other in (("alice", self.bob), ("bob", self.alice)):
            self.wait_for_trust(name, other, isSigned=True, isVerified=True)
