"""What somebody who means harm sends to others' web clients: markup, addresses, names, and fields of wrong types."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from tests.support.api_client import Json

#: What would be set, were any of it to run.
_RUN = "window.hostile=1"

HTML = (
    f"<script>{_RUN}</script>",
    f"<img src=x onerror='{_RUN}'>",
    f'<img src="https://evil.example/pixel.png" onload="{_RUN}">',
    f'<svg onload="{_RUN}"><script>{_RUN}</script></svg>',
    f'<svg><animate onbegin="{_RUN}" attributeName=x dur=1s>',
    f'<math><mtext><table><mglyph><style><img src=x onerror="{_RUN}">',
    f'<iframe src="javascript:{_RUN}"></iframe><iframe srcdoc="<script>parent.{_RUN}</script>"></iframe>',
    f'<object data="javascript:{_RUN}"></object><embed src="javascript:{_RUN}">',
    f'<a href="javascript:{_RUN}">a</a><a href=" java&#10;script:{_RUN}">b</a><a href="data:text/html,<script>1">c</a>',
    f'<a href="https://ok.example" onclick="{_RUN}" style="position:fixed;inset:0">everywhere</a>',
    f'<form action="javascript:{_RUN}"><button>press</button><input autofocus onfocus="{_RUN}"></form>',
    f'<details open ontoggle="{_RUN}"><summary>s</summary></details>',
    f'<video src=x onerror="{_RUN}" autoplay></video><audio src=x onerror="{_RUN}"></audio>',
    f'<body onload="{_RUN}"><base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=//evil.test">',
    '<link rel="stylesheet" href="https://evil.test/x.css"><style>@import "https://evil.test/y";*{display:none}</style>',
    '<p style="background:url(https://evil.test/z.png)">styled</p><table background="https://evil.test/t.png"></table>',
    f"<noscript><p title=\"</noscript><img src=x onerror='{_RUN}'>\"></noscript>",
    f'<template><img src=x onerror="{_RUN}"></template><mx-reply><img src=x onerror="{_RUN}"></mx-reply>',
    f'<p id="app" name="body" class="dialog">clobber</p><a id=x name=y></a><img name=cookie src="mxc://a/../../{_RUN}">',
    '<pre><code class="language-js\'onload=1">' + "let a = 1 < 2;\n" * 50 + "</code></pre>",
    "<div>" * 2000 + "deep" + "</div>" * 2000,
    "<b>" * 3000 + "never closed",
    '<span data-mx-color="red;background:url(//evil.example)" data-mx-bg-color="#12345g">colour</span>',
    "<table><tr>" + "<td>x</td>" * 2000 + "</tr></table>",
    "<ol start=1e999><li>x</li></ol><h1>" + "H" * 5000 + "</h1>",
)

TEXTS = (
    f"javascript:{_RUN} data:text/html,x https://ok.example/<script>{_RUN}</script>",
    "\u202e\u2066evil\u2069 \u200f\u200e txt.exe",
    "Z\u0351\u036b\u0343" * 300,
    "\U0001f4a3" * 2000,
    "x" * 40_000,
    "line\n" * 5_000,
    "https://" + "a" * 5_000 + ".example/" + "%E2" * 500,
    "\x00\x07\x1b[31m red \ufeff\ufffd",
    "[x](javascript:window.hostile=1) ![x](https://evil.example/i.png)",
)

NAMES = (
    f"<img src=x onerror={_RUN}>",
    "Bob\u202eexe.tpircs",
    "\u200b\u2060\u3164",
    "N" * 4_000,
    "a\nb\tc",
    "\u05d3\u05d5\u05d3 (admin)",
)

FILE_NAMES = ("../../etc/passwd", "photo\u202egnp.exe", f'"><img src=x onerror={_RUN}>', "CON", "." * 300, "a/b\\c:d")

_WRONG: tuple[Any, ...] = (None, 0, True, "", "x", [], {}, [[]], {"a": {"b": []}}, -9_007_199_254_740_991)

_MXC = "mxc://localhost/none"
_FILE = {
    "url": _MXC,
    "key": {"kty": "oct", "alg": "A256CTR", "k": "AAAA", "key_ops": ["decrypt"], "ext": True},
    "iv": "AAAA",
    "hashes": {"sha256": "AAAA"},
    "v": "v2",
}
_WHOLE: tuple[tuple[str, Json], ...] = (
    (
        "m.room.message",
        {"msgtype": "m.text", "body": "b", "format": "org.matrix.custom.html", "formatted_body": "<b>b</b>"},
    ),
    ("m.room.message", {"msgtype": "m.emote", "body": "b", "m.mentions": {"user_ids": ["@a:b"], "room": False}}),
    (
        "m.room.message",
        {
            "msgtype": "m.image",
            "body": "b",
            "filename": "f",
            "url": _MXC,
            "info": {"w": 1, "h": 1, "size": 1, "mimetype": "image/png", "thumbnail_url": _MXC, "thumbnail_info": {}},
        },
    ),
    ("m.room.message", {"msgtype": "m.video", "body": "b", "file": _FILE, "info": {"duration": 1}}),
    ("m.room.message", {"msgtype": "m.location", "body": "b", "geo_uri": "geo:1,2"}),
    ("m.sticker", {"body": "b", "url": _MXC, "info": {"w": 1, "h": 1}}),
    (
        "org.matrix.msc3381.poll.start",
        {
            "org.matrix.msc3381.poll.start": {
                "question": {"org.matrix.msc1767.text": "q"},
                "kind": "k",
                "max_selections": 1,
                "answers": [{"id": "1", "org.matrix.msc1767.text": "a"}],
            }
        },
    ),
)
_RELATED: tuple[tuple[str, Json], ...] = (
    ("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$", "key": "k"}}),
    ("m.room.message", {"msgtype": "m.text", "body": "b", "m.relates_to": {"m.in_reply_to": {"event_id": "$"}}}),
    (
        "m.room.message",
        {
            "msgtype": "m.text",
            "body": "* b",
            "m.new_content": {"msgtype": "m.text", "body": "n"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": "$"},
        },
    ),
    (
        "m.room.message",
        {
            "msgtype": "m.text",
            "body": "b",
            "m.relates_to": {"rel_type": "m.thread", "event_id": "$", "is_falling_back": True},
        },
    ),
    (
        "org.matrix.msc3381.poll.response",
        {
            "m.relates_to": {"rel_type": "m.reference", "event_id": "$"},
            "org.matrix.msc3381.poll.response": {"answers": ["1"]},
        },
    ),
)


def events_of_wrong_types(target: str) -> Iterator[tuple[str, Json]]:
    """Each kind of event with each of its fields, in turn, of wrong types. `target` is what the related ones name."""
    for event_type, whole in (*_WHOLE, *_RELATED):
        content = _aimed(whole, target)
        for number, path in enumerate(_paths(content)):
            # Each field with three of the wrong values: over the fields all of them come up.
            for step in range(3):
                changed = deepcopy(content)
                _set(changed, path, _WRONG[(number * 3 + step) % len(_WRONG)])
                yield event_type, changed


def _aimed(value: Any, target: str) -> Any:
    if isinstance(value, dict):
        return {key: _aimed(each, target) for key, each in value.items()}
    if isinstance(value, list):
        return [_aimed(each, target) for each in value]
    return target if value == "$" else value


def _paths(value: Any, start: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield (*start, key)
        yield from _paths(each, (*start, key))


def _set(content: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        content = content[key]
    content[path[-1]] = value
