"""One suite for every place of contents: a folder, and a bucket."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
import time
import unittest
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.threads import deferToThread

from homeserver.config.media import ObjectStorageConfig
from homeserver.database import Database, Transaction, open_database
from homeserver.protocol.errors import MatrixError
from homeserver.slices.media import queries
from homeserver.slices.media.bucket import BucketContents
from homeserver.slices.media.contents import Contents
from homeserver.slices.media.folder import FolderContents
from homeserver.slices.media.keeping import Keeping
from homeserver.slices.media.records import Content, Media
from homeserver.slices.media.staging import StagingFolder
from homeserver.wiring.tables import TABLES
from tests.slices.media.files import files_below
from tests.support.databases import fresh_database, on_postgres
from tests.support.object_storage import new_bucket, objects_of
from tests.support.own_reactor import run

_MOST = 3_000_000


async def pieces(content: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    """A content as it comes from the network."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def broken(content: bytes) -> AsyncIterator[bytes]:
    """One that ends in the middle."""
    yield content
    raise ConnectionError("gone")


def sha256_of(content: bytes) -> str:
    """In hex."""
    return hashlib.sha256(content).hexdigest()


def grow_old(folder: Path) -> None:
    """Nobody has written to the files for two hours."""
    then = time.time() - 2 * 3600
    for path in folder.rglob("*"):
        os.utime(path, (then, then))


