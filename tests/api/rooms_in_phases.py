"""Rooms of each history visibility, with every kind of reader, through all phases; see `readers`.

What is sent carries words that say of which phase it is, so that a leak is found wherever in an answer it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from tests.api.readers import PHASES, READERS, VISIBILITIES, Reader
from tests.support.api_client import Answer, Json, User
from tests.support.homeserver import HomeserverCase

MARK = "org.example.mark"
_WORDS = re.compile(r"\b(said|mark|owner)(\d)\b")


@dataclass
class Room:
    """A room and the ids of what was sent, by phase. `edits`, `replies` belong to the message of phase 2, `references`
    to that of phase 0."""

    room_id: str
    messages: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)

    def phases(self, events: list[Json]) -> set[int]:
        """The phases of the messages among some events."""
        ids = {event["event_id"] for event in events}
        return {phase for phase in PHASES if self.messages[phase] in ids}

    def marked(self, events: list[Json]) -> set[int]:
        """The phases of the marks among some events."""
        ids = {event["event_id"] for event in events}
        return {phase for phase in PHASES if self.marks[phase] in ids}


@dataclass(frozen=True)
class Cell:
    """One reader of one room. `since`: their sync token of before anything happened to them."""

    visibility: str
    room: Room
    reader: Reader
    user: User
    since: str

    @property
    def path(self) -> str:
        """Where the room's endpoints begin."""
        return f"/rooms/{self.room.room_id}"

    @property
    def sees(self) -> set[int]:
        """The phases whose events may be seen."""
        return self.reader.sees(self.visibility)

    @property
    def history(self) -> set[int]:
        """Those of them that are shown without being asked for by id: nothing of after a departure."""
        return {phase for phase in self.sees if self.visibility == "world_readable" or phase <= self.state_phase}

    @property
    def may_read(self) -> bool:
        """Whether the room may be read."""
        return self.reader.may_read_room(self.visibility)

    @property
    def state_phase(self) -> int:
        """The phase whose state is current for the reader."""
        return self.reader.state_phase(self.visibility)

    def get(self, path: str, **query: Any) -> Answer:
        """Ask for something of the room; paths of `v1` are given whole, with `{room}`."""
        full = path.replace("{room}", self.room.room_id) if path.startswith("/_") else self.path + path
        return self.user.request("GET", full, query=query)


def for_every_cell(check: Callable[[Any, Cell], None]) -> Callable[[Any], None]:
    """A test method of a cell becomes one of all cells, each a sub-test."""

    @wraps(check)
    def test(case: RoomsInPhases) -> None:
        for visibility in VISIBILITIES:
            for name, reader in READERS.items():
                with case.subTest(visibility=visibility, reader=name):
                    cell = Cell(visibility, case.rooms[visibility], reader, case.readers[name], case.since[name])
                    check(case, cell)

    return test


class RoomsInPhases(HomeserverCase):
    """`rooms` by visibility, `readers` by name, `since`: their sync tokens from before anything happened to them."""

    settings = {"allow_guest_access": True}  # noqa: RUF012
    owner: User
    rooms: dict[str, Room]
    readers: dict[str, User]
    since: dict[str, str]

    @classmethod
    def setUpClass(cls) -> None:
        """All rooms go through the phases together."""
        super().setUpClass()
        cls.owner = cls.server.new_user("owner")
        cls.readers = {name: cls._new_reader(reader.is_guest) for name, reader in READERS.items()}
        cls.rooms = {visibility: Room(_new_room(cls.owner, visibility)) for visibility in VISIBILITIES}
        cls.since = {name: user.sync()["next_batch"] for name, user in cls.readers.items()}
        for phase in PHASES:
            for room in cls.rooms.values():
                cls._begin(room, phase)
                _fill(cls.owner, room, phase)

    @classmethod
    def _new_reader(cls, is_guest: bool) -> User:
        if is_guest:
            return User(cls.server.url, cls.server.post("/register", {}, {"kind": "guest"}))
        return cls.server.new_user("reader")

    @classmethod
    def _begin(cls, room: Room, phase: int) -> None:
        for name, reader in READERS.items():
            user = cls.readers[name]
            for act in reader.life[phase - 1] if phase else ():
                if act == "knock":
                    user.post(f"/knock/{room.room_id}")
                elif act in ("join", "leave", "forget"):
                    user.change(room.room_id, act)
                else:
                    cls.owner.change(room.room_id, act, user)


def words_in(answer: Answer) -> set[tuple[str, int]]:
    """(kind, phase) of the words that stand anywhere in an answer: `said` in a message, `mark` in state, `owner` in the
    owner's name."""
    return {(kind, int(phase)) for kind, phase in _WORDS.findall(json.dumps(answer.json))}


def _new_room(owner: User, visibility: str) -> str:
    return owner.create_room(
        preset="private_chat",
        initial_state=[
            {"type": "m.room.history_visibility", "content": {"history_visibility": visibility}},
            {"type": "m.room.join_rules", "content": {"join_rule": "knock"}},
            {"type": "m.room.guest_access", "content": {"guest_access": "can_join"}},
        ],
    )


def _fill(owner: User, room: Room, phase: int) -> None:
    """What the owner does in a phase."""
    room_id = room.room_id
    room.marks.append(owner.set_state(room_id, MARK, {"mark": f"mark{phase}"}))
    name = {"membership": "join", "displayname": f"owner{phase}"}
    owner.set_state(room_id, "m.room.member", name, owner.user_id)
    room.messages.append(owner.send(room_id, f"needle said{phase}"))
    reference = {"rel_type": "m.reference", "event_id": room.messages[0]}
    room.references.append(owner.send(room_id, f"said{phase}", **{"m.relates_to": reference}))
    if phase < 2:
        return
    edit = {
        "m.new_content": {"msgtype": "m.text", "body": f"said{phase}"},
        "m.relates_to": {"rel_type": "m.replace", "event_id": room.messages[2]},
    }
    owner.send(room_id, f"* said{phase}", **edit)
    thread = {"rel_type": "m.thread", "event_id": room.messages[2]}
    room.replies.append(owner.send(room_id, f"said{phase}", **{"m.relates_to": thread}))
