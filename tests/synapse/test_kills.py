"""A Synapse or a Hearth is killed while the other talks on: afterwards both hold everything, once."""

from __future__ import annotations

from tests.federation.two_servers import history, texts, wait_for_membership
from tests.support.api_client import Json, User
from tests.synapse.servers import need_synapse
from tests.synapse.synapse_case import VERSIONS, SynapseCase, room_of_two

need_synapse()


class KillsTest(SynapseCase):
    """A room of each version is talked in at once, so that each server dies and comes back once a test."""

    def rooms(self, ann: User, bob: User) -> list[str]:
        """A room of each version, of both."""
        return [room_of_two(ann, bob, version) for version in VERSIONS]

    def test_who_was_down_catches_up(self) -> None:
        """More than a `/sync`, a transaction or a page of history holds is said while a server is dead; state changes
        too. Another message then brings all of it, also to where nobody looked before."""
        for one, other in ((self.hearth, self.synapse), (self.synapse, self.hearth)):
            with self.subTest(killed=other.name, is_synapse_killed=other is self.synapse):
                ann, bob = one.new_user("ann"), other.new_user("bob")
                rooms = self.rooms(ann, bob)
                for room in rooms:
                    bob.wait_for_event(room, ann.send(room, "first"))

                other.process.kill()
                for room in rooms:
                    for number in range(60):
                        ann.send(room, f"alone {number}")
                    ann.set_state(room, "m.room.topic", {"topic": "Where are you?"})
                other.process.start()

                for room in rooms:
                    bob.wait_for_event(room, ann.send(room, "there you are"))
                    ann.wait_for_event(room, bob.send(room, "I slept"))
                    said = ["first", *(f"alone {number}" for number in range(60)), "there you are", "I slept"]
                    self.assertEqual(texts(history(ann, room)), said)
                    self.assertEqual(texts(history(bob, room)), said)
                    self.assertEqual(bob.state(room, "m.room.topic")["topic"], "Where are you?")
                    self.assert_same_state(ann, bob, room)

    def test_what_was_said_before_the_kill_is_sent_after_it(self) -> None:
        """The server that has accepted messages is killed before the other, which was down, could have them."""
        for one, other in ((self.hearth, self.synapse), (self.synapse, self.hearth)):
            with self.subTest(sender=one.name, is_synapse_down=other is self.synapse):
                ann, bob = one.new_user("ann"), other.new_user("bob")
                rooms = self.rooms(ann, bob)
                for room in rooms:
                    wait_for_membership(bob, room, ann, "join")

                other.process.kill()
                last = {room: [ann.send(room, f"{number}") for number in range(5)][-1] for room in rooms}
                to_devices = {bob.user_id: {bob.device_id: {"n": 1}}}
                ann.put("/sendToDevice/org.example.kind/1", {"messages": to_devices})
                one.process.kill()
                other.process.start()
                one.process.start()

                bob.sync_until(lambda answer: answer.get("to_device", {}).get("events"))
                for room in rooms:
                    bob.wait_for_event(room, last[room])
                    self.assertEqual(texts(history(bob, room)), ["0", "1", "2", "3", "4"])

    def test_both_talked_alone(self) -> None:
        """Each is killed in turn, so that both have said what the other has not heard: a fork that heals."""
        ann, bob = self.hearth.new_user("ann"), self.synapse.new_user("bob")
        rooms = self.rooms(ann, bob)
        for room in rooms:
            levels = ann.state(room, "m.room.power_levels")
            levels["users"] = {**levels.get("users", {}), bob.user_id: 50}
            bob.wait_for_event(room, ann.set_state(room, "m.room.power_levels", levels))

        self.synapse.process.kill()
        for room in rooms:
            ann.set_state(room, "m.room.topic", {"topic": "ann's"})
            ann.send(room, "ann alone")
        self.hearth.process.kill()
        self.synapse.process.start()
        for room in rooms:
            bob.set_state(room, "m.room.topic", {"topic": "bob's"})
            bob.set_state(room, "m.room.name", {"name": "bob's"})
            bob.send(room, "bob alone")
        self.hearth.process.start()

        for room in rooms:
            bob.wait_for_event(room, ann.send(room, "ann again"))
            ann.wait_for_event(room, bob.send(room, "bob again"))
            for user in (ann, bob):
                self.wait_for_texts(user, room, {"ann alone", "bob alone", "ann again", "bob again"})
            self.assert_same_state(ann, bob, room)

    def wait_for_texts(self, user: User, room: str, expected: set[str]) -> None:
        """Until a user reads these and nothing else, each once."""

        def are_there(_: Json) -> bool:
            return sorted(texts(history(user, room))) == sorted(expected)

        user.sync_until(are_there)
