"""Push rules at paths and with parts that there are not.

https://spec.matrix.org/v1.19/client-server-api/#push-rules-api
"""

from __future__ import annotations

from typing import Any

from tests.support.homeserver import HomeserverCase

_MUTED: dict[str, Any] = {"actions": []}
_INVALID = (400, "M_INVALID_PARAM")

#: Method, path below `/pushrules`, body, answer.
_REFUSED: list[tuple[str, str, dict[str, Any] | None, tuple[int, str]]] = [
    ("PUT", "/device/room/!a:example.org", _MUTED, _INVALID),
    ("DELETE", "/device/room/!a:example.org", None, _INVALID),
    ("PUT", "/global", _MUTED, _INVALID),
    ("PUT", "/global/room", _MUTED, _INVALID),
    ("PUT", "/global/room/", _MUTED, _INVALID),
    ("PUT", "/global/rooms/!a:example.org", _MUTED, _INVALID),
    ("PUT", "/global/override/.m.rule.master/color", {"enabled": True}, _INVALID),
    ("PUT", "/global/room/!a:example.org", {"actions": ["shout"]}, (400, "M_BAD_JSON")),
    ("PUT", "/global/override/.m.rule.master/actions", {"actions": ["shout"]}, (400, "M_BAD_JSON")),
    ("GET", "/global", None, _INVALID),
    ("GET", "/global/room", None, _INVALID),
    ("GET", "/device/", None, _INVALID),
    ("GET", "/global/override/.m.rule.master/color", None, _INVALID),
    ("GET", "/global/override/none", None, (404, "M_NOT_FOUND")),
    ("GET", "", None, (404, "M_UNRECOGNIZED")),
    ("PUT", "/", _MUTED, (405, "M_UNRECOGNIZED")),
]


class WrongPathsTest(HomeserverCase):
    """Of a user who has no rules of their own."""

    def test_what_is_no_rule_is_refused_and_changes_nothing(self) -> None:
        """A part that is missing or unknown is 400; a rule that is not there 404."""
        user = self.new_user()
        before = user.get("/pushrules/")

        for method, path, body, expected in _REFUSED:
            with self.subTest(method=method, path=path):
                self.assertEqual(user.refusal(method, f"/pushrules{path}", body), expected)

        self.assertEqual(user.get("/pushrules/"), before)

    def test_actions_of_old_and_with_a_prefix_are_taken(self) -> None:
        """Clients still send `dont_notify`, and try out actions of their own."""
        user = self.new_user()
        actions = ["dont_notify", "org.example.blink", {"set_tweak": "org.example.colour", "value": "red"}]

        user.put("/pushrules/global/room/!a:example.org", {"actions": actions})

        rule = user.get("/pushrules/global/room/!a:example.org")
        self.assertEqual(rule["actions"][1:], actions[1:])
