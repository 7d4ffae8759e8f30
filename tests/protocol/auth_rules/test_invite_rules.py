"""The rules for invites, to users and to third-party identifiers. https://spec.matrix.org/v1.19/rooms/"""

from __future__ import annotations

import unittest
from typing import Any

from homeserver.protocol.events import Event
from homeserver.protocol.signing import sign_json, signing_key_from_seed
from tests.protocol.auth_rules.rule_pairs import RulePair, try_pairs
from tests.protocol.sample_rooms import ALICE, BOB, CAROL, SampleRoom

_KEY = signing_key_from_seed("0", bytes(range(32)))
_OTHER_KEY = signing_key_from_seed("0", bytes(32))
_PUBLIC, _OTHER_PUBLIC = _KEY.verify_key.encoded, _OTHER_KEY.verify_key.encoded
_ONE_KEY: dict[str, Any] = {"public_key": _PUBLIC}


def _third(number: str) -> str:
    return f"v1-5 5.3.1.{number}, v6-7 4.3.1.{number}, v8-11 4.4.1.{number}, v12 5.4.1.{number}"


def _invite(number: int) -> str:
    return f"v1-5 5.3.{number}, v6-7 4.3.{number}, v8-11 4.4.{number}, v12 5.4.{number}"


def _signed(**changes: Any) -> dict[str, Any]:
    value = {"mxid": BOB, "token": "tok", "sender": ALICE, **changes}
    return sign_json({key: one for key, one in value.items() if one is not None}, "id.example", _KEY)


def _accepting(
    invite: Any, *, offer: dict[str, Any] | None = None, target: str | None = None, sender: str = ALICE
) -> Any:
    """The invite that follows from an offer of Alice's, whose token is `tok`, to the target, Bob."""

    def make(room: SampleRoom) -> Event:
        offered = room.event("m.room.third_party_invite", ALICE, offer or _ONE_KEY, state_key="tok")
        room.put(offered).member(CAROL, "join")
        if target is not None:
            room.member(BOB, target, ALICE)
        return room.membership(BOB, "invite", sender, more={"third_party_invite": invite})

    return make


def _inviting(target: str | None = None, before: str = "join", **levels: int) -> Any:
    """Carol, who has power level 10 and a membership, invites Bob."""

    def make(room: SampleRoom) -> Event:
        room.power(users={CAROL: 10}, **levels).member(CAROL, before, ALICE)
        if target is not None:
            room.member(BOB, target, ALICE)
        return room.membership(BOB, "invite", CAROL)

    return make


_GOOD = _accepting({"signed": _signed(), "display_name": "b..."})
INVITE_RULES = (
    RulePair(
        _third("1"),
        "the target is not banned",
        _GOOD,
        _accepting({"signed": _signed()}, target="ban"),
        "third_party.ban",
    ),
    RulePair(_third("2"), "it is signed", _GOOD, _accepting({"display_name": "b"}), "third_party.signed"),
    RulePair(_third("2"), "it is an object", _GOOD, _accepting("tok"), "third_party.signed"),
    RulePair(_third("3"), "it has an mxid", _GOOD, _accepting({"signed": _signed(mxid=None)}), "third_party.fields"),
    RulePair(_third("3"), "it has a token", _GOOD, _accepting({"signed": _signed(token=None)}), "third_party.fields"),
    RulePair(
        _third("4"), "it is for the target", _GOOD, _accepting({"signed": _signed(mxid=CAROL)}), "third_party.mxid"
    ),
    RulePair(
        _third("5"), "its token was offered", _GOOD, _accepting({"signed": _signed(token="no")}), "third_party.token"
    ),
    RulePair(
        _third("6"),
        "who offered it sends it",
        _GOOD,
        _accepting({"signed": _signed()}, sender=CAROL),
        "third_party.sender",
    ),
    RulePair(
        _third("7.1"),
        "the one public key signed it",
        _GOOD,
        _accepting({"signed": _signed()}, offer={"public_key": _OTHER_PUBLIC}),
        "third_party.signature",
    ),
    RulePair(
        _third("7.2"),
        "one of the public keys signed it",
        _accepting(
            {"signed": _signed()},
            offer={"public_key": _OTHER_PUBLIC, "public_keys": [{"public_key": "no key"}, {"public_key": _PUBLIC}]},
        ),
        _accepting({"signed": _signed()}, offer={"public_keys": [{"public_key": _OTHER_PUBLIC}, _PUBLIC]}),
        "third_party.signature",
    ),
    RulePair(
        _third("8"),
        "what was signed has not been changed",
        _GOOD,
        _accepting({"signed": {**_signed(), "sender": CAROL}}),
        "third_party.signature",
    ),
    RulePair(
        _third("8"),
        "without a signature it is refused",
        _GOOD,
        _accepting({"signed": {"mxid": BOB, "token": "tok", "signatures": {"id.example": {}}}}),
        "third_party.signature",
    ),
    RulePair(_invite(2), "the sender has joined", _inviting(), _inviting(before="invite"), "invite.sender"),
    RulePair(_invite(3), "the target has not joined", _inviting("leave"), _inviting("join"), "invite.target"),
    RulePair(_invite(3), "the target is not banned", _inviting("invite"), _inviting("ban"), "invite.target"),
    RulePair(_invite(4), "the sender has the invite level", _inviting(invite=10), _inviting(invite=11), "invite.level"),
    RulePair(
        _invite(5),
        "the invite level is 0 by default",
        _inviting(),
        _inviting(users_default=-1, invite=50),
        "invite.level",
    ),
)


class InviteRules(unittest.TestCase):
    def test_each_rule_allows_one_event_and_refuses_another(self) -> None:
        """Rule 5.3 (4.3 from version 6, 4.4 from 8, 5.4 in 12)."""
        try_pairs(self, INVITE_RULES)

    def test_a_third_party_invite_is_sent_by_whoever_made_the_offer_in_the_room_or_not(self) -> None:
        """These rules end with the signature: membership and level of the sender are not asked."""
        room = SampleRoom("12")
        event = _GOOD(room)
        room.member(ALICE, "leave").power(invite=2**53 - 1)

        self.assertTrue(room.is_allowed(event))
