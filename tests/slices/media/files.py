"""Requests whose bodies are files, and images to send."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from PIL import Image

from tests.support.api_client import PATIENCE_S, User


@dataclass(frozen=True)
class FileAnswer:
    """A response with whatever bytes it has; field names are in lower case."""

    status: int
    content: bytes
    headers: Mapping[str, str]

    @property
    def error(self) -> tuple[int, str]:
        """Status and errcode."""
        return self.status, json.loads(self.content)["errcode"]


def exchange(
    url: str,
    method: str,
    path: str,
    *,
    token: str | None = None,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, Any] | None = None,
) -> FileAnswer:
    """Any request."""
    fields = {"Connection": "close", **(headers or {})}
    if token is not None:
        fields["Authorization"] = f"Bearer {token}"
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)
    try:
        connection.request(method, path + (f"?{urlencode(query)}" if query else ""), content, fields)
        response = connection.getresponse()
        return FileAnswer(
            response.status, response.read(), {name.lower(): value for name, value in response.getheaders()}
        )
    finally:
        connection.close()


def upload(user: User, content: bytes, content_type: str = "text/plain", file_name: str | None = None) -> str:
    """Upload; `SERVER/ID`."""
    answer = exchange(
        user.url,
        "POST",
        "/_matrix/media/v3/upload",
        token=user.token,
        content=content,
        headers={"Content-Type": content_type},
        query={"filename": file_name} if file_name else None,
    )
    if answer.status != 200:
        raise AssertionError(f"not taken: {answer}")
    uri: str = json.loads(answer.content)["content_uri"]
    return uri.removeprefix("mxc://")


def download(user: User, place: str, headers: Mapping[str, str] | None = None, **query: Any) -> FileAnswer:
    """Ask for `SERVER/ID`, or `SERVER/ID/NAME`."""
    path = f"/_matrix/client/v1/media/download/{place}"
    return exchange(user.url, "GET", path, token=user.token, headers=headers, query=query)


def thumbnail(user: User, place: str, **query: Any) -> FileAnswer:
    """Ask for a thumbnail of `SERVER/ID`."""
    path = f"/_matrix/client/v1/media/thumbnail/{place}"
    return exchange(user.url, "GET", path, token=user.token, query=query)


def image(width: int, height: int, kind: str = "PNG", mode: str = "RGB") -> bytes:
    """An image in shades."""
    out = io.BytesIO()
    gradient = Image.linear_gradient("L").resize((width, height))
    gradient.convert(mode).save(out, kind)
    return out.getvalue()


def moving_image(width: int, height: int, frames: int) -> bytes:
    """A GIF that moves."""
    pictures = [Image.new("RGB", (width, height), (40 * one % 256, 0, 0)) for one in range(frames)]
    out = io.BytesIO()
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:], duration=50)
    return out.getvalue()


def files_below(folder: Path) -> list[str]:
    """Every file in a folder, whatever it is called, temporary ones too."""
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height."""
    with Image.open(io.BytesIO(content)) as opened:
        return opened.size
