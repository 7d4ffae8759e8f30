"""Who may do what in a room: each action by what the user is in the room, and by power.

https://spec.matrix.org/v1.19/client-server-api/#room-membership and
https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels
"""

from __future__ import annotations

from itertools import count
from typing import Any, ClassVar

from tests.support.api_client import Answer, Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

OUTCOMES = {
    "ok": {(200, "")},
    "forbidden": {(403, "M_FORBIDDEN")},
    "no guests": {(403, "M_GUEST_ACCESS_FORBIDDEN"), (403, "M_FORBIDDEN")},
    "not there": {(404, "M_NOT_FOUND")},
    "not yet": {(400, "M_UNKNOWN")},
    "unknown room": {(403, "M_FORBIDDEN"), (404, "M_NOT_FOUND")},
}
_LETTERS = dict(zip("OFGNYU", OUTCOMES, strict=True))

KINDS = ("never", "knocked", "invited", "left", "forgot", "banned", "joined", "guest inside", "guest outside")
#: One letter for each kind: O ok, F forbidden, G not for guests, N not there, Y not yet, U forbidden or not there.
BY_MEMBERSHIP = {
    "send": "FFFFFFOOF",
    "set open state": "FFFFFFOOF",
    "set state": "FFFFFFFFF",
    "redact another's": "FFFFFFFFF",
    "invite": "FFFFFFOGG",
    "kick": "FFFFFFFGG",
    "ban": "FFFFFFFGG",
    "unban": "FFFFFFFGG",
    "join": "FFOFFFOOF",
    "knock": "OOFOOFFGG",
    "leave": "FOOOOFOOF",
    "forget": "UYYOOOYYU",
    "upgrade": "FFFFFFFGG",
    "type": "FFFFFFOOF",
    "receipt": "FFFFFFOOF",
    "read marker": "FFFFFFOOF",
    "add alias": "FFFFFFOGG",
    "remove alias": "FFFFFFFGG",
    "list": "FFFFFFFGG",
    "tag": "OOOOOOOGG",
    "report event": "NNNNNNOGG",
    "report room": "OOOOOOOGG",
}

LEVELS = (-1, 0, 49, 50, 99, 100)
#: The least of these levels that may, of a member in a room as its creator leaves it.
BY_POWER = {
    "send": 0,
    "set open state": 0,
    "set state": 50,
    "set topic": 50,
    "set power levels": 100,
    "set history visibility": 100,
    "redact own": 0,
    "redact another's": 50,
    "invite": 0,
    "kick": 50,
    "ban": 50,
    "unban": 50,
    "kick a moderator": 99,
    "ban a moderator": 99,
    "upgrade": 100,
    "add alias": -1,
    "remove alias": 50,
    "list": 50,
    "type": -1,
    "leave": -1,
}


