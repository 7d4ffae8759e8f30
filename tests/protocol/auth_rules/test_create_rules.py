"""The rules about `m.room.create`, and that a room belongs to one. https://spec.matrix.org/v1.19/rooms/"""

from __future__ import annotations

import unittest
from typing import Any

from homeserver.protocol.auth_rules import AuthError, check_auth
from homeserver.protocol.events import Event, InvalidEvent, parse_event
from homeserver.protocol.room_versions import ROOM_VERSIONS
from tests.protocol.auth_rules.rule_pairs import RulePair, try_pairs
from tests.protocol.sample_rooms import ALICE, BOB, CREATE, SampleRoom


def _create(room: SampleRoom, **content: Any) -> Event:
    creator = {"creator": ALICE} if room.version.creator_in_content else {}
    return room.event("m.room.create", ALICE, {**creator, **content}, state_key="", prev=[])


def _second_create(room: SampleRoom) -> Event:
    content = {"creator": ALICE}
    return room.event("m.room.create", ALICE, content, state_key="", prev=[room.create.event_id])


def _nameless(room: SampleRoom) -> Event:
    return room.event("m.room.create", ALICE, {"room_version": room.version.version}, state_key="", prev=[])


def _in_another_room(room: SampleRoom) -> Event:
    other = SampleRoom(room.version.version, {"m.federate": True, "note": "another"})
    room.state[CREATE] = other.create
    return room.topic(ALICE, "t", cites=[])


CREATE_RULES = (
    RulePair("v1-12 1.1", "nothing comes before it", _create, _second_create, "create.first"),
    RulePair(
        "v1-11 1.2",
        "the room id is of the sender's server",
        _create,
        lambda room: room.event("m.room.create", BOB, {"creator": BOB}, state_key="", prev=[]),
        "create.domain",
    ),
    RulePair(
        "v1-12 1.3",
        "the room version is known where one is named",
        _create,
        lambda room: _create(room, room_version="org.example.none"),
        "create.version",
    ),
    RulePair(
        "v1-12 1.3",
        "the room version is a string",
        lambda room: _create(room, room_version=room.version.version),
        lambda room: _create(room, room_version=1),
        "create.version",
    ),
    RulePair("v1-10 1.4", "the creator is named", _create, _nameless, "create.creator"),
    RulePair(
        "v1-10 1.5, v11 1.4, v12 1.5",
        "otherwise it is allowed",
        lambda room: _create(room, **{"m.federate": False, "type": "m.space"}),
        _second_create,
        "create.first",
    ),
    RulePair(
        "v12 1.4",
        "additional creators are a list",
        lambda room: _create(room, additional_creators=[BOB, "@Historical User:b.example"]),
        lambda room: _create(room, additional_creators=BOB),
        "create.additional_creators",
    ),
    RulePair(
        "v12 1.4",
        "additional creators are strings",
        lambda room: _create(room, additional_creators=[]),
        lambda room: _create(room, additional_creators=[BOB, 5]),
        "create.additional_creators",
    ),
    RulePair(
        "v12 1.4",
        "additional creators are user ids",
        lambda room: _create(room, additional_creators=["@:b.example"]),
        lambda room: _create(room, additional_creators=["bob"]),
        "create.additional_creators",
    ),
    RulePair(
        "v12 2",
        "the room id is the id of the create event",
        lambda room: room.topic(ALICE, "t"),
        _in_another_room,
        "create.room",
    ),
    RulePair(
        "v1-11 3, v12 4",
        "a room that does not federate is for the creator's server",
        lambda room: room.join_rule("public").membership("@eve:a.example", "join"),
        lambda room: room.join_rule("public").membership(BOB, "join"),
        "federate",
        create={"m.federate": False},
    ),
    RulePair(
        "v1-11 3, v12 4",
        "only the value false closes a room to other servers",
        lambda room: room.join_rule("public").membership(BOB, "join"),
        lambda room: room.join_rule("private").membership(BOB, "join"),
        "join.rule",
        create={"m.federate": "false"},
    ),
)
PARSED = {("12", "1.2")}
"""Rules that the parser applies."""


class CreateRules(unittest.TestCase):
    def test_each_rule_allows_one_event_and_refuses_another(self) -> None:
        """Rules 1 to 3 (4 from version 12)."""
        try_pairs(self, CREATE_RULES)

    def test_v12_rule_1_2_a_create_event_has_no_room_id(self) -> None:
        """The room id is the event's own hash, so a PDU that states one is no event of this version."""
        version = ROOM_VERSIONS["12"]
        create = SampleRoom("12").create

        self.assertEqual(parse_event(dict(create.pdu), version).room_id, "!" + create.event_id[1:])
        with self.assertRaises(InvalidEvent):
            parse_event({**create.pdu, "room_id": create.room_id}, version)

    def test_nothing_is_allowed_in_a_room_that_was_not_created(self) -> None:
        """Without the create event there is nothing that could authorise."""
        for version in ROOM_VERSIONS:
            room = SampleRoom(version)
            event = room.topic(ALICE, "t")
            state = {key: one for key, one in room.state.items() if key != CREATE}
            with self.subTest(version), self.assertRaises(AuthError) as caught:
                check_auth(event, state)
            self.assertEqual(caught.exception.rule, "create.exists")
