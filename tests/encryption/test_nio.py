"""Two people on two servers with matrix-nio: what they say is encrypted, and they can tell who they talk to."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from nio.crypto import SasState

from tests.encryption.nio_client import NioClient, until
from tests.federation.two_servers import history, wait_for_section
from tests.support.api_client import User
from tests.support.homeserver import FederationCase

_ENCRYPTED = {"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}


class NioTest(FederationCase):
    """Alice is here, Bob is there; each test has others of them, in an encrypted room of both."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="hearth-nio-")))
        self.alice, self.bob = self.here.new_user("alice"), self.there.new_user("bob")
        self.room = self.alice.create_room(preset="private_chat", invite=[self.bob.user_id], initial_state=[_ENCRYPTED])
        wait_for_section(self.bob, "invite", self.room)
        self.bob.join(self.room)

    def device(self, user: User) -> NioClient:
        """A client with nothing in its memory."""
        folder = self.folder / user.device_id
        folder.mkdir()
        return NioClient(user, folder)

    def run_with(self, *clients: NioClient, what: Callable[[], Awaitable[None]]) -> None:
        """Do something with clients that are open."""

        async def whole() -> None:
            try:
                for each in clients:
                    await each.open()
                await what()
            finally:
                for each in clients:
                    await each.client.close()

        asyncio.run(whole())

    def test_messages_both_ways(self) -> None:
        """Each reads the other; the servers have nothing that can be read."""
        alice, bob = self.device(self.alice), self.device(self.bob)

        async def talk() -> None:
            await until([alice, bob], lambda: alice.device_of(bob) and bob.device_of(alice))
            for number in range(3):
                await alice.say(self.room, f"from alice {number}")
                await until([alice, bob], lambda: f"from alice {number}" in bob.texts)  # noqa: B023
                await bob.say(self.room, f"from bob {number}")
                await until([alice, bob], lambda: f"from bob {number}" in alice.texts)  # noqa: B023

        self.run_with(alice, bob, what=talk)

        expected = [text for number in range(3) for text in (f"from alice {number}", f"from bob {number}")]
        self.assertEqual((alice.texts, bob.texts), (expected, expected))
        self.assertEqual((alice.unread, bob.unread), ([], []))
        kinds = {event["type"] for event in history(self.bob, self.room) if event["content"].get("ciphertext")}
        self.assertEqual(kinds, {"m.room.encrypted"})
        self.assertNotIn("from alice", str(history(self.bob, self.room)))

    def test_a_new_device_is_given_the_keys(self) -> None:
        """It cannot read what was said before it, asks the user's other device, and then reads it."""
        alice, old, new = self.device(self.alice), self.device(self.bob), self.device(self.bob.log_in_again())

        async def share() -> None:
            await until([alice, old], lambda: alice.device_of(old))
            await alice.say(self.room, "before the new device")
            await until([alice, old], lambda: old.texts)
            await new.open()
            event = (await until([new], lambda: new.unread))[0]
            await until([old, new], lambda: old.device_of(new) and new.device_of(old))
            old.client.verify_device(old.device_of(new))
            new.client.verify_device(new.device_of(old))

            await new.client.request_room_key(event)
            # The other device needs a one-time key of the new one first, and goes on at the next thing it hears of.
            await until([alice, old], lambda: alice.device_of(new) and old.has_session_with(new))
            await alice.say(self.room, "to both")
            await until([old, new], lambda: "to both" in old.texts and "to both" in new.texts)
            await until([old, new], lambda: new.client.olm.inbound_group_store.get(*_session(self.room, event)))

            self.assertEqual(new.client.decrypt_event(event).body, "before the new device")

        try:
            self.run_with(alice, old, what=share)
        finally:
            asyncio.run(new.client.close())

    def test_verification_by_emoji(self) -> None:
        """Both see the same seven, say so, and know each other's device as verified; its messages went over two
        servers."""
        alice, bob = self.device(self.alice), self.device(self.bob)

        async def verify() -> None:
            await until([alice, bob], lambda: alice.device_of(bob) and bob.device_of(alice))
            await alice.client.start_key_verification(alice.device_of(bob))
            transaction_id = (await until([alice, bob], lambda: bob.verifications))[0].transaction_id
            await bob.client.accept_key_verification(transaction_id)
            hers, his = (each.client.key_verifications[transaction_id] for each in (alice, bob))
            await until([alice, bob], lambda: hers.state is his.state is SasState.key_received)
            self.assertEqual(hers.get_emoji(), his.get_emoji())
            self.assertEqual(len(hers.get_emoji()), 7)

            for each in (alice, bob):
                await each.client.confirm_short_auth_string(transaction_id)
            await until([alice, bob], lambda: hers.verified and his.verified)

            self.assertTrue(alice.device_of(bob).verified)
            self.assertTrue(bob.device_of(alice).verified)

        self.run_with(alice, bob, what=verify)


def _session(room_id: str, event: object) -> tuple[str, str, str]:
    return room_id, event.sender_key, event.session_id  # type: ignore[attr-defined]
