from __future__ import annotations

import unittest

from cmdclient.commands import COMMANDS, get_command
from cmdclient.errors import UsageError
from cmdclient.registry import split


class Split(unittest.TestCase):
    def test_words_and_quotes(self) -> None:
        self.assertEqual(split("  a  'b c' \"d e\" "), ["a", "b c", "d e"])

    def test_an_apostrophe_is_no_quote(self) -> None:
        self.assertEqual(split("Bob's 'room"), ["Bob's", "'room"])
        self.assertEqual(split("'Bob's room"), ["'Bob's", "room"])

    def test_the_rest_is_as_written(self) -> None:
        self.assertEqual(split('"Tea room" say  "hello"  you ', 2), ["Tea room", 'say  "hello"  you'])
        self.assertEqual(split(' {"a": "b"} ', 1), ['{"a": "b"}'])

    def test_fewer_words_than_there_may_be(self) -> None:
        self.assertEqual(split("", 2), [])
        self.assertEqual(split("one", 2), ["one"])


class Usage(unittest.TestCase):
    def test_counts_follow_from_the_usage(self) -> None:
        counts = {name: (found.least, found.most, found.takes_rest) for name, found in COMMANDS.items()}
        self.assertEqual(counts["send"], (2, 2, True))
        self.assertEqual(counts["join"], (1, 3, False))
        self.assertEqual(counts["kick"], (2, 3, True))
        self.assertEqual(counts["create"], (0, 1, True))
        self.assertEqual(counts["logout"], (0, 0, False))

    def test_an_unknown_command_names_a_similar_one(self) -> None:
        with self.assertRaisesRegex(UsageError, "Did you mean send"):
            get_command("sned")

    def test_names_are_found_in_any_case(self) -> None:
        self.assertEqual(get_command("WhoAmI").name, "whoami")

    def test_every_command_has_its_help(self) -> None:
        promised = (
            "register login logout whoami create join invite leave kick ban send list stream messages topic "
            "displayname raw show config help quit"
        )
        self.assertLessEqual(set(promised.split()), set(COMMANDS))
        self.assertTrue(all(found.help for found in COMMANDS.values()))
