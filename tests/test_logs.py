"""Setting up logging."""

from __future__ import annotations

import logging
import tempfile
import unittest
from pathlib import Path

from homeserver import logs
from homeserver.config import ConfigError


class LogConfigTest(unittest.TestCase):
    """A `log_config` file."""

    def setUp(self) -> None:
        """Leave this process's logging as it was."""
        root = logging.getLogger()
        self.addCleanup(root.setLevel, root.level)
        self.addCleanup(logging.setLogRecordFactory, logging.getLogRecordFactory())
        self.addCleanup(logging.captureWarnings, False)
        outputs = list(root.handlers)
        self.addCleanup(setattr, root, "handlers", outputs)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, text: str) -> Path:
        """The file."""
        path = self.folder / "log.config"
        path.write_text(text, encoding="utf-8")
        return path

    def test_every_record_has_a_request(self) -> None:
        """So that any format may name it, outside requests too."""
        log_path = self.folder / "out.log"
        text = f"""
            formatters: {{line: {{format: "%(levelname)s [%(request)s] %(message)s"}}}}
            handlers: {{file: {{class: logging.FileHandler, filename: {log_path}, formatter: line}}}}
            root: {{level: INFO, handlers: [file]}}
        """
        logs.set_up(self.write(text))
        logging.getLogger("homeserver.test").info("hello")
        log_path.rename(self.folder / "old.log")
        logs.reopen()
        logging.getLogger("homeserver.test").warning("again")

        self.assertEqual((self.folder / "old.log").read_text(encoding="utf-8"), "INFO [-] hello\n")
        self.assertEqual(log_path.read_text(encoding="utf-8"), "WARNING [-] again\n")
        for output in logging.getLogger().handlers:
            output.close()

    def test_what_is_wrong_with_it(self) -> None:
        """Each stops the start, naming the key and the file."""
        for text, expected in (
            ("a: [", "is not YAML"),
            ("- 1", "found no section"),
            ("root: {level: LOUD}", "Unknown level"),
            ("handlers: {x: {class: no.such.Class}}", "no.such"),
        ):
            with self.subTest(expected), self.assertRaises(ConfigError) as caught:
                logs.set_up(self.write(text))
            self.assertRegex(str(caught.exception), rf"^log_config: .*log\.config'.*{expected}")
        with self.assertRaisesRegex(ConfigError, "cannot be read"):
            logs.set_up(self.folder / "none")
