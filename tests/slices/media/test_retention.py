"""How long files are kept, how many, and for whom."""

from __future__ import annotations

import http.client
import json
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tests.slices.media.files import download, exchange, files_below, image, thumbnail, upload
from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase, HomeserverCase, running_homeserver

OLDER = "/_matrix/media/v3"


def refused_upload(user: User, size_bytes: int) -> dict[str, Any]:
    """The error of an upload."""
    answer = exchange(user.url, "POST", f"{OLDER}/upload", token=user.token, content=secrets.token_bytes(size_bytes))
    return {"status": answer.status, **json.loads(answer.content)}


class QuotaTest(HomeserverCase):
    """A user's files may have so many bytes in all, and so many within an hour."""

    settings: ClassVar = {
        "media_quota": {"user": 10_000, "info_uri": "https://example.org/limits"},
        "media_upload_limits": [{"time_period": "1h", "max_size": 6_000}],
    }

    def test_too_much_within_an_hour(self) -> None:
        """403 `M_USER_LIMIT_EXCEEDED`, also for what was announced and for what has no length; nothing is left."""
        alice, bob = self.new_user("alice"), self.new_user("bob")
        place = alice.post("/_matrix/media/v1/create")["content_uri"].removeprefix("mxc://")
        upload(alice, secrets.token_bytes(5_000))
        before = files_below(self.server.media_folder)
        error = refused_upload(alice, 1_001)
        self.assertEqual((error["status"], error["errcode"]), (403, "M_USER_LIMIT_EXCEEDED"))
        self.assertEqual(error["info_uri"], "https://example.org/limits")
        content = secrets.token_bytes(1_001)
        path = f"{OLDER}/upload/{place}"
        answer = exchange(self.server.url, "PUT", path, token=alice.token, content=content)
        self.assertEqual(answer.error, (403, "M_USER_LIMIT_EXCEEDED"))
        self.assertEqual(_upload_in_chunks(alice, content), 403)
        self.assertEqual(files_below(self.server.media_folder), before)
        upload(alice, secrets.token_bytes(1_000))
        upload(bob, secrets.token_bytes(6_000))

    def test_too_much_in_all(self) -> None:
        """Whenever it was; what was deleted counts no more."""
        with running_homeserver(self.engine, media_quota={"user": 1_000}) as server:
            user = server.new_user()
            upload(user, secrets.token_bytes(600))
            self.assertEqual(refused_upload(user, 401)["info_uri"], f"{server.url}/")
            upload(user, secrets.token_bytes(400))


class RemoteQuotaTest(FederationCase):
    """Other servers' files may have so many bytes here."""

    settings: ClassVar = {"media_quota": {"remote_media": 1_000}}

    def test_the_longest_unused_go_first(self) -> None:
        """Until it fits; local files do not count."""
        alice, bob = self.here.new_user(), self.there.new_user()
        upload(alice, secrets.token_bytes(5_000))
        before = files_below(self.here.media_folder)
        places = [upload(bob, secrets.token_bytes(400)) for _ in range(4)]
        for place in places:
            download(alice, place)
            time.sleep(0.002)
        self.here.reap()
        self.assertEqual(len(files_below(self.here.media_folder)), len(before) + 2)
        self.there.stop()
        self.addCleanup(self.there.start_if_stopped)
        self.assertEqual([download(alice, one).status for one in places], [502, 502, 200, 200])


class LifetimeTest(FederationCase):
    """What nobody asks for is forgotten after a time."""

    settings: ClassVar = {"media_retention": {"local_media_lifetime": 3_600_000, "remote_media_lifetime": 1}}

    def test_lifetimes(self) -> None:
        """Of local files and of others', with their thumbnails; a content that is still used stays."""
        alice, bob = self.here.new_user(), self.there.new_user()
        content = image(300, 300)
        remote, own = upload(bob, content, "image/png"), upload(alice, content, "image/png")
        thumbnail(alice, remote, width=32, height=32, method="crop")
        time.sleep(0.02)
        self.here.reap()
        self.assertEqual(download(alice, own).content, content)
        self.assertEqual(download(alice, remote).content, content)
        self.here.set(media_retention={"local_media_lifetime": 1, "remote_media_lifetime": 1})
        self.here.reap()
        self.assertEqual(files_below(self.here.media_folder), [])
        self.assertEqual(download(alice, own).error, (404, "M_NOT_FOUND"))
        self.assertEqual(download(alice, remote).content, content)


class FreezeTest(HomeserverCase):
    """From a date on, files are for those with an account; what came before stays with the older endpoints."""

    def test_before_and_after(self) -> None:
        """404 for what is newer."""
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        with running_homeserver(self.engine, authenticated_media_since=tomorrow.date()) as server:
            user = server.new_user()
            before = upload(user, b"before")
            self.assertEqual(exchange(server.url, "GET", f"{OLDER}/download/{before}").content, b"before")
            server.set(authenticated_media_since=datetime.now(UTC).isoformat())
            after = upload(user, b"after")
            self.assertEqual(exchange(server.url, "GET", f"{OLDER}/download/{before}").content, b"before")
            for kind, query in (("download", {}), ("thumbnail", {"width": 9, "height": 9})):
                answer = exchange(server.url, "GET", f"{OLDER}/{kind}/{after}", query=query)
                self.assertEqual(answer.error, (404, "M_NOT_FOUND"))
            self.assertEqual(download(user, after).content, b"after")


def _upload_in_chunks(user: User, content: bytes) -> int:
    connection = http.client.HTTPConnection(urlsplit(user.url).netloc, timeout=20)
    try:
        fields = {"Authorization": f"Bearer {user.token}"}
        connection.request("POST", f"{OLDER}/upload", iter([content]), fields, encode_chunked=True)
        return connection.getresponse().status
    finally:
        connection.close()


QuotaTestOnPostgres = on_postgres(QuotaTest)
RemoteQuotaTestOnPostgres = on_postgres(RemoteQuotaTest)
LifetimeTestOnPostgres = on_postgres(LifetimeTest)
FreezeTestOnPostgres = on_postgres(FreezeTest)
