"""The operator's guide knows every key."""

from __future__ import annotations

import re
import unittest
from pathlib import Path

from homeserver.config.records import known_keys
from homeserver.config.synapse_keys import IGNORED_KEYS

GUIDE = Path(__file__).resolve().parent.parent.parent / "docs" / "operations.md"


class DocumentationTest(unittest.TestCase):
    """docs/operations.md."""

    def test_every_key_is_described(self) -> None:
        """A `..._path` variant of a secret is described by the rule."""
        named = set(re.findall(r"`(\w+)`", GUIDE.read_text(encoding="utf-8")))
        keys = known_keys()

        self.assertEqual({key for key in keys if key not in named and key.removesuffix("_path") not in keys}, set())

    def test_a_key_has_a_meaning_or_none(self) -> None:
        """Not both."""
        self.assertEqual(known_keys() & IGNORED_KEYS, set())
