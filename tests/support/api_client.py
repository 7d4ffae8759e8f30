"""A small Matrix client that blocks: one user of a server, requests over real HTTP, answers as JSON."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

Json = dict[str, Any]
T = TypeVar("T")

CLIENT = "/_matrix/client/v3"
#: Long enough for a loaded machine; a test that waits this long has failed.
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Answer:
    """A response. `json` is None where the body is no JSON; field names are in lower case."""

    status: int
    json: Any
    headers: Mapping[str, str]

    @property
    def error(self) -> tuple[int, str]:
        """Status and errcode, for comparison with what is expected."""
        return self.status, self.json.get("errcode", "") if isinstance(self.json, dict) else ""

    def ok(self) -> Any:
        """The JSON of a 200; raises AssertionError for everything else."""
        if self.status != 200:
            raise AssertionError(f"answered {self.status}: {self.json}")
        return self.json


class Client:
    """Requests to a server at `url`, with a token if there is one. Each request is a connection of its own, so that
    several threads may ask at once.

    Paths begin after `/_matrix/client/v3` unless they are given from `/_`. `#`, `?` and what is not ASCII are quoted
    here; a slash within a part of the path, and a percent sign, by the caller.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self.token = token

    def request(
        self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None, raw: bytes | None = None
    ) -> Answer:
        """Any request, answered in any way. `raw` is sent in place of a JSON body."""
        if not path.startswith("/_"):
            path = CLIENT + path
        target = quote(path, safe="/:!@$&'()*+,;=~-._%")
        if query:
            target += f"?{urlencode(query, doseq=True)}"
        headers = {"Connection": "close"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE_S + 30)
        try:
            connection.request(method, target, raw, headers)
            response = connection.getresponse()
            return _answer(response.status, response.read(), response.getheaders())
        finally:
            connection.close()

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """GET that succeeds; returns the JSON."""
        return self.request("GET", path, query=query).ok()

    def put(self, path: str, body: Any, query: Mapping[str, Any] | None = None) -> Any:
        """PUT that succeeds; returns the JSON."""
        return self.request("PUT", path, body, query).ok()

    def post(self, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> Any:
        """POST that succeeds (with an empty object where no body is given); returns the JSON."""
        return self.request("POST", path, {} if body is None else body, query).ok()

    def delete(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """DELETE that succeeds; returns the JSON."""
        return self.request("DELETE", path, query=query).ok()

    def refusal(
        self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None
    ) -> tuple[int, str]:
        """Status and errcode of a request that is refused, such as `(403, "M_FORBIDDEN")`."""
        answer = self.request(method, path, body, query)
        if answer.status == 200:
            raise AssertionError(f"{method} {path} was not refused, but answered {answer.json}")
        if not answer.json.get("error"):
            raise AssertionError(f"{method} {path} was refused without a word: {answer.json}")
        return answer.error


class User:
    """A logged-in user: `user_id`, `device_id`, `token`, and requests as a `Client` makes them."""

    _numbers = count(1)

    def __init__(self, url: str, login: Mapping[str, Any], password: str = "") -> None:
        self.url = url
        self.token: str = login["access_token"]
        client = Client(url, self.token)
        self.request, self.refusal = client.request, client.refusal
        self.get, self.put, self.post, self.delete = client.get, client.put, client.post, client.delete
        self.user_id: str = login["user_id"]
        self.device_id: str = login["device_id"]
        self.password = password

    @property
    def localpart(self) -> str:
        """The part between `@` and the colon."""
        return self.user_id[1:].partition(":")[0]

    def log_in_again(self, **body: Any) -> User:
        """Another device of the same user."""
        identifier = {"type": "m.id.user", "user": self.user_id}
        login = {"type": "m.login.password", "identifier": identifier, "password": self.password, **body}
        return User(self.url, Client(self.url).post("/login", login), self.password)

    def create_room(self, **body: Any) -> str:
        """A new room; returns its ID."""
        room_id: str = self.post("/createRoom", body)["room_id"]
        return room_id

    def join(self, room_id_or_alias: str, via: str | None = None) -> str:
        """Join, by way of another server if need be; returns the room's ID."""
        query = {"via": via, "server_name": via} if via else None
        room_id: str = self.post(f"/join/{room_id_or_alias}", {}, query)["room_id"]
        return room_id

    def change(self, room_id: str, action: str, user: User | str | None = None, **body: Any) -> None:
        """`invite`, `leave`, `kick`, `ban`, `unban`, `forget`: for oneself, or for another user."""
        if user is not None:
            body["user_id"] = user.user_id if isinstance(user, User) else user
        self.post(f"/rooms/{room_id}/{action}", body)

    def send(self, room_id: str, text: str, **content: Any) -> str:
        """Send a text message; returns the event's ID."""
        body = {"msgtype": "m.text", "body": text, **content}
        event_id: str = self.put(f"/rooms/{room_id}/send/m.room.message/t{next(self._numbers)}", body)["event_id"]
        return event_id

    def set_state(self, room_id: str, event_type: str, content: Json, state_key: str = "") -> str:
        """Set a piece of state; returns the event's ID."""
        event_id: str = self.put(f"/rooms/{room_id}/state/{event_type}/{state_key}", content)["event_id"]
        return event_id

    def state(self, room_id: str, event_type: str, state_key: str = "") -> Json:
        """The content of a piece of state."""
        content: Json = self.get(f"/rooms/{room_id}/state/{event_type}/{state_key}")
        return content

    def sync(self, since: str | None = None, timeout_ms: int = 0, **query: Any) -> Json:
        """One `/sync`; `filter` may be an object."""
        if since is not None:
            query["since"] = since
        if isinstance(query.get("filter"), dict):
            query["filter"] = json.dumps(query["filter"])
        answer: Json = self.get("/sync", {"timeout": timeout_ms, **query})
        return answer

    def sync_until(self, found: Callable[[Json], T | None], since: str | None = None, **query: Any) -> T:
        """Long-poll until `found` returns something for one of the answers; returns that."""
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            answer = self.sync(since, timeout_ms=1000, **query)
            since = answer["next_batch"]
            result = found(answer)
            if result:
                return result
        raise AssertionError(f"{self.user_id} was not told what the test waits for")

    def wait_for_event(self, room_id: str, event_id: str) -> Json:
        """Wait until an event has come; it is returned as `/sync` shows it."""

        def find(answer: Json) -> Json | None:
            room = answer.get("rooms", {}).get("join", {}).get(room_id, {})
            events: list[Json] = room.get("timeline", {}).get("events", [])
            return next((event for event in events if event["event_id"] == event_id), None)

        return self.sync_until(find, filter={"room": {"timeline": {"limit": 100}}})


def _answer(status: int, content: bytes, fields: list[tuple[str, str]]) -> Answer:
    try:
        value = json.loads(content)
    except ValueError:
        value = None
    return Answer(status, value, {name.lower(): text for name, text in fields})
