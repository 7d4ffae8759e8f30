"""The rules for what is neither a create event nor a membership. https://spec.matrix.org/v1.19/rooms/"""

from __future__ import annotations

import unittest

from homeserver.protocol.events import Event, parse_event
from tests.protocol.auth_rules.rule_pairs import RulePair, try_pairs
from tests.protocol.sample_rooms import ALICE, BOB, CAROL, POWER, SampleRoom

_REQUIRED_LEVEL = "v1-5 8, v6-11 7, v12 8"
_REDACTION = "m.room.redaction"
# Ids as events of versions 1 and 2 have them.
_OF_BOBS_SERVER, _OF_CAROLS_SERVER = "$x:b.example", "$x:c.example"


def _with_bob(room: SampleRoom) -> SampleRoom:
    return room.member(BOB, "join")


def _aliases(room: SampleRoom, state_key: str | None) -> Event:
    return room.event("m.room.aliases", BOB, {"aliases": []}, state_key=state_key)


def _message(room: SampleRoom, event_type: str = "m.room.message") -> Event:
    return room.event(event_type, BOB, {"body": "hi"})


def _redaction(room: SampleRoom, redacts: str) -> Event:
    return room.event(_REDACTION, BOB, {}, redacts=redacts)


def _own(room: SampleRoom, state_key: str) -> Event:
    return room.event("org.example.status", BOB, {}, state_key=state_key)


SENDER_RULES = (
    RulePair(
        "v1-5 4.1",
        "aliases are state",
        lambda room: _aliases(room, "b.example"),
        lambda room: _aliases(room, None),
        "aliases.state_key",
    ),
    RulePair(
        "v1-5 4.2",
        "aliases are of the sender's server",
        lambda room: _aliases(room, "b.example"),
        lambda room: _aliases(room, "a.example"),
        "aliases.domain",
    ),
    RulePair(
        "v1-5 4.3",
        "aliases need neither membership nor power",
        lambda room: _aliases(room.power(events={"m.room.aliases": 100}), "b.example"),
        _message,
        "sender.joined",
    ),
    RulePair(
        "v6-11 5, v12 6",
        "aliases need what any state does",
        lambda room: _aliases(_with_bob(room).power(state_default=0), "a.example"),
        lambda room: _aliases(room.power(state_default=0), "b.example"),
        "sender.joined",
    ),
    RulePair(
        "v1-5 6, v6-11 5, v12 6",
        "the sender has joined",
        lambda room: _message(_with_bob(room)),
        lambda room: _message(room.member(BOB, "invite", ALICE)),
        "sender.joined",
    ),
    RulePair(
        "v1-5 6, v6-11 5, v12 6",
        "who has left is not in the room",
        lambda room: _message(_with_bob(room)),
        lambda room: _message(room.member(BOB, "leave")),
        "sender.joined",
    ),
    RulePair(
        "v1-5 7.1, v6-11 6.1, v12 7.1",
        "a third-party invite needs the invite level, and no other",
        lambda room: _third_party(_with_bob(room).power(invite=10, state_default=50, users={BOB: 10})),
        lambda room: _third_party(_with_bob(room).power(invite=11, state_default=0, users={BOB: 10})),
        "third_party_invite.level",
    ),
    RulePair(
        _REQUIRED_LEVEL,
        "the level of the event's type",
        lambda room: _message(_with_bob(room).power(events={"m.room.message": 20}, users={BOB: 20})),
        lambda room: _message(_with_bob(room).power(events={"m.room.message": 21}, users={BOB: 20})),
        "sender.level",
    ),
    RulePair(
        _REQUIRED_LEVEL,
        "messages need events_default",
        lambda room: _message(_with_bob(room).power(events_default=5, users_default=5)),
        lambda room: _message(_with_bob(room).power(events_default=6, users_default=5)),
        "sender.level",
    ),
    RulePair(
        _REQUIRED_LEVEL,
        "state needs state_default, 50 where it is not set",
        lambda room: _with_bob(room).power(users={BOB: 50}).topic(BOB, "t"),
        lambda room: _with_bob(room).power(users={BOB: 49}).topic(BOB, "t"),
        "sender.level",
    ),
    RulePair(
        _REQUIRED_LEVEL,
        "without power levels, state needs 50, and the creator has more",
        lambda room: room.topic(ALICE, "t"),
        lambda room: _with_bob(room).topic(BOB, "t"),
        "sender.level",
    ),
    RulePair(
        _REQUIRED_LEVEL,
        "without power levels, messages need none, the power levels themselves 50",
        lambda room: _message(_with_bob(room)),
        lambda room: _with_bob(room).power_event(BOB),
        "sender.level",
    ),
    RulePair(
        "v3-5 8, v6-11 7, v12 8",
        "a redaction needs the level of its type, not the redact level",
        lambda room: _redaction(_with_bob(room).power(redact=100), _OF_CAROLS_SERVER),
        lambda room: _redaction(_with_bob(room).power(redact=0, events={_REDACTION: 1}), _OF_BOBS_SERVER),
        "sender.level",
    ),
    RulePair(
        "v1-5 9, v6-11 8, v12 9",
        "a state key that begins with @ is the sender",
        lambda room: _own(_with_bob(room).power(state_default=0), BOB),
        lambda room: _own(_with_bob(room).power(state_default=0), CAROL),
        "state_key.owner",
    ),
    RulePair(
        "v1-5 9, v6-11 8, v12 9",
        "no power helps with another's state key",
        lambda room: _own(_with_bob(room).power(users={BOB: 100}), "bob"),
        lambda room: room.event("org.example.status", ALICE, {}, state_key="@not-a-user-id"),
        "state_key.owner",
    ),
    RulePair(
        "v1-2 11.1",
        "who has the redact level redacts anything",
        lambda room: _redaction(_with_bob(room).power(users={BOB: 50}), _OF_CAROLS_SERVER),
        lambda room: _redaction(_with_bob(room).power(users={BOB: 49}), _OF_CAROLS_SERVER),
        "redaction.level",
    ),
    RulePair(
        "v1-2 11.2",
        "anybody redacts events of their own server",
        lambda room: _redaction(_with_bob(room).power(), _OF_BOBS_SERVER),
        lambda room: _redaction(_with_bob(room).power(), "$b.example"),
        "redaction.level",
    ),
    RulePair(
        "v1-2 11.3",
        "other redactions are refused",
        lambda room: _redaction(_with_bob(room).power(redact=0), _OF_CAROLS_SERVER),
        lambda room: _redaction(_with_bob(room).power(redact=1), _OF_CAROLS_SERVER),
        "redaction.level",
    ),
    RulePair(
        "v1-2 12, v3-5 11, v6-11 10, v12 11",
        "otherwise it is allowed",
        lambda room: _message(_with_bob(room).power(), "org.example.anything"),
        lambda room: _message(_with_bob(room).power(events_default=1), "org.example.anything"),
        "sender.level",
    ),
)