class ContentsTest(unittest.TestCase):
    """A folder."""

    contents: Contents

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.contents = self.new_contents()
        self.addCleanup(self.contents.close)

    def new_contents(self) -> Contents:
        """The place, as one process has it."""
        return FolderContents(self.folder, deferToThread)

    def everything(self) -> list[str]:
        """What is there, temporary files too."""
        return files_below(self.folder)

    def keep(self, content: bytes) -> str:
        """Keep a content; its name."""

        async def keep() -> str:
            staged = await self.contents.stage(pieces(content), _MOST)
            await staged.keep()
            await staged.drop()
            self.assertEqual(staged.content, Content(sha256_of(content), len(content)))
            return staged.content.sha256

        return run(keep())

    def read(self, sha256: str, start: int, length: int) -> bytes:
        """A part of a content."""

        async def read() -> bytes:
            return b"".join([piece async for piece in self.contents.read(sha256, start, length)])

        return run(read())

    def test_contents_come_back(self) -> None:
        """Whole and in parts, of any size; to be read as a file, too."""
        for size in (0, 1, 100_000, 262_144, 262_145, 2_000_000):
            with self.subTest(size):
                content = secrets.token_bytes(size)
                name = self.keep(content)
                self.assertEqual(self.read(name, 0, size), content)
                self.assertEqual(self.read(name, size // 2, size), content[size // 2 :])
                self.assertEqual(self.read(name, 0, size // 3), content[: size // 3])
                path = run(self.contents.borrow(name))
                self.assertEqual(path.read_bytes(), content)
                run(self.contents.give_back(path))
        self.assertEqual(len(self.everything()), 6)

    def test_equal_contents_are_one(self) -> None:
        """Under the name of their hash."""
        self.assertEqual({self.keep(b"the same") for _ in range(3)}, {sha256_of(b"the same")})
        self.assertEqual(len(self.everything()), 1)

    def test_what_fails_leaves_nothing(self) -> None:
        """Too large, broken off, not wanted after all."""

        async def too_large() -> None:
            await self.contents.stage(pieces(b"x" * (_MOST + 1)), _MOST)

        async def broken_off() -> None:
            await self.contents.stage(broken(b"x" * 400_000), _MOST)

        async def unwanted() -> None:
            staged = await self.contents.stage(pieces(b"x" * 400_000), _MOST)
            await staged.drop()

        with self.assertRaises(MatrixError) as caught:
            run(too_large())
        self.assertEqual((caught.exception.status, caught.exception.errcode), (413, "M_TOO_LARGE"))
        with self.assertRaises(ConnectionError):
            run(broken_off())
        run(unwanted())
        self.assertEqual(self.everything(), [])

    def test_deleting(self) -> None:
        """What is not there is deleted, too; then reading fails, and it may be kept again."""
        name = self.keep(b"short-lived")
        for _ in range(2):
            run(self.contents.delete(name))
        self.assertEqual(self.everything(), [])
        with self.assertRaises(OSError):
            self.read(name, 0, 5)
        with self.assertRaises(OSError):
            run(self.contents.borrow(name)).read_bytes()
        self.keep(b"short-lived")
        self.assertEqual(self.read(name, 0, 5), b"short")

    def test_what_a_killed_process_left(self) -> None:
        """Is removed when it is old; what it may have put in its place is named, to be removed if nothing has it."""
        named: list[str] = []

        async def remove(sha256: str) -> None:
            named.append(sha256)

        run(self.contents.stage(pieces(b"abandoned"), _MOST, keeps=True))
        self.assertEqual(self.read(sha256_of(b"abandoned"), 0, 9), b"abandoned")
        left = self.everything()
        run(self.contents.sweep(remove))
        self.assertEqual((self.everything(), named), (left, []))
        grow_old(self.folder)
        run(self.contents.sweep(remove))
        self.assertEqual((len(self.everything()), named), (len(left) - 1, [sha256_of(b"abandoned")]))

    def test_pieces_of_any_size(self) -> None:
        """What comes is put together, and cut, as the disk likes it."""
        for size in (1, 4_095, 131_072, 131_073, 1_048_575, 1_048_576, 1_052_673, 2_500_000):
            content = secrets.token_bytes(size)
            for piece in (997, 65_536, 1_500_000):
                with self.subTest(size=size, piece=piece):

                    async def keep(content: bytes = content, piece: int = piece) -> Content:
                        staged = await self.contents.stage(pieces(content, piece), _MOST, keeps=True)
                        await staged.drop()
                        return staged.content

                    self.assertEqual(run(keep()), Content(sha256_of(content), size))
                    self.assertEqual(self.read(sha256_of(content), 0, size), content)


class BucketTest(ContentsTest):
    """A bucket, with a folder for what comes."""

    def setUp(self) -> None:
        self.storage = new_bucket()
        super().setUp()

    def new_contents(self) -> Contents:
        """See `ContentsTest`."""
        staging = StagingFolder(self.folder, deferToThread)
        return BucketContents(ObjectStorageConfig(**self.storage), staging, reactor)

    def everything(self) -> list[str]:
        """See `ContentsTest`."""
        return files_below(self.folder) + objects_of(self.storage)

    def test_a_bucket_that_is_not_there(self) -> None:
        """An error, not a loss that nobody notices."""
        self.storage["bucket"] = "none"
        contents = self.new_contents()
        self.addCleanup(contents.close)

        async def keep() -> None:
            staged = await contents.stage(pieces(b"x"), _MOST)
            try:
                await staged.keep()
            finally:
                await staged.drop()

        with self.assertRaises(OSError):
            run(keep())
        self.assertEqual(files_below(self.folder), [])


class KeepingTest(unittest.TestCase):
    """Several processes share a place and a database: what anybody refers to is there, and nothing else."""

    engine = "sqlite"

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        location = self.enterContext(fresh_database(self.engine)).location
        self.database = self.open(location)
        # On SQLite there is one process, of which both are a part.
        others = self.open(location) if self.engine == "postgresql" else self.database
        self.processes = [self.new_keeping(one) for one in (self.database, others)]

    def open(self, location: str) -> Database:
        """As a process does."""
        database = open_database(self.engine, location, reactor)
        database.start(TABLES)
        self.addCleanup(database.close)
        return database

    def new_keeping(self, database: Database) -> Keeping:
        """A process's way to the place."""
        self.contents: Contents = self.new_contents()
        self.addCleanup(self.contents.close)
        return Keeping(database, self.contents, reactor)

    def new_contents(self) -> Contents:
        """The place, as one process has it."""
        return FolderContents(self.folder, deferToThread)

    def count(self) -> int:
        """How many contents and temporary files there are."""
        return len(files_below(self.folder))

    def test_adding_and_deleting_at_once(self) -> None:
        """Of equal contents, in any order: every file that is said to be there can be read."""
        content = secrets.token_bytes(1_000)

        async def live(process: int) -> None:
            for turn in range(4):
                media = await self.processes[process % 2].add(pieces(content), _MOST, _referring)
                found = b"".join([one async for one in self.contents.read(sha256_of(content), 0, 1_000)])
                self.assertEqual(found, content)
                if turn < 3 or process:
                    await self.processes[process % 2].delete(media)

        async def all_of_them() -> None:
            lives = [Deferred.fromCoroutine(live(process)) for process in range(4)]
            await gatherResults(lives, consumeErrors=True)

        run(all_of_them(), timeout_s=120)
        self.assertEqual(self.count(), 1)

    def test_what_is_refused_leaves_nothing(self) -> None:
        """Where what would refer to it may not be written; unless another has an equal one."""

        def refuse(tx: Transaction, content: Content) -> None:
            raise MatrixError(403, "M_USER_LIMIT_EXCEEDED", "too much")

        for expected in (0, 1):
            with self.assertRaises(MatrixError):
                run(self.processes[0].add(pieces(b"content"), _MOST, refuse))
            self.assertEqual(self.count(), expected)
            run(self.processes[1].add(pieces(b"content"), _MOST, _referring))

    def test_what_a_killed_process_took_in(self) -> None:
        """Goes, unless another has an equal one; whoever adds one meanwhile has it afterwards."""

        async def killed(content: bytes) -> None:
            await self.contents.stage(pieces(content), _MOST, keeps=True)

        async def add_while_it_is_removed() -> Media:
            adding = Deferred.fromCoroutine(self.processes[1].add(pieces(b"shared"), _MOST, _referring))
            await self.processes[0].reap()
            return await adding

        for content in (b"lost", b"shared"):
            run(killed(content))
        grow_old(self.folder)
        media = run(add_while_it_is_removed())
        self.assertEqual(media.sha256, sha256_of(b"shared"))
        self.assertEqual(run(self.contents.borrow(sha256_of(b"shared"))).read_bytes(), b"shared")
        with self.assertRaises(OSError):
            run(self.contents.borrow(sha256_of(b"lost"))).read_bytes()

    def test_a_removal_that_a_killed_process_began(self) -> None:
        """Is finished later; who adds the content meanwhile gets it, in the end."""
        media = run(self.processes[0].add(pieces(b"content"), _MOST, _referring))

        def begin(tx: Transaction) -> None:
            queries.delete_row(tx, media.media_nid)
            tx.run(
                "INSERT INTO media_removals (sha256, since_ts, is_done) VALUES (:sha256, 1, 0)",
                sha256=sha256_of(b"content"),
            )

        run(_transact(self.database, begin))

        async def add_while_it_is_finished() -> Media:
            adding = Deferred.fromCoroutine(self.processes[0].add(pieces(b"content"), _MOST, _referring))
            await self.processes[1].reap()
            return await adding

        media = run(add_while_it_is_finished())
        path = run(self.contents.borrow(str(media.sha256)))
        self.assertEqual(path.read_bytes(), b"content")


class KeepingInBucketTest(KeepingTest):
    """The same, in a bucket."""

    def setUp(self) -> None:
        self.storage = new_bucket()
        super().setUp()

    def new_contents(self) -> Contents:
        """See `KeepingTest`."""
        staging = StagingFolder(self.folder, deferToThread)
        return BucketContents(ObjectStorageConfig(**self.storage), staging, reactor)

    def count(self) -> int:
        """See `KeepingTest`."""
        return len(files_below(self.folder)) + len(objects_of(self.storage))


async def _transact(database: Database, body: Any) -> None:
    await database.transact(body)


def _referring(tx: Transaction, content: Content) -> Media:
    media_id = secrets.token_hex(8)
    row = {"origin": "here", "media_id": media_id, "sha256": content.sha256, "size_bytes": content.size_bytes}
    row |= {"content_type": "text/plain", "file_name": None, "uploader": None, "created_ts": 1, "expires_ts": None}
    queries.insert_media(tx, {**row, "needs_account": 1})
    media = queries.find_media(tx, "here", media_id)
    assert media is not None
    return media


KeepingTestOnPostgres = on_postgres(KeepingTest)
KeepingInBucketTestOnPostgres = on_postgres(KeepingInBucketTest)
