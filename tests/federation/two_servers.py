"""What tests of federating servers wait for and compare."""

from __future__ import annotations

from tests.support.api_client import Json, User


def history(user: User, room_id: str) -> list[Json]:
    """Every event that a user reads of a room, oldest first, fetched in pages from the end."""
    found: list[Json] = []
    query = {"dir": "b", "limit": 7}
    while True:
        page = user.get(f"/rooms/{room_id}/messages", query)
        found += page["chunk"]
        if "end" not in page:
            return found[::-1]
        query["from"] = page["end"]


def texts(events: list[Json]) -> list[str]:
    """The bodies of messages."""
    return [event["content"]["body"] for event in events if event["type"] == "m.room.message"]


def state_ids(user: User, room_id: str) -> set[str]:
    """The ids of the events that are the room's state."""
    return {event["event_id"] for event in user.get(f"/rooms/{room_id}/state")}


def wait_for_membership(user: User, room_id: str, target: User, membership: str) -> Json:
    """Wait until a user's server shows a membership; returns the member event."""

    def find(_: Json) -> Json | None:
        path = f"/rooms/{room_id}/state/m.room.member/{target.user_id}"
        answer = user.request("GET", path, query={"format": "event"})
        is_found = answer.status == 200 and answer.json["content"]["membership"] == membership
        return answer.json if is_found else None

    return user.sync_until(find)


def wait_for_section(user: User, section: str, room_id: str) -> Json:
    """Wait until a room is in a section of `/sync`; returns what is there."""

    def find(answer: Json) -> Json | None:
        found: Json | None = answer.get("rooms", {}).get(section, {}).get(room_id)
        return found

    return user.sync_until(find, filter={"room": {"include_leave": True}})
