"""Requests to a route with anything wrong about them: path, query, body, content type, token."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from tests.api.hostile_json import ODD_TEXTS, bodies
from tests.api.routes import Route
from tests.api.wire import RawRequest

#: As they stand in the request line.
ODD_SEGMENTS = [
    *("%00", "%0A", "%0D%0A", "%2F", "%2f..%2f", "..", ".", "%2e%2e", "%ff", "%C0%80", "%ED%A0%80", "%", "%zz", "%2"),
    *("a%00b", "%20", "+", "%F0%9F%92%A9", "%E2%80%AE", "a%2Fb", ";a=b", "%3F", "%23", "*", "null", "-1", "0", "1"),
    *("9" * 30, "a" * 256, "a" * 6000, "%40", "%40%3A", "%21", "%24", "@:", "@a", "!a", "$a", "@a:b:c", "@a%00:b"),
    *("%40A%3Alocalhost", "@%22:x", "#", "%23a", "%23%00:x", "{roomId}", "m.room.member", "m.fully_read", "m.tag"),
]
ODD_QUERIES = [
    *("&", "=", "&&=&", "a", "%", "%zz=1", "%ff=1", "a=%00", "a=%ED%A0%80", "=" * 500, "limit", "from=", "a=1;b"),
]
CONTENT_TYPES = [
    *("application/json", None, "text/plain", "application/json; charset=utf-16", "application/json;;", "", "/"),
    *("multipart/form-data", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "image/png"),
    *("\xff", "a" * 900),
]
ODD_AUTHORIZATIONS = [
    *("Bearer ", "Bearer", "Bearer \xff\xfe", "Bearer " + "a" * 5000, "Bearer a b", "Basic YTpi", ""),
    *("X-Matrix", "X-Matrix a=b", "X-Matrix " + 'a="b",' * 300),
    'X-Matrix origin="a",key="ed25519:1",sig="x"',
    'X-Matrix origin=localhost,destination=localhost,key="ed25519:1",sig="AAAA"',
    'X-Matrix origin="127.0.0.1:1",key="",sig=""',
    'X-Matrix origin="\xff",key="ed25519:a",sig="%"',
]
#: What stands in paths besides ids.
COMMON_VALUES = {
    "filterId": ["0", "1"],
    "type": ["m.tag", "org.example.type"],
    "eventType": ["m.room.message", "m.room.power_levels", "m.room.member", "m.room.redaction"],
    "txnId": ["1", "2"],
    "receiptType": ["m.read", "m.read.private", "m.fully_read"],
    "keyName": ["displayname", "avatar_url", "m.tz", "org.example.field"],
    "kind": ["override", "underride", "sender", "room", "content"],
    "ruleId": [".m.rule.master", "mine"],
    "attribute": ["enabled", "actions"],
    "relType": ["m.thread", "m.annotation", "m.reference"],
    "version": ["1"],
    "mediaId": ["abc"],
    "algorithm": ["signed_curve25519"],
}
_MOST_QUERY_NAMES = ["limit", "from", "to", "dir", "since", "filter", "timeout", "user_id", "access_token", "via", "ts"]
#: What else is a time that a request may wait stays short.
_WAITS = ["0", "-1", "x", "", "1.5", "0x10", "1e3", "%00"]


@dataclass(frozen=True)
class Known:
    """What a hostile client knows: `values` by path variable (lists of what exists), its server's name, its token."""

    server_name: str
    values: Mapping[str, list[str]]

    @property
    def all_values(self) -> list[str]:
        """Any of them."""
        return sorted({one for values in self.values.values() for one in values})


def requests_to(route: Route, known: Known, names: list[str]) -> st.SearchStrategy[RawRequest]:
    """Hostile requests to a route. The `authorization` MINE stands for the client's own token."""
    return _requests(route, known, names, _localised(route.body, known))


MINE = "mine"


@st.composite
def _requests(draw: st.DrawFn, route: Route, known: Known, names: list[str], example: dict[str, Any]) -> RawRequest:
    segments = [_segment(draw, one, known) for one in route.path.split("/")[1:]]
    path = "/" + "/".join(segments)
    query = _query(draw, route, known)
    if route.path.endswith(("/sync", "/events")):
        query = [f"timeout={draw(st.sampled_from(_WAITS))}", *query]
    target = f"{path}?{'&'.join(query)}" if query else path
    body = b""
    if route.method in ("POST", "PUT", "PATCH") or draw(st.integers(0, 9)) == 0:
        body = draw(bodies(example, names, known.all_values))
    authorization = MINE if draw(st.integers(0, 14)) else draw(st.sampled_from(ODD_AUTHORIZATIONS))
    content_type = draw(st.sampled_from(CONTENT_TYPES)) if draw(st.integers(0, 7)) == 0 else "application/json"
    return RawRequest(route.method, target, body, content_type, authorization)


def _segment(draw: st.DrawFn, segment: str, known: Known) -> str:
    if not segment.startswith("{"):
        return segment
    values = known.values.get(segment[1:-1])
    if values and draw(st.integers(0, 3)):
        return quote(draw(st.sampled_from(values)), safe="")
    if draw(st.booleans()):
        return draw(st.sampled_from(ODD_SEGMENTS))
    return quote(draw(st.sampled_from(known.all_values)), safe=draw(st.sampled_from(["", "@:!#$"])))


def _query(draw: st.DrawFn, route: Route, known: Known) -> list[str]:
    parts = []
    for _ in range(draw(st.integers(0, 4))):
        if draw(st.integers(0, 5)) == 0:
            parts.append(draw(st.sampled_from(ODD_QUERIES)))
            continue
        name = draw(st.sampled_from([*route.query, *_MOST_QUERY_NAMES] if route.query else _MOST_QUERY_NAMES))
        parts.append(f"{name}={_query_value(draw, name, known)}")
    return parts


def _query_value(draw: st.DrawFn, name: str, known: Known) -> str:
    if name == "timeout":
        return draw(st.sampled_from(_WAITS))
    if name == "filter" and draw(st.booleans()):
        body = draw(bodies(_FILTER, list(_FILTER), known.all_values))
        return quote(body[:4000], safe="")
    if draw(st.booleans()):
        return draw(st.sampled_from(["b", "f", "0", "1", "10", "true", "false", "event", "m.thread", "s1_1", "m.read"]))
    text = draw(st.sampled_from(ODD_TEXTS + known.all_values))
    return quote(text.encode("utf-8", "surrogatepass")[:3000], safe="")


_FILTER: dict[str, Any] = {
    "types": ["m.*"],
    "not_types": [],
    "senders": [],
    "limit": 5,
    "contains_url": True,
    "lazy_load_members": True,
    "rooms": [],
    "room": {"timeline": {"limit": 1}, "state": {"types": ["*"]}, "include_leave": True, "rooms": []},
    "event_fields": ["content.body"],
    "event_format": "client",
    "presence": {"types": []},
}


def _localised(example: dict[str, Any], known: Known) -> dict[str, Any]:
    """The example with ids of this server in place of those of example servers, so that it mostly makes sense."""
    text = json.dumps(example)
    for pattern, variable in ((r'"@[^"]*"', "userId"), (r'"![^"]*"', "roomId"), (r'"\$[^"]*"', "eventId")):
        text = re.sub(pattern, lambda _, name=variable: json.dumps(known.values[name][0]), text)  # type: ignore[misc]
    text = re.sub(r"[a-z.-]+\.(org|com|net|here)\b", "localhost", text)
    localised: dict[str, Any] = json.loads(text)
    return localised
