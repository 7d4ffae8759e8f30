from __future__ import annotations

import unittest
from typing import Any

from cmdclient.client import Exchange
from cmdclient.masking import masked, masked_target, plain, pretty_json
from cmdclient.printing import event_lines, exchange_lines, table_lines


def described(event: dict[str, Any]) -> str:
    """An event of Alice as it is printed, without the moment."""
    lines = event_lines({"sender": "@a:hs", "origin_server_ts": 1_700_000_000_000, **event})
    return "\n".join(lines)[len("2023-11-14 22:13:20 ") :]


class Masking(unittest.TestCase):
    def test_tokens_and_passwords_at_every_depth(self) -> None:
        shown = masked({"access_token": "s3", "auth": {"password": "s3"}, "list": [{"refresh_token": "s3"}], "n": 1})
        self.assertNotIn("s3", str(shown))
        self.assertEqual(shown["n"], 1)

    def test_tokens_in_a_query(self) -> None:
        self.assertEqual(masked_target("/x?a=1&access_token=s3&b=2"), "/x?a=1&access_token=****&b=2")

    def test_a_query_is_shown_readable_with_its_parameters_apart(self) -> None:
        target = "/x?filter=%7B%22types%22%3A%5B%22a%26b%22%5D%7D&from=%C3%A4%20%23"
        shown = exchange_lines(Exchange("GET", target, False, None, 204, "No Content", None, 5))
        self.assertEqual(shown, ['--> GET /x?filter={"types":["a%26b"]}&from=ä%20%23', "<-- 204 No Content (5 ms)"])

    def test_an_exchange_shows_all_but_the_secrets(self) -> None:
        exchange = Exchange(
            "POST", "/_matrix/x", True, {"password": "s3"}, 200, "OK", {"access_token": "s3", "k": 1}, 5
        )
        text = "\n".join(exchange_lines(exchange))
        for part in ("--> POST /_matrix/x", "Authorization: Bearer ****", "<-- 200 OK (5 ms)", '"k": 1'):
            self.assertIn(part, text)
        self.assertNotIn("s3", text)


class Harmless(unittest.TestCase):
    def test_terminal_sequences_do_nothing(self) -> None:
        self.assertEqual(plain("a\x1b[2Jb\x9bc\r\u202ed"), "a\ufffd[2Jb\ufffdc\ufffd\ufffdd")

    def test_lone_surrogates_can_be_printed(self) -> None:
        pretty_json({"body": "\ud800"}).encode()

    def test_sender_and_body_of_others(self) -> None:
        event = {
            "type": "m.room.message",
            "sender": "@\x1b:hs",
            "content": {"msgtype": "m.text", "body": "\x1b]0;x\x07"},
        }
        self.assertNotIn("\x1b", described(event))


class Events(unittest.TestCase):
    def test_message_of_several_lines(self) -> None:
        event = {"type": "m.room.message", "content": {"msgtype": "m.text", "body": "one\ntwo"}}
        self.assertEqual(described(event), "@a:hs: one\n    two")

    def test_emote(self) -> None:
        event = {"type": "m.room.message", "content": {"msgtype": "m.emote", "body": "waves"}}
        self.assertEqual(described(event), "@a:hs * waves")

    def test_memberships(self) -> None:
        def member(target: str, membership: str, **more: Any) -> str:
            return described(
                {"type": "m.room.member", "state_key": target, "content": {"membership": membership}, **more}
            )

        self.assertEqual(member("@a:hs", "join"), "@a:hs * joined")
        self.assertEqual(member("@b:hs", "invite"), "@a:hs * @b:hs was invited")
        self.assertEqual(member("@b:hs", "leave"), "@a:hs * @b:hs was removed")
        banned = {"prev_content": {"membership": "ban"}}
        self.assertEqual(member("@b:hs", "leave", unsigned=banned), "@a:hs * @b:hs is no longer banned")

    def test_an_invitation_has_no_time(self) -> None:
        event = {"type": "m.room.member", "sender": "@a:hs", "state_key": "@b:hs", "content": {"membership": "invite"}}
        self.assertEqual(event_lines(event, "Den"), ["[Den] @a:hs * @b:hs was invited"])

    def test_what_a_new_room_begins_with(self) -> None:
        rules = {"type": "m.room.join_rules", "state_key": "", "content": {"join_rule": "invite"}}
        self.assertEqual(described(rules), "@a:hs * set the join rule to 'invite'")
        levels = {"type": "m.room.power_levels", "state_key": "", "content": {"users": {"@a:hs": 100}}}
        self.assertEqual(described(levels), "@a:hs * set the power levels")

    def test_redacted_and_unknown(self) -> None:
        redacted = {"type": "m.room.message", "content": {}, "unsigned": {"redacted_because": {}}}
        self.assertEqual(described(redacted), "@a:hs * (redacted)")
        self.assertEqual(described({"type": "x.y", "content": {"k": "ä"}}), '@a:hs * x.y {"k": "ä"}')

    def test_malformed_events_are_shown_all_the_same(self) -> None:
        for event in ({}, {"type": 5, "content": "x"}, {"type": "m.room.message", "content": {"body": 5}}):
            self.assertTrue(event_lines({"origin_server_ts": "soon", **event}, "room"))

    def test_table(self) -> None:
        self.assertEqual(table_lines([("a", "b\n"), ("ccc", "")]), ["a    b", "ccc"])

    def test_a_table_with_characters_of_two_columns(self) -> None:
        self.assertEqual(table_lines([("部屋", "b"), ("ab", "c")]), ["部屋  b", "ab    c"])

    def test_a_table_for_a_narrow_terminal(self) -> None:
        lines = table_lines([("list", "one two three four five six"), ("x", "")], 26)
        self.assertEqual(lines, ["list  one two three four", "      five six", "x"])
