"""What a Synapse and a Hearth tell each other about people: profiles, typing, receipts, presence, devices."""

from __future__ import annotations

from tests.support.api_client import Json, User
from tests.synapse.servers import need_synapse
from tests.synapse.synapse_case import SynapseCase, both_ways, joined_events, room_of_two

need_synapse()


class PeopleTest(SynapseCase):
    """In both directions; none of it depends on the room's version but by what room it is."""

    @both_ways
    def test_a_profile_without_media(self, version: str, ann: User, bob: User) -> None:
        """It is read across, and shared rooms show a change of it."""
        ann.put(f"/profile/{ann.user_id}/displayname", {"displayname": "Ann"})
        room = room_of_two(ann, bob, version)

        self.assertEqual(bob.get(f"/profile/{ann.user_id}")["displayname"], "Ann")
        self.assertEqual(bob.get(f"/profile/{ann.user_id}/displayname"), {"displayname": "Ann"})
        self.assertEqual(bob.state(room, "m.room.member", ann.user_id)["displayname"], "Ann")
        bob.put(f"/profile/{bob.user_id}/displayname", {"displayname": "Bob the second"})

        def is_renamed(_: Json) -> bool:
            name = ann.state(room, "m.room.member", bob.user_id).get("displayname")
            return bool(name == "Bob the second")

        ann.sync_until(is_renamed)
        self.assertEqual(bob.request("GET", f"/profile/@nobody:{self.peer_of(ann).name}").error, (404, "M_NOT_FOUND"))

    @both_ways
    def test_typing(self, version: str, ann: User, bob: User) -> None:
        """Seen while it lasts, gone when it ends."""
        room = room_of_two(ann, bob, version)
        since = bob.sync()["next_batch"]
        path = f"/rooms/{room}/typing/{ann.user_id}"

        ann.put(path, {"typing": True, "timeout": 20_000})
        bob.sync_until(lambda answer: [ann.user_id] in typing(answer, room), since)
        ann.put(path, {"typing": False})
        bob.sync_until(lambda answer: [] in typing(answer, room), since)

    @both_ways
    def test_receipts(self, version: str, ann: User, bob: User) -> None:
        """The public one is seen, the private one is not."""
        room = room_of_two(ann, bob, version)
        hidden, shown = bob.send(room, "one"), bob.send(room, "two")
        ann.wait_for_event(room, shown)
        ann.post(f"/rooms/{room}/receipt/m.read.private/{hidden}")

        ann.post(f"/rooms/{room}/receipt/m.read/{shown}", {"thread_id": "main"})

        receipts = bob.sync_until(lambda answer: receipts_of(answer, room, ann.user_id))
        self.assertEqual([(event_id, kind) for event_id, kind, _ in receipts], [(shown, "m.read")])
        self.assertEqual(receipts[0][2]["thread_id"], "main")

    @both_ways
    def test_presence(self, version: str, ann: User, bob: User) -> None:
        """Who shares a room is told who is there, with their words."""
        room_of_two(ann, bob, version)
        words = f"words of {ann.localpart}"

        ann.put(f"/presence/{ann.user_id}/status", {"presence": "online", "status_msg": words})

        bob.sync_until(lambda answer: words in statuses(answer, ann.user_id))

    @both_ways
    def test_public_rooms(self, version: str, ann: User, bob: User) -> None:
        """A room in the directory of the one is found by users of the other."""
        name = f"Hall of {ann.localpart}"
        room = ann.create_room(room_version=version, preset="public_chat", visibility="public", name=name)

        query = {"server": self.peer_of(ann).name}
        body = {"filter": {"generic_search_term": name}}

        def found(_: Json) -> list[Json]:
            chunk: list[Json] = bob.post("/publicRooms", body, query)["chunk"]
            return chunk

        # Synapse counts the members of its rooms a little later.
        chunk = bob.sync_until(found)
        self.assertEqual([(one["room_id"], one["num_joined_members"]) for one in chunk], [(room, 1)])

    @both_ways
    def test_messages_to_devices(self, version: str, ann: User, bob: User) -> None:
        """In order, once, to the device or to all."""
        for number in range(5):
            content = {bob.user_id: {bob.device_id if number % 2 else "*": {"n": number}}}
            ann.put(f"/sendToDevice/org.example.kind/{number}", {"messages": content})
        seen: list[Json] = []

        def heard(answer: Json) -> bool:
            seen.extend(answer.get("to_device", {}).get("events", []))
            return len(seen) >= 5

        bob.sync_until(heard)
        self.assertEqual(
            [(each["sender"], each["content"]["n"]) for each in seen],
            [(ann.user_id, number) for number in range(5)],
        )


def typing(answer: Json, room_id: str) -> list[list[str]]:
    """Who types, in each notice of an answer."""
    events = joined_events(answer, room_id, "ephemeral")
    return [event["content"]["user_ids"] for event in events if event["type"] == "m.typing"]


def receipts_of(answer: Json, room_id: str, user_id: str) -> list[tuple[str, str, Json]]:
    """Event, kind and data of each receipt of a user."""
    return [
        (event_id, kind, users[user_id])
        for event in joined_events(answer, room_id, "ephemeral")
        if event["type"] == "m.receipt"
        for event_id, kinds in event["content"].items()
        for kind, users in kinds.items()
        if user_id in users
    ]


def statuses(answer: Json, user_id: str) -> list[str]:
    """What a user says of themselves in an answer."""
    events: list[Json] = answer.get("presence", {}).get("events", [])
    return [event["content"].get("status_msg", "") for event in events if event["sender"] == user_id]
