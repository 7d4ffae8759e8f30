"""Making one thumbnail: a plain function, run in a process of its own kind with little to lose.

https://spec.matrix.org/v1.19/client-server-api/#thumbnails
"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

from PIL import Image, ImageOps, ImageSequence

#: Decoders for anything else are not asked.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
#: What a decoder raises for bytes that are no image of its kind, and what the bounds of the process raise.
FAILURES = (
    *(OSError, ValueError, MemoryError, SyntaxError, EOFError, OverflowError, IndexError, KeyError, TypeError),
    *(struct.error, zlib.error, ZeroDivisionError, NotImplementedError, Image.DecompressionBombError),
)
#: Of what moves, no more is decoded than this.
_MOST_FRAMES = 200
_MOST_PIXELS_OF_ALL_FRAMES = 400_000_000
_JPEG_QUALITY = 80
_SHORTEST_MS = 20
_ORIENTATION = 0x0112
_FIRST_TURNED = 5


class NoThumbnail(Exception):
    """The file is no image that can be made smaller, or one that is too large."""


def make_thumbnail(
    path: str, size: tuple[int, int], method: str, is_animated: bool, most_pixels: int
) -> tuple[bytes, str]:
    """(the image, its content type), never larger than the original; raises `NoThumbnail`."""
    try:
        return _made(Path(path), size, method, is_animated, most_pixels)
    except FAILURES as error:
        raise NoThumbnail(type(error).__name__) from None


def measure_image(path: str, most_pixels: int) -> tuple[str, int, int]:
    """(content type, width, height) of an image as it is shown, by what it is and not by what was said of it; raises
    `NoThumbnail`."""
    try:
        with opened(Path(path), most_pixels) as image:
            width, height = image.size
            if image.getexif().get(_ORIENTATION, 1) >= _FIRST_TURNED:
                width, height = height, width
            return Image.MIME[image.format or ""], width, height
    except FAILURES as error:
        raise NoThumbnail(type(error).__name__) from None


def opened(path: Path, most_pixels: int) -> Image.Image:
    """The image in a file, of a format on the list and not too large; none of it is decoded yet."""
    Image.init()
    image = Image.open(path, formats=[one for one in FORMATS if one in Image.OPEN])
    if image.width * image.height > most_pixels:
        image.close()
        raise NoThumbnail("it has too many pixels")
    return image


def _made(path: Path, size: tuple[int, int], method: str, is_animated: bool, most_pixels: int) -> tuple[bytes, str]:
    with opened(path, most_pixels) as image:
        if is_animated and getattr(image, "n_frames", 1) > 1:
            return _animated(image, size, method), "image/webp"
        if image.format == "JPEG":
            # Decodes at a fraction of the size where that is enough.
            image.draft("RGB", (size[0] * 2, size[1] * 2))
        return _still(_resized(ImageOps.exif_transpose(image), size, method))


def _still(image: Image.Image) -> tuple[bytes, str]:
    out = io.BytesIO()
    if _has_alpha(image):
        image.convert("RGBA").save(out, "PNG", optimize=True)
        return out.getvalue(), "image/png"
    image.convert("RGB").save(out, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return out.getvalue(), "image/jpeg"


def _animated(image: Image.Image, size: tuple[int, int], method: str) -> bytes:
    frames, durations = [], []
    for index, frame in enumerate(ImageSequence.Iterator(image)):
        if index >= _MOST_FRAMES or index * image.width * image.height > _MOST_PIXELS_OF_ALL_FRAMES:
            break
        durations.append(max(_SHORTEST_MS, int(frame.info.get("duration") or 100)))
        frames.append(_resized(frame.convert("RGBA"), size, method))
    out = io.BytesIO()
    loop = image.info.get("loop", 0)
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=durations, loop=loop)
    return out.getvalue()


def _resized(image: Image.Image, size: tuple[int, int], method: str) -> Image.Image:
    """`scale`: the smallest that is not smaller than wanted in both directions. `crop`: the middle of that. Nothing is
    made larger."""
    width, height = size
    factor = max(width / image.width, height / image.height)
    if method == "scale":
        factor = min(width / image.width, height / image.height)
    if factor >= 1:
        return image
    scaled = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    mode = "RGBA" if _has_alpha(image) else "RGB"
    resized = image.convert(mode).resize(scaled, Image.Resampling.LANCZOS)
    if method == "scale":
        return resized
    left, top = max(0, (resized.width - width) // 2), max(0, (resized.height - height) // 2)
    return resized.crop((left, top, min(resized.width, left + width), min(resized.height, top + height)))


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
