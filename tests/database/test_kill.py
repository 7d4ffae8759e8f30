"""`kill -9` at any moment: what was acknowledged is there, and nothing is there by half."""

from __future__ import annotations

from collections import Counter

from tests.database.database_case import DatabaseCase, add_thing, names
from tests.database.writing_process import start_writing
from tests.support.databases import on_postgres

_ENOUGH = 300


class Kill(DatabaseCase):
    def test_what_was_acknowledged_survives(self) -> None:
        """Three times, each going on from what the one before left."""
        self.database.close()
        for _ in range(3):
            acknowledged = self._write_and_kill()
            self.database = self.open()
            found = Counter(self.read(names))
            published = Counter(self.read(lambda tx: [row[0] for row in tx.all("SELECT key FROM changes")]))

            self.assertGreaterEqual(len(acknowledged), _ENOUGH)
            self.assertEqual([name for name in acknowledged if name not in found], [])
            self.assertEqual([name for name, count in found.items() if count % 2], [])
            self.assertEqual(set(published), set(found))
            self.transact(add_thing, "after")
            self.transact(lambda tx: tx.run("DELETE FROM things") + tx.run("DELETE FROM changes"))
            self.database.close()

    def _write_and_kill(self) -> list[str]:
        with start_writing(self.place) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(_ENOUGH)]
            process.kill()
            lines += process.stdout.readlines()
        return [line.strip() for line in lines if line.endswith("\n")]


KillOnPostgres = on_postgres(Kill)
