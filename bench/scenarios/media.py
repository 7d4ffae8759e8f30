"""Files of 1 MiB, and thumbnails."""

from __future__ import annotations

import io
import json
import random

from PIL import Image

from bench.connection import Connection
from bench.meter import Meter, Window
from bench.world import User, World

_MIB = 1 << 20
_SIDE = 590


async def media(world: World, meter: Meter) -> None:
    """Upload and download bytes; upload an image and get its thumbnail."""
    (user,) = await world.take(1)
    connection = await world.address.connect()
    files = [random.Random(number).randbytes(_MIB) for number in range(world.count(20))]
    async with meter.measure("upload") as window:
        place = await _upload(world, window, connection, user, files, "application/octet-stream")
    path = f"/_matrix/client/v1/media/download/{place}"
    async with meter.measure("download") as window:
        request = world.address.request("GET", path, user.token)
        await window.run(connection, [request] * world.count(60))
    images = [_image(number) for number in range(world.count(5))]
    async with meter.measure("upload_image") as window:
        place = await _upload(world, window, connection, user, images, "image/png")
    path = f"/_matrix/client/v1/media/thumbnail/{place}?width=96&height=96&method=crop"
    request = world.address.request("GET", path, user.token)
    await connection.send(request)
    async with meter.measure("thumbnail") as window:
        await window.run(connection, [request] * world.count(60))


async def _upload(
    world: World, window: Window, connection: Connection, user: User, files: list[bytes], content_type: str
) -> str:
    """Server and id of the last one."""
    answer = b"{}"
    for content in files:
        path = "/_matrix/media/v3/upload?filename=f"
        request = world.address.upload("POST", path, user.token, content, content_type)
        answer = await window.one(connection, request)
    return str(json.loads(answer)["content_uri"]).removeprefix("mxc://")


def _image(seed: int) -> bytes:
    """Noise, which takes three bytes a pixel as a PNG, too."""
    content = io.BytesIO()
    pixels = random.Random(seed).randbytes(_SIDE * _SIDE * 3)
    Image.frombytes("RGB", (_SIDE, _SIDE), pixels).save(content, "PNG", compress_level=1)
    return content.getvalue()
