"""Images that mean harm: small files that would be large, or never end, and files that are not what they seem."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.slices.media.files import image, moving_image

_PNG = b"\x89PNG\r\n\x1a\n"


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of one bit a pixel that says to have this size, with further chunks before the pixels."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return _PNG + b"".join(_chunk(*one) for one in ((b"IHDR", header), *chunks, (b"IEND", b"")))


def hostile_images() -> Iterator[tuple[str, bytes]]:
    """(what it is, bytes): none of them has a thumbnail."""
    packed = zlib.compress(b"\0" * 200_000_000)
    yield "a PNG of 900 million pixels", png(30_000, 30_000, (b"IDAT", packed))
    yield "a PNG of the largest size", png(2**31 - 1, 2**31 - 1, (b"IDAT", packed))
    yield "a PNG whose text is a bomb", png(4_000, 4_000, (b"zTXt", b"a\0\0" + packed), (b"IDAT", b""))
    yield "a PNG whose profile is a bomb", png(4_000, 4_000, (b"iCCP", b"a\0\0" + packed), (b"IDAT", b""))
    yield "a PNG without pixels", png(100, 100)
    yield "a PNG with a wrong checksum", png(100, 100, (b"IDAT", zlib.compress(b"\0" * 1_400)))[:-20] + b"\0" * 20
    yield "a GIF of the largest size", b"GIF89a\xff\xff\xff\xff\x00\x00\x00" + b"\x2c" * 40
    yield "a WebP that lies about its length", b"RIFF\xff\xff\xff\xffWEBPVP8L" + b"\xff" * 60
    yield "an AVIF without an image", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + b"\0" * 60
    yield "a BMP, which is not on the list", _as("BMP")
    yield "a TIFF, which is not on the list", _as("TIFF")
    yield "an EPS, which is a program", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n%%EOF\n"
    yield "an SVG", b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
    yield "HTML", b"<html><script>alert(1)</script></html>"
    yield "a ZIP", b"PK\x03\x04" + b"\0" * 60
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "AVIF"):
        whole = image(200, 200, kind)
        yield f"a {kind} that was cut off", whole[: max(40, len(whole) // 4)]
        yield f"a {kind} that is its beginning only", whole[:12]
    yield "a GIF that moves and was cut off", moving_image(200, 200, 5)[:60]


def _as(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (50, 50)).save(out, kind)
    return out.getvalue()


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
