"""Whether the tables of this folder have every rule of the specification. https://spec.matrix.org/v1.19/rooms/"""

from __future__ import annotations

import unittest

from homeserver.protocol.room_versions import ROOM_VERSIONS
from tests.protocol.auth_rules.test_auth_event_rules import AUTH_EVENT_RULES
from tests.protocol.auth_rules.test_create_rules import CREATE_RULES, PARSED
from tests.protocol.auth_rules.test_invite_rules import INVITE_RULES
from tests.protocol.auth_rules.test_join_rules import JOIN_RULES, SIGNED
from tests.protocol.auth_rules.test_membership_rules import MEMBERSHIP_RULES
from tests.protocol.auth_rules.test_power_level_rules import POWER_LEVEL_RULES
from tests.protocol.auth_rules.test_sender_rules import SENDER_RULES

_TABLES = (
    *CREATE_RULES,
    *AUTH_EVENT_RULES,
    *JOIN_RULES,
    *MEMBERSHIP_RULES,
    *INVITE_RULES,
    *SENDER_RULES,
    *POWER_LEVEL_RULES,
)
# The innermost items of the specification's nested lists; `{x}` stands for the number of the rule about members.
_CREATE_5, _CREATE_4 = "1.1 1.2 1.3 1.4 1.5", "1.1 1.2 1.3 1.4"
_CITED = "2.1 2.2 2.3 2.4 2.5"
_JOIN = "{x}.1 {x}.2.1 {x}.2.2 {x}.2.3 {x}.2.4 {x}.2.5 {x}.2.6"
_JOIN_8 = "{x}.1 {x}.2.1 {x}.3.1 {x}.3.2 {x}.3.3 {x}.3.4 {x}.3.5.1 {x}.3.5.2 {x}.3.5.3 {x}.3.6 {x}.3.7"
_INVITE = "{i}.1.1 {i}.1.2 {i}.1.3 {i}.1.4 {i}.1.5 {i}.1.6 {i}.1.7.1 {i}.1.7.2 {i}.1.8 {i}.2 {i}.3 {i}.4 {i}.5"
_LEAVE, _BAN, _KNOCK = "{l}.1 {l}.2 {l}.3 {l}.4 {l}.5", "{b}.1 {b}.2 {b}.3", "{k}.1 {k}.2 {k}.3 {k}.4"
_POWER = "{p}.1 {p}.2 {p}.3.1 {p}.3.2 {p}.4.1 {p}.5.1 {p}.6.1 {p}.7.1 {p}.8"
_POWER_10 = "{p}.1 {p}.2 {p}.3 {p}.4 {p}.5.1 {p}.5.2 {p}.6.1 {p}.7.1 {p}.8.1 {p}.9.1 {p}.10"
_POWER_12 = "{p}.1 {p}.2 {p}.3 {p}.4 {p}.5 {p}.6.1 {p}.6.2 {p}.7.1 {p}.8.1 {p}.9.1 {p}.10.1 {p}.11"


def _members(x: int, join: str, *, first: int, knock: bool) -> str:
    text = " ".join([join, _INVITE, _LEAVE, _BAN, *([_KNOCK] if knock else []), "{u}"])
    places = {"i": first, "l": first + 1, "b": first + 2, "k": first + 3, "u": first + (4 if knock else 3)}
    return text.format(x=x, **{name: f"{x}.{number}" for name, number in places.items()})


def _rules_of(version: int) -> set[str]:
    create = _CREATE_4 if version == 11 else _CREATE_5
    if version <= 5:
        middle = "3 4.1 4.2 4.3 " + _members(5, _JOIN, first=3, knock=False)
        end = "6 7.1 8 9 " + _POWER.format(p=10) + (" 11.1 11.2 11.3 12" if version <= 2 else " 11")
        return set(f"{create} {_CITED} {middle} {end}".split())
    if version == 12:
        middle = "2 3.1 3.2 3.3 3.5 4 " + _members(5, _JOIN_8, first=4, knock=True)
        return set(f"{create} {middle} 6 7.1 8 9 {_POWER_12.format(p=10)} 11".split())
    is_restricted = version >= 8
    middle = "3 " + _members(
        4, _JOIN_8 if is_restricted else _JOIN, first=4 if is_restricted else 3, knock=version >= 7
    )
    power = (_POWER_10 if version >= 10 else _POWER).format(p=9)
    return set(f"{create} {_CITED} {middle} 5 6.1 7 8 {power} 10".split())


class EveryRule(unittest.TestCase):
    def test_every_rule_of_every_version_is_in_a_table(self) -> None:
        """By its number in the specification; and the tables have no rules that are not there."""
        tried = {place for pair in _TABLES for place in pair.places()} | PARSED | SIGNED
        for version in ROOM_VERSIONS:
            with self.subTest(version):
                numbers = {number for one, number in tried if one == version}
                self.assertEqual(sorted(_rules_of(int(version)) - numbers), [])
                self.assertEqual(sorted(numbers - _rules_of(int(version))), [])
