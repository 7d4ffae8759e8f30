"""`hash_password`."""

from __future__ import annotations

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

from homeserver.accounts.passwords import is_password
from homeserver.commands.hash_password import main


class HashPasswordTest(unittest.TestCase):
    """The hash is one that a login accepts."""

    def test_rounds_and_pepper_of_the_configuration(self) -> None:
        """Without the pepper the hash fits no password."""
        out = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(out):
            path = Path(folder, "homeserver.yaml")
            path.write_text(
                "server_name: a.example\nbcrypt_rounds: 4\npassword_config: {pepper: salt}\n", encoding="utf-8"
            )
            status = main(["-c", str(path), "-p", "pässword"])
        found = out.getvalue().strip()

        self.assertEqual(status, 0)
        self.assertTrue(found.startswith("$2b$04$"))
        self.assertTrue(is_password("pässword", "salt", found))
        self.assertFalse(is_password("pässword", "", found))
