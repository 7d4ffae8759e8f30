"""Canonical JSON: the one encoding of a value that hashes and signatures are made over.

https://spec.matrix.org/v1.19/appendices/#canonical-json
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

GREATEST_INTEGER = 2**53 - 1
"""Integers are within plus and minus this."""

_encoder = msgspec.json.Encoder(order="sorted")
_WHOLE_WITH_EXPONENT = re.compile(r"(-?[0-9]+)[eE]\+?0*([0-9]{1,2})")


def encode(value: Any) -> bytes:
    """The canonical bytes of a JSON value made of dict, list, str, int, bool and None.

    Raises ValueError for floats, integers beyond +-(2^53 - 1), lone surrogates, keys that are no strings, other
    types, and nesting deeper than the encoder goes.
    """
    if not _is_plain(value):
        raise ValueError("canonical JSON holds no floats and no integers beyond 2^53 - 1")
    return _encode_plain(value)


def encode_lax(value: Any) -> bytes:
    """Like `encode`, for the room versions before 6, which allow floats and any integers.

    Floats are written in the shortest form that reads back the same, with `.0` where they are whole: what the
    servers of the time did. Raises ValueError for NaN, infinities and what is not JSON.
    """
    if _is_plain(value):
        return _encode_plain(value)
    try:
        _check_json(value)
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
        return text.encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def decode_strict(data: bytes | str) -> Any:
    """The value of a JSON text in UTF-8; of keys that occur twice the last counts.

    A whole number written with an exponent (`1e10`) is an int, as canonical JSON wants it. Raises ValueError for
    what is not JSON (NaN and infinities included), is not UTF-8, or is nested too deeply.
    """
    try:
        return _strict_decoder.decode(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _read_number(text: str) -> int | float:
    whole = _WHOLE_WITH_EXPONENT.fullmatch(text)
    # The exponent is bounded first: 10**999999999 would take all memory.
    if whole and int(whole[2]) <= 15:
        return int(whole[1] + "0" * int(whole[2]))
    return float(text)


_strict_decoder = msgspec.json.Decoder(float_hook=_read_number)


def _encode_plain(value: Any) -> bytes:
    """Differs from canonical JSON in nothing, for values that `_is_plain` lets pass.

    Its order is that of the keys' UTF-8 bytes, which is that of their code points.
    """
    try:
        return _encoder.encode(value)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except TypeError as error:
        raise ValueError(str(error)) from error


def _is_plain(root: Any) -> bool:
    """Whether a value has only strict canonical parts. Iterative, since values come from anywhere."""
    pending = [root]
    while pending:
        value = pending.pop()
        kind = type(value)
        if kind is str or value is None or kind is bool:
            continue
        if kind is dict:
            pending.extend(value.values())
        elif kind is list:
            pending.extend(value)
        elif kind is not int or not -GREATEST_INTEGER <= value <= GREATEST_INTEGER:
            return False
    return True


def _check_json(root: Any) -> None:
    pending = [root]
    while pending:
        value = pending.pop()
        kind = type(value)
        if kind is dict:
            if any(type(key) is not str for key in value):
                raise ValueError("a key is not a string")
            pending.extend(value.values())
        elif kind is list:
            pending.extend(value)
        elif kind not in (str, int, float, bool) and value is not None:
            raise ValueError(f"{kind.__name__} is not JSON")
