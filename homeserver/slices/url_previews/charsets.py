"""From the bytes of a page to its text.

https://html.spec.whatwg.org/multipage/parsing.html#determining-the-character-encoding
"""

from __future__ import annotations

import codecs
import re

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_IN_PAGE = re.compile(
    rb"""<(?:meta\s[^>]{0,200}?charset|\?xml\s[^>]{0,200}?encoding)\s*=\s*["']?\s*([\w.:-]{1,40})""", re.I
)
_IN_FIELD = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_LOOKED_AT_BYTES = 2048
#: Python's encodings that no page has.
_NOT_OF_PAGES = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "utf-7"}
)
#: What browsers take some names for.
_TAKEN_FOR = {"iso8859-1": "cp1252", "ascii": "cp1252", "utf-16": "utf-16-le"}


def text_of(page: bytes, content_type: str) -> str:
    """The text, by the byte order mark, the header field, or what the page says of itself; else UTF-8 where it is that,
    and Windows-1252 where it is not. Bytes that are wrong become U+FFFD."""
    for mark, encoding in _MARKS:
        if page.startswith(mark):
            return page[len(mark) :].decode(encoding, "replace")
    said = _IN_FIELD.search(content_type)
    found = _known(said[1]) if said is not None else None
    if found is None:
        in_page = _IN_PAGE.search(page[:_LOOKED_AT_BYTES])
        found = _known(in_page[1].decode("ascii", "replace")) if in_page is not None else None
        if found is not None and found.startswith("utf-16"):
            # It could not have been read so far.
            found = "utf-8"
    if found is not None:
        return page.decode(found, "replace")
    try:
        return page.decode("utf-8")
    except UnicodeDecodeError as error:
        # One that was cut off in the middle of a character is UTF-8 still.
        is_cut = error.start >= len(page) - 3
        return page.decode("utf-8" if is_cut else "cp1252", "replace")


def _known(name: str) -> str | None:
    try:
        found = codecs.lookup(name).name
        "".encode(found)
    except (LookupError, ValueError):
        return None
    return None if found in _NOT_OF_PAGES else _TAKEN_FOR.get(found, found)
