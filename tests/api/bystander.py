"""A user who takes no part: everything of theirs that others might change, to compare before and after."""

from __future__ import annotations

from tests.support.api_client import Json, User

TYPE = "org.example.settings"


class Bystander:
    """With a private room that has an alias and history, a tag, account data, a push rule, a filter and two devices."""

    def __init__(self, user: User) -> None:
        self._user = user
        user.log_in_again(device_id="SECOND")
        self._alias = f"#{user.localpart}:{user.user_id.partition(':')[2]}"
        self._room_id = user.create_room(room_alias_name=user.localpart, name="Private")
        self._event_id = user.send(self._room_id, "a secret")
        user.put(f"/profile/{user.user_id}/displayname", {"displayname": "By Stander"})
        user.put(f"/user/{user.user_id}/account_data/{TYPE}", {"a": 1})
        user.put(f"/user/{user.user_id}/rooms/{self._room_id}/account_data/{TYPE}", {"b": 2})
        user.put(f"/user/{user.user_id}/rooms/{self._room_id}/tags/u.work", {"order": 0.5})
        user.put("/pushrules/global/content/mine", {"pattern": "cake", "actions": ["notify"]})
        user.post(f"/rooms/{self._room_id}/receipt/m.read/{self._event_id}")
        self._filter_id = user.post(f"/user/{user.user_id}/filter", {"room": {"timeline": {"limit": 3}}})["filter_id"]

    def ids(self) -> dict[str, list[str]]:
        """What others may know, by the names that paths have for it."""
        return {
            "userId": [self._user.user_id],
            "roomId": [self._room_id],
            "roomIdOrAlias": [self._room_id, self._alias],
            "eventId": [self._event_id],
            "deviceId": [self._user.device_id, "SECOND"],
            "roomAlias": [self._alias],
            "filterId": [self._filter_id],
            "stateKey": [self._user.user_id],
        }

    def snapshot(self) -> Json:
        """All of it."""
        user, room_id = self._user, self._room_id
        at = f"/user/{user.user_id}"
        messages = user.get(f"/rooms/{room_id}/messages", {"dir": "b", "limit": 200})["chunk"]
        return {
            "profile": user.get(f"/profile/{user.user_id}"),
            "devices": sorted(device["device_id"] for device in user.get("/devices")["devices"]),
            "state": sorted(event["event_id"] for event in user.get(f"/rooms/{room_id}/state")),
            "messages": [(event["event_id"], event["content"]) for event in messages],
            "account data": user.get(f"{at}/account_data/{TYPE}"),
            "room's account data": user.get(f"{at}/rooms/{room_id}/account_data/{TYPE}"),
            "tags": user.get(f"{at}/rooms/{room_id}/tags"),
            "push rules": user.get("/pushrules/"),
            "filter": user.get(f"{at}/filter/{self._filter_id}"),
            "joined": user.get("/joined_rooms"),
            "alias": user.get(f"/directory/room/{self._alias.replace('#', '%23')}"),
            "is listed": user.get(f"/directory/list/room/{room_id}"),
        }