def _third_party(room: SampleRoom) -> Event:
    return room.event("m.room.third_party_invite", BOB, {"public_key": "x"}, state_key="tok")


class SenderRules(unittest.TestCase):
    def test_each_rule_allows_one_event_and_refuses_another(self) -> None:
        """Membership, level, state key and redactions."""
        try_pairs(self, SENDER_RULES)

    def test_versions_1_and_2_compare_the_domains_of_the_two_event_ids(self) -> None:
        """The id of a redaction can be of another server than its sender."""
        for version in ("1", "2"):
            room = _with_bob(SampleRoom(version).power())
            event = _redaction(room, _OF_CAROLS_SERVER)
            elsewhere = parse_event({**event.pdu, "event_id": "$redaction:c.example"}, event.version)
            with self.subTest(version):
                self.assertFalse(room.is_allowed(event))
                self.assertTrue(room.is_allowed(elsewhere))

    def test_creators_of_version_12_stand_above_any_level(self) -> None:
        """Nothing that can be written in power levels shuts a creator out."""
        room = SampleRoom("12", {"additional_creators": [BOB]}).member(BOB, "join").member(CAROL, "join")
        greatest = 2**53 - 1
        room.power(events={"m.room.topic": greatest}, state_default=greatest, users={CAROL: greatest - 1})

        self.assertTrue(room.is_allowed(room.topic(ALICE, "t")))
        self.assertTrue(room.is_allowed(room.topic(BOB, "t")))
        self.assertFalse(room.is_allowed(room.topic(CAROL, "t")))

    def test_additional_creators_mean_nothing_before_version_12(self) -> None:
        """The content of a create event may hold anything."""
        room = SampleRoom("11", {"additional_creators": [BOB]}).member(BOB, "join")

        self.assertNotIn(POWER, room.state)
        self.assertFalse(room.is_allowed(room.topic(BOB, "t")))