class WritingMatrixTest(HomeserverCase):
    """Rooms of the owner's with a member, a moderator and somebody who is banned: one for each cell in which something
    may be done, one for all that is refused to the same user, since that is to change nothing."""

    settings = {"allow_guest_access": True}  # noqa: RUF012
    owner: ClassVar[User]
    member: ClassVar[User]
    moderator: ClassVar[User]
    banned: ClassVar[User]
    stranger: ClassVar[User]
    _numbers = count(1)

    @classmethod
    def setUpClass(cls) -> None:
        """The people of all rooms."""
        super().setUpClass()
        names = ("owner", "member", "moderator", "banned")
        cls.owner, cls.member, cls.moderator, cls.banned = (cls.server.new_user(name) for name in names)
        cls.stranger = cls.server.new_user("stranger")

    def test_by_membership(self) -> None:
        """What is refused changes nothing."""
        users = {kind: self.new_writer(kind) for kind in KINDS}
        unchanged = {kind: self.new_room_with(users[kind], kind) for kind in KINDS}
        for action, letters in BY_MEMBERSHIP.items():
            for kind, letter in zip(KINDS, letters, strict=True):
                with self.subTest(action, kind=kind):
                    room = self.new_room_with(users[kind], kind) if letter == "O" else unchanged[kind]
                    self.check(users[kind], action, room, _LETTERS[letter])

    def test_by_power(self) -> None:
        """Of members: by their level, against others by whose is higher."""
        users = {level: self.new_user("writer") for level in LEVELS}
        unchanged = {level: self.new_room_with_power(users[level], level) for level in LEVELS}
        for action, least in BY_POWER.items():
            for level in LEVELS:
                with self.subTest(action, level=level):
                    may = level >= least
                    room = self.new_room_with_power(users[level], level) if may else unchanged[level]
                    self.check(users[level], action, room, "ok" if may else "forbidden")

    def check(self, user: User, action: str, room: Json, outcome: str) -> None:
        """Try an action, and compare."""
        before = self.seen(room)
        answer = self.act(user, action, room)
        self.assertIn(answer.error, OUTCOMES[outcome], answer.json)
        if outcome != "ok":
            self.assertTrue(answer.json["error"])
            self.assertEqual(self.seen(room), before)

    def new_writer(self, kind: str) -> User:
        """A user, or a guest."""
        if kind.startswith("guest"):
            return User(self.server.url, self.server.post("/register", {}, {"kind": "guest"}))
        return self.new_user("writer")

    def new_room(self) -> Json:
        """What actions need to know of a room. Of room version 11, in which also creators have a level."""
        users = {self.owner.user_id: 100, self.moderator.user_id: 50}
        alias = f"room-{next(self._numbers)}"
        room_id = self.owner.create_room(
            room_version="11",
            room_alias_name=alias,
            power_level_content_override={"users": users, "invite": 0, "events": {"org.example.open": 0, **_EVENTS}},
            initial_state=[
                {"type": "m.room.join_rules", "content": {"join_rule": "knock"}},
                {"type": "m.room.guest_access", "content": {"guest_access": "can_join"}},
            ],
        )
        for user in (self.member, self.moderator):
            self.owner.change(room_id, "invite", user)
            user.join(room_id)
        self.owner.change(room_id, "ban", self.banned)
        return {
            "room_id": room_id,
            "alias": f"%23{alias}:{self.server.name}",
            "event": self.member.send(room_id, "hello"),
            "levels": self.owner.state(room_id, "m.room.power_levels"),
        }

    def new_room_with(self, user: User, kind: str) -> Json:
        """A room in which the user is what the kind says."""
        room = self.new_room()
        self.bring(user, room["room_id"], kind)
        return room

    def new_room_with_power(self, user: User, level: int) -> Json:
        """A room in which the user has this level, and has sent something."""
        room = self.new_room_with(user, "joined")
        room["own event"] = user.send(room["room_id"], "mine")
        room["levels"]["users"][user.user_id] = level
        self.owner.set_state(room["room_id"], "m.room.power_levels", room["levels"])
        return room

    def bring(self, user: User, room_id: str, kind: str) -> None:
        """Make the user what the kind says, in a room."""
        if kind == "knocked":
            user.post(f"/knock/{room_id}")
        if kind in ("invited", "left", "forgot", "banned", "joined", "guest inside"):
            self.owner.change(room_id, "invite", user)
        if kind in ("left", "forgot", "banned", "joined", "guest inside"):
            user.change(room_id, "join")
        if kind in ("left", "forgot"):
            user.change(room_id, "leave")
        if kind == "forgot":
            user.change(room_id, "forget")
        if kind == "banned":
            self.owner.change(room_id, "ban", user)

    def seen(self, room: Json) -> Any:
        """What the owner sees of the room."""
        page = self.owner.get(f"/rooms/{room['room_id']}/messages", {"dir": "b", "limit": 100})["chunk"]
        listed = self.owner.get(f"/directory/list/room/{room['room_id']}")
        aliases = self.owner.get(f"/rooms/{room['room_id']}/aliases")
        return [(event["event_id"], event["content"]) for event in page], listed, aliases

    def act(self, user: User, action: str, room: Json) -> Answer:
        """One action."""
        at, number = f"/rooms/{room['room_id']}", next(self._numbers)
        people = {"kick": self.member, "ban": self.member, "unban": self.banned, "invite": self.stranger}
        people |= {"kick a moderator": self.moderator, "ban a moderator": self.moderator}
        if action in people:
            return user.request("POST", f"{at}/{action.split()[0]}", {"user_id": people[action].user_id})
        if action in _STATE:
            event_type, content = _STATE[action]
            return user.request("PUT", f"{at}/state/{event_type}", content or room["levels"])
        event_id = room["own event"] if action == "redact own" else room["event"]
        requests: dict[str, tuple[str, str, Json]] = {
            "send": ("PUT", f"{at}/send/m.room.message/{number}", {"msgtype": "m.text", "body": "hi"}),
            "redact own": ("PUT", f"{at}/redact/{event_id}/{number}", {}),
            "redact another's": ("PUT", f"{at}/redact/{event_id}/{number}", {}),
            "knock": ("POST", f"/knock/{room['room_id']}", {}),
            "upgrade": ("POST", f"{at}/upgrade", {"new_version": "11"}),
            "type": ("PUT", f"{at}/typing/{user.user_id}", {"typing": True, "timeout": 1}),
            "receipt": ("POST", f"{at}/receipt/m.read/{event_id}", {}),
            "read marker": ("POST", f"{at}/read_markers", {"m.fully_read": event_id}),
            "add alias": ("PUT", f"/directory/room/%23new-{number}:{self.server.name}", {"room_id": room["room_id"]}),
            "remove alias": ("DELETE", f"/directory/room/{room['alias']}", {}),
            "list": ("PUT", f"/directory/list/room/{room['room_id']}", {"visibility": "public"}),
            "tag": ("PUT", f"/user/{user.user_id}{at}/tags/u.work", {"order": 0.5}),
            "report event": ("POST", f"{at}/report/{event_id}", {"reason": "bad"}),
            "report room": ("POST", f"{at}/report", {"reason": "bad"}),
        }
        return user.request(*requests.get(action, ("POST", f"{at}/{action}", {})))


#: As the creator of a room leaves them (an override of `events` replaces them all).
_EVENTS = {"m.room.power_levels": 100, "m.room.history_visibility": 100, "m.room.tombstone": 100}
_STATE: dict[str, tuple[str, Json]] = {
    "set open state": ("org.example.open", {"a": 1}),
    "set state": ("org.example.state", {"a": 1}),
    "set topic": ("m.room.topic", {"topic": "new"}),
    "set power levels": ("m.room.power_levels", {}),
    "set history visibility": ("m.room.history_visibility", {"history_visibility": "joined"}),
}

WritingMatrixTestOnPostgres = on_postgres(WritingMatrixTest)
