"""Sizes ("50M") and durations ("7d") as people write them."""

from __future__ import annotations

_SIZES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SECOND_MS = 1000
_DAY_MS = 24 * 3600 * _SECOND_MS
_DURATIONS_MS = {
    "": 1,
    "s": _SECOND_MS,
    "m": 60 * _SECOND_MS,
    "h": 3600 * _SECOND_MS,
    "d": _DAY_MS,
    "w": 7 * _DAY_MS,
    "y": 365 * _DAY_MS,
}


def size_bytes(value: object) -> int:
    """Bytes of `52428800`, `"50M"`, `"512K"` (1024 to the K; `MB` and `MiB` are read as `M`); raises ValueError."""
    if isinstance(value, str):
        value = value.strip().upper().removesuffix("B").removesuffix("I")
    return _quantity(value, _SIZES)


def duration_ms(value: object) -> int:
    """Milliseconds of `"7d"`, `"90s"`, `"24h"`, or of a plain number of milliseconds; raises ValueError."""
    return _quantity(value.strip() if isinstance(value, str) else value, _DURATIONS_MS)


def _quantity(value: object, units: dict[str, int]) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if not isinstance(value, str):
        raise ValueError("neither a number nor a text")
    number = value.rstrip("".join(units))
    unit = value[len(number) :]
    if not number.isascii() or not number.isdigit() or unit not in units:
        raise ValueError("not a number with a unit")
    return int(number) * units[unit]
