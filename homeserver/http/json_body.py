"""Request bodies that are JSON: what is not JSON, what is bad JSON, and which field is wrong.

https://spec.matrix.org/v1.19/client-server-api/#common-error-codes
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable
from functools import lru_cache
from typing import Any, NoReturn, TypeVar, cast

import msgspec

from homeserver.protocol.errors import MatrixError, bad_json, missing_param, not_json

T = TypeVar("T")

#: Deeper JSON than this is refused: what is stored here is decoded again below many other calls.
MAX_DEPTH = 128
MAX_INTEGER = 2**53 - 1

_decode_any = msgspec.json.Decoder().decode
_LONG_NUMBER = re.compile(rb"[0-9]{16}")
_MISSING_FIELD = re.compile(r"missing required field `([^`]*)`(?: - at `([^`]*)`)?")
_WRONG_FIELD = re.compile(r"(.*) - at `([^`]*)`$")


def decode_json(body: bytes) -> Any:
    """Any JSON value, with integers in ±(2^53-1) and bounded depth.

    Raises `MatrixError` 400 `M_NOT_JSON` (not UTF-8 JSON) or `M_BAD_JSON` (NaN, Infinity, out of range, too deep).
    """
    try:
        value = _decode_any(body)
    except RecursionError:
        raise bad_json("The JSON is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeError):
        _raise_malformed(body)
    if _needs_walk(body):
        _check_values(value)
    return value


def decode_object(body: bytes) -> dict[str, Any]:
    """A JSON object; other JSON values are `M_BAD_JSON`."""
    value = decode_json(body)
    if type(value) is not dict:
        raise bad_json("The request body must be a JSON object.")
    return value


def decode_typed(body: bytes, shape: type[T]) -> T:
    """A value of the given type, checked by msgspec.

    Raises `MatrixError` 400: `M_MISSING_PARAM` for an absent field, `M_BAD_JSON` for a field of the wrong type, both
    naming it, and what `decode_json` raises.
    """
    try:
        value: T = _decoder(cast("Hashable", shape)).decode(body)
    except RecursionError:
        raise bad_json("The JSON is nested too deeply.") from None
    except msgspec.ValidationError as error:
        decode_json(body)
        raise field_error(str(error)) from None
    except (msgspec.DecodeError, UnicodeError):
        _raise_malformed(body)
    if _needs_walk(body):
        _check_values(_decode_any(body))
    return value


def field_error(message: str) -> MatrixError:
    """The error for what msgspec says of a value that has not the declared type."""
    missing = _MISSING_FIELD.search(message)
    if missing is not None:
        parent = (missing[2] or "$").removeprefix("$").removeprefix(".")
        return missing_param(f"Missing field {f'{parent}.{missing[1]}' if parent else missing[1]}.")
    wrong = _WRONG_FIELD.match(message)
    if wrong is not None:
        return bad_json(f"Field {wrong[2].removeprefix('$').removeprefix('.')}: {wrong[1]}.")
    return bad_json(f"{message}.")


@lru_cache(maxsize=512)
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


def _needs_walk(body: bytes) -> bool:
    """Whether the value could be too deep or hold a number out of range; a byte scan is far cheaper than the walk."""
    return body.count(b"[") + body.count(b"{") > MAX_DEPTH or _LONG_NUMBER.search(body) is not None


def _check_values(value: Any) -> None:
    """Refuse integers out of range and too deep nesting, level by level (no recursion)."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for container in level:
            kind = type(container)
            if kind is dict:
                below.extend(container.values())
            elif kind is list:
                below.extend(container)
            elif kind is int and not -MAX_INTEGER <= container <= MAX_INTEGER:
                raise bad_json("An integer is out of range.")
        if not below:
            return
        level = below
    raise bad_json("The JSON is nested too deeply.")


def _raise_malformed(body: bytes) -> NoReturn:
    """`M_BAD_JSON` for what JavaScript or Python would call numbers, `M_NOT_JSON` for all else."""

    def refuse(constant: str) -> NoReturn:
        raise bad_json(f"{constant} is not allowed.")

    try:
        json.loads(body.decode("utf-8"), parse_constant=refuse)
    except UnicodeDecodeError:
        raise not_json("The request body is not UTF-8.") from None
    except RecursionError:
        raise bad_json("The JSON is nested too deeply.") from None
    except ValueError:
        raise not_json("The request body is not JSON.") from None
    # Python reads it and msgspec does not: a number too large, or a string that is not Unicode.
    raise bad_json("The JSON has a value out of range.")
