"""Unpadded base64, as keys, signatures and hashes are written.

https://spec.matrix.org/v1.19/appendices/#unpadded-base64
"""

from __future__ import annotations

import binascii
import re

_PADDED = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_TO_STANDARD = str.maketrans("-_", "+/")


def encode_base64(data: bytes) -> str:
    """Unpadded standard base64."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").decode("ascii")


def encode_base64_url(data: bytes) -> str:
    """Unpadded URL-safe base64."""
    return encode_base64(data).translate(str.maketrans("+/", "-_"))


def decode_base64(text: str) -> bytes:
    """The bytes of standard or URL-safe base64, padded or not; ValueError for anything else."""
    if not _PADDED.fullmatch(text):
        raise ValueError("not base64")
    bare = text.rstrip("=").translate(_TO_STANDARD)
    return binascii.a2b_base64(bare + "=" * (-len(bare) % 4))
