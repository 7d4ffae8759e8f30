"""Contents as objects in a bucket of S3 or a storage that speaks as it does: many processes share it.

What comes is written to a temporary file here first, since an object is put whole and under the name of its SHA-256.
The library waits for the network, so it does that in threads of its own. It is not imported where it is not used.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from homeserver.config.media import ObjectStorageConfig
from homeserver.slices.media.content_types import disposition
from homeserver.slices.media.contents import Staged
from homeserver.slices.media.records import About, Content
from homeserver.slices.media.staging import PIECE_BYTES, Remove, StagedFile, StagingFolder

T = TypeVar("T")

_THREADS = 16
_CONNECT_S = 10
_READ_S = 60
_TRIES = 3
_LINK_S = 300


class BucketContents:
    """A bucket. Raises `OSError` for what it does not answer, or answers wrongly."""

    def __init__(self, config: ObjectStorageConfig, staging: StagingFolder, reactor: Any) -> None:
        self._config = config
        self._staging = staging
        self._reactor = reactor
        self._threads = ThreadPool(0, _THREADS, "objects")
        self._client: Any = None
        self._is_started = False

    async def open(self) -> None:
        """See `Contents`: nothing has to be made."""

    async def stage(self, chunks: AsyncIterator[bytes], most_bytes: int, *, keeps: bool = False) -> Staged:
        """See `Contents`."""
        file = await self._staging.take(chunks, most_bytes)
        if keeps:
            try:
                await self.keep(file)
            except BaseException:
                await self.drop(file)
                raise
        return _StagedForBucket(self, file)

    async def keep(self, staged: StagedFile) -> None:
        """Put a temporary file into the bucket, unless an equal one is there."""
        await self._in_thread(self._put, staged)

    async def drop(self, staged: StagedFile) -> None:
        """The temporary file goes."""
        await self._staging.drop(staged.path)

    async def read(self, sha256: str, start: int, length: int) -> AsyncIterator[bytes]:
        """See `Contents`."""
        if length <= 0:
            return
        span = f"bytes={start}-{start + length - 1}"
        answer = await self._in_thread(self._ask, "get_object", Key=self._key(sha256), Range=span)
        body = answer["Body"]
        try:
            while length > 0:
                piece: bytes = await self._in_thread(_read, body)
                if not piece:
                    return
                length -= len(piece)
                yield piece
        finally:
            body.close()

    async def delete(self, sha256: str) -> None:
        """See `Contents`."""
        await self._in_thread(self._ask, "delete_object", Key=self._key(sha256))

    async def borrow(self, sha256: str) -> Path:
        """See `Contents`: a copy in the folder of temporary files."""
        answer = await self._in_thread(self._ask, "get_object", Key=self._key(sha256))
        path = self._staging.new_path()
        await self._in_thread(_download, answer["Body"], path)
        return path

    async def give_back(self, path: Path) -> None:
        """See `Contents`: the copy goes."""
        await self._staging.drop(path)

    async def link(self, content: Content, about: About) -> str | None:
        """See `Contents`: a signed URL that holds for five minutes, where the operator wants that."""
        if not self._config.redirects:
            return None
        return await self._in_thread(self._signed, content, about)

    async def sweep(self, remove: Remove) -> None:
        """See `Contents`."""
        await self._staging.sweep(remove)

    def close(self) -> None:
        """End the threads; waits for what they are at."""
        if self._is_started:
            self._is_started = False
            self._threads.stop()

    async def _in_thread(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        if not self._is_started:
            self._is_started = True
            self._threads.start()
        return await deferToThreadPool(self._reactor, self._threads, partial(function, *arguments, **named))

    def _key(self, sha256: str) -> str:
        return f"{self._config.prefix}{sha256}"

    def _ask(self, operation: str, **named: Any) -> Any:
        """One request; raises `FileNotFoundError` for an object that is not there, and other `OSError`s."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            if self._client is None:
                self._client = _new_client(self._config)
            return getattr(self._client, operation)(Bucket=self._config.bucket, **named)
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
                raise FileNotFoundError("object storage has no such object") from None
            raise OSError(f"object storage refused {operation}: {error}") from None
        except BotoCoreError as error:
            raise OSError(f"object storage failed at {operation}: {error}") from None

    def _put(self, staged: StagedFile) -> None:
        key = self._key(staged.content.sha256)
        try:
            found = self._ask("head_object", Key=key)
        except FileNotFoundError:
            found = {}
        if found.get("ContentLength") == staged.content.size_bytes:
            return
        with staged.path.open("rb") as file:
            self._ask("put_object", Key=key, Body=file, ContentLength=staged.content.size_bytes)

    def _signed(self, content: Content, about: About) -> str:
        if self._client is None:
            self._client = _new_client(self._config)
        shown = {
            "Bucket": self._config.bucket,
            "Key": self._key(content.sha256),
            "ResponseContentType": about.content_type,
            "ResponseContentDisposition": disposition(about),
            "ResponseCacheControl": "private, max-age=86400, immutable",
        }
        return str(self._client.generate_presigned_url("get_object", shown, ExpiresIn=_LINK_S))


class _StagedForBucket:
    def __init__(self, contents: BucketContents, file: StagedFile) -> None:
        self._contents = contents
        self._file = file

    @property
    def content(self) -> Content:
        return self._file.content

    async def keep(self) -> None:
        await self._contents.keep(self._file)

    async def drop(self) -> None:
        await self._contents.drop(self._file)


def _new_client(config: ObjectStorageConfig) -> Any:
    """The library's client, which several threads may use at once."""
    from botocore.config import Config
    from botocore.session import get_session

    return get_session().create_client(
        "s3",
        endpoint_url=config.endpoint,
        region_name=config.region or ("us-east-1" if config.endpoint else None),
        aws_access_key_id=config.access_key_id,
        aws_secret_access_key=config.secret_access_key,
        config=Config(
            signature_version="s3v4",
            connect_timeout=_CONNECT_S,
            read_timeout=_READ_S,
            max_pool_connections=_THREADS,
            retries={"total_max_attempts": _TRIES, "mode": "standard"},
            s3={"addressing_style": "path" if config.endpoint else "auto"},
            # Storages of other makers do not know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def _read(body: Any) -> bytes:
    from botocore.exceptions import BotoCoreError

    try:
        piece: bytes = body.read(PIECE_BYTES)
    except BotoCoreError as error:
        raise OSError(f"object storage failed amid an object: {error}") from None
    return piece


def _download(body: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            while piece := _read(body):
                file.write(piece)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        body.close()
