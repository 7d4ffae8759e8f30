"""Making one thumbnail: a plain function, run in a process of its own kind with little to lose.

https://spec.matrix.org/v1.19/client-server-api/#thumbnails
"""

from __future__ import annotations

import io
import os
import resource
import signal
import threading
import time
from pathlib import Path

from PIL import Image, ImageOps, ImageSequence

#: Decoders for anything else are not asked.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
TIME_LIMIT_S = 20
_MEMORY_BYTES = 1536 * 1024 * 1024
_MOST_FRAMES = 200
_LOOK_EVERY_S = 2.0
_JPEG_QUALITY = 80


class NoThumbnail(Exception):
    """The file is no image that can be made smaller, or one that is too large."""


def begin_worker(server_pid: int) -> None:
    """At the start of a worker: a bound on memory, and an end soon after the server's, however that ends."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    threading.Thread(target=_end_after, args=(server_pid,), daemon=True).start()


def make_thumbnail(
    path: str, size: tuple[int, int], method: str, *, is_animated: bool, most_pixels: int
) -> tuple[bytes, str]:
    """(the image, its content type), never larger than the original; raises `NoThumbnail`."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, TIME_LIMIT_S)
    try:
        return _made(Path(path), size, method, is_animated, most_pixels)
    except NoThumbnail:
        raise
    except (OSError, ValueError, MemoryError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise NoThumbnail(type(error).__name__) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _end_after(server_pid: int) -> None:
    while os.getppid() == server_pid:
        time.sleep(_LOOK_EVERY_S)
    os._exit(1)


def _too_long(*_: object) -> None:
    raise NoThumbnail("it takes too long")


def _made(path: Path, size: tuple[int, int], method: str, is_animated: bool, most_pixels: int) -> tuple[bytes, str]:
    Image.init()
    available = [one for one in FORMATS if one in Image.OPEN]
    with Image.open(path, formats=available) as image:
        if image.width * image.height > most_pixels:
            raise NoThumbnail("it has too many pixels")
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
        if index >= _MOST_FRAMES:
            break
        durations.append(int(frame.info.get("duration", 100)))
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
