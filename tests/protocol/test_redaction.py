"""The redaction algorithm. https://spec.matrix.org/v1.19/client-server-api/#redactions"""

from __future__ import annotations

import copy
import unittest
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from homeserver.protocol.redaction import redact
from homeserver.protocol.room_versions import ROOM_VERSIONS

_TYPES = ["m.room.member", "m.room.create", "m.room.power_levels", "m.room.aliases", "m.room.redaction", "m.room.name"]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=8), part, max_size=3),
    max_leaves=8,
)
_KEYS = ["membership", "third_party_invite", "creator", "redacts", "ban", "invite", "body", "signed"]
_CONTENTS = st.dictionaries(st.sampled_from(_KEYS), _JSON)
_PDUS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(_TYPES) | _JSON,
        "content": _CONTENTS | _JSON,
        "origin": _JSON,
        "unsigned": _JSON,
        "redacts": _JSON,
        "hashes": _JSON,
        "other": _JSON,
    },
)


def _redacted_content(event_type: str, content: dict[str, Any], version: str) -> Any:
    return redact({"type": event_type, "content": content}, ROOM_VERSIONS[version])["content"]


class Redaction(unittest.TestCase):
    def test_top_level_keys(self) -> None:
        kept = ["event_id", "type", "room_id", "sender", "state_key", "content", "hashes", "signatures", "depth"]
        kept += ["prev_events", "auth_events", "origin_server_ts"]
        until_10 = ["prev_state", "origin", "membership"]
        pdu: dict[str, Any] = dict.fromkeys([*kept, *until_10, "unsigned", "redacts", "age"], "x")
        pdu["content"] = {"body": "secret"}
        for version, rules in ROOM_VERSIONS.items():
            with self.subTest(version):
                expected = kept if int(version) >= 11 else kept + until_10
                self.assertEqual(set(redact(pdu, rules)), set(expected))
                self.assertEqual(redact(pdu, rules)["content"], {})

    def test_members(self) -> None:
        content = {
            "membership": "invite",
            "displayname": "A",
            "join_authorised_via_users_server": "@a:b",
            "third_party_invite": {"signed": {"mxid": "@a:b"}, "display_name": "A"},
        }
        self.assertEqual(_redacted_content("m.room.member", content, "8"), {"membership": "invite"})
        via = {"membership": "invite", "join_authorised_via_users_server": "@a:b"}
        self.assertEqual(_redacted_content("m.room.member", content, "9"), via)
        signed = {**via, "third_party_invite": {"signed": {"mxid": "@a:b"}}}
        self.assertEqual(_redacted_content("m.room.member", content, "11"), signed)

    def test_create_events(self) -> None:
        content = {"creator": "@a:b", "room_version": "11", "m.federate": False}
        self.assertEqual(_redacted_content("m.room.create", content, "10"), {"creator": "@a:b"})
        self.assertEqual(_redacted_content("m.room.create", content, "11"), content)

    def test_power_levels(self) -> None:
        kept = ["ban", "events", "events_default", "kick", "redact", "state_default", "users", "users_default"]
        content: dict[str, Any] = dict.fromkeys([*kept, "invite", "notifications"], 1)
        self.assertEqual(set(_redacted_content("m.room.power_levels", content, "1")), set(kept))
        self.assertEqual(set(_redacted_content("m.room.power_levels", content, "11")), {*kept, "invite"})

    def test_what_is_redacted_is_not_changed(self) -> None:
        pdu = {"type": "m.room.message", "content": {"body": "hi"}, "unsigned": {"age": 1}}
        before = copy.deepcopy(pdu)

        redact(pdu, ROOM_VERSIONS["12"])

        self.assertEqual(pdu, before)

    @settings(deadline=None)
    @given(_PDUS, st.sampled_from(list(ROOM_VERSIONS.values())))
    def test_is_idempotent_and_never_adds(self, pdu: dict[str, Any], version: Any) -> None:
        once = redact(pdu, version)

        self.assertEqual(redact(once, version), once)
        self.assertLessEqual(set(once), set(pdu))
        if isinstance(pdu.get("content"), dict):
            self.assertLessEqual(set(once["content"]), set(pdu["content"]))
