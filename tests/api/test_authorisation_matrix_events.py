"""Who reads which events: every way to read one, for every kind of reader, history visibility and phase."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.api.readers import PHASES
from tests.api.rooms_in_phases import Cell, RoomsInPhases, for_every_cell, words_in
from tests.support.api_client import Json
from tests.support.databases import on_postgres

V1 = "/_matrix/client/v1/rooms/{room}"
FORBIDDEN, NOT_FOUND = (403, "M_FORBIDDEN"), (404, "M_NOT_FOUND")
LAZY = '{"lazy_load_members":true}'


class EventMatrixTest(RoomsInPhases):
    """Each test is one endpoint."""

    @for_every_cell
    def test_single_events(self, cell: Cell) -> None:
        """`/event`: by the rules of history visibility alone; what may not be seen is not there."""
        for ids in (cell.room.messages, cell.room.marks):
            answers = [cell.get(f"/event/{event_id}") for event_id in ids]
            self.assertEqual({phase for phase in PHASES if answers[phase].status == 200}, cell.sees)
            self.assertLessEqual({answer.error for answer in answers if answer.status != 200}, {NOT_FOUND})

    @for_every_cell
    def test_context(self, cell: Cell) -> None:
        """`/context`: of what may be seen, for who may read the room."""
        answers = [cell.get(f"/context/{event_id}", limit=60) for event_id in cell.room.messages]
        shown = {phase for phase in PHASES if answers[phase].status == 200}
        self.assertEqual(shown, cell.sees if cell.may_read else set())
        refusals = {answer.error for answer in answers if answer.status != 200}
        self.assertLessEqual(refusals, {NOT_FOUND} if cell.may_read else {FORBIDDEN})
        for phase in shown:
            answer = answers[phase].json
            around = [*answer["events_before"], answer["event"], *answer["events_after"]]
            self.assertLessEqual(cell.room.phases(around), cell.sees)

    @for_every_cell
    def test_messages(self, cell: Cell) -> None:
        """`/messages`, both ways: what may be seen, and nothing else."""
        for direction in ("b", "f"):
            answer = cell.get("/messages", dir=direction, limit=200)
            if not cell.may_read:
                self.assertEqual(answer.error, FORBIDDEN)
                continue
            for found in (cell.room.phases(answer.ok()["chunk"]), cell.room.marked(answer.json["chunk"])):
                self.assertLessEqual(cell.history, found)
                self.assertLessEqual(found, cell.sees)

    @for_every_cell
    def test_initial_sync_of_the_room(self, cell: Cell) -> None:
        """`/rooms/{roomId}/initialSync`: the same."""
        answer = cell.get("/initialSync", limit=200)
        if cell.may_read:
            self.assertEqual(cell.room.phases(answer.ok()["messages"]["chunk"]), cell.history)
        else:
            self.assertEqual(answer.error, FORBIDDEN)

    @for_every_cell
    def test_relations(self, cell: Cell) -> None:
        """`/relations` of an event that may be seen: the children that may be."""
        answer = cell.get(f"{V1}/relations/{cell.room.messages[0]}", limit=50)
        if 0 in cell.sees and cell.may_read:
            ids = {event["event_id"] for event in answer.ok()["chunk"]}
            self.assertEqual(ids, {cell.room.references[phase] for phase in cell.sees})
        else:
            self.assertIn(answer.error, [NOT_FOUND, FORBIDDEN])

    @for_every_cell
    def test_threads(self, cell: Cell) -> None:
        """`/threads`: those whose root may be seen; the reply shown is the last that may be."""
        answer = cell.get(f"{V1}/threads")
        if not cell.may_read:
            self.assertEqual(answer.error, FORBIDDEN)
            return
        chunk = answer.ok()["chunk"]
        self.assertEqual(cell.room.phases(chunk), cell.sees & {2})
        for root in chunk:
            thread = root["unsigned"]["m.relations"]["m.thread"]
            self.assertEqual(thread["latest_event"]["event_id"], cell.room.replies[max(cell.sees) - 2])
            count = 3 if cell.reader.is_in else len(cell.sees & {2, 3, 4})
            self.assertEqual(thread["count"], count, "members are told how long a thread is")

    @for_every_cell
    def test_search(self, cell: Cell) -> None:
        """`/search`: what may be seen, of the rooms that the user is or was in. Guests do not search."""
        wanted = {"search_term": "needle", "include_state": True, "filter": {"limit": 50}}
        answer = cell.user.request("POST", "/search", {"search_categories": {"room_events": wanted}})
        if cell.reader.is_guest:
            self.assertEqual(answer.error, (403, "M_GUEST_ACCESS_FORBIDDEN"))
            return
        results = answer.ok()["search_categories"]["room_events"]["results"]
        found = cell.room.phases([one["result"] for one in results])
        self.assertLessEqual(found, cell.sees)
        self.assertLessEqual(cell.history if cell.reader.reads_room else set(), found)

    @for_every_cell
    def test_an_event_by_time(self, cell: Cell) -> None:
        """`/timestamp_to_event`: only what may be seen is found."""
        for direction, moment_ms in (("f", 0), ("b", 2**52)):
            answer = cell.get(f"{V1}/timestamp_to_event", dir=direction, ts=moment_ms)
            if cell.may_read:
                self.assertEqual(cell.get(f"/event/{answer.ok()['event_id']}").status, 200)
            else:
                self.assertEqual(answer.error, FORBIDDEN)

    @for_every_cell
    def test_first_sync(self, cell: Cell) -> None:
        """Members are shown all that they may see, who left what they might see before."""
        wanted = {"room": {"timeline": {"limit": 200}, "include_leave": True}}
        section = cell.user.sync(filter=wanted).get("rooms", {}).get("join" if cell.reader.is_in else "leave", {})
        shown = cell.room.phases(section.get(cell.room.room_id, {}).get("timeline", {}).get("events", []))
        self.assertLessEqual(shown, cell.sees)
        if cell.reader.is_in:
            self.assertEqual(shown, cell.sees)

    @for_every_cell
    def test_the_old_event_stream(self, cell: Cell) -> None:
        """`/events` of one room: for members, and for everybody where everybody may read."""
        query = {"room_id": cell.room.room_id, "from": cell.since, "timeout": 0}
        answer = cell.user.request("GET", "/events", query=query)
        if cell.reader.is_in or cell.visibility == "world_readable":
            self.assertEqual(cell.room.phases(answer.ok()["chunk"]), cell.sees)
        else:
            self.assertEqual(answer.error, FORBIDDEN)

    @for_every_cell
    def test_no_answer_has_a_word_of_what_may_not_be_seen(self, cell: Cell) -> None:
        """Not in bundled edits and replies, state, members or names: whatever is asked for."""
        allowed = _words_allowed(cell)
        for method, path, body, query in _requests(cell):
            with self.subTest(path.replace(cell.room.room_id, "ROOM"), query=query):
                words = words_in(cell.user.request(method, path, body, query))
                self.assertEqual(words - allowed, set())


def _words_allowed(cell: Cell) -> set[tuple[str, int]]:
    """Messages that may be seen; the state of the phases that may be, and all up to the current one for who reads the
    room; the inviter's name, which comes with an invite."""
    states = set(cell.sees)
    if cell.may_read:
        states |= set(range(cell.state_phase + 1))
    names = states | {phase for phase in PHASES[:4] if "invite" in cell.reader.life[phase]}
    kinds = (("said", cell.sees), ("mark", states), ("owner", names))
    return {(kind, phase) for kind, phases in kinds for phase in phases}


def _requests(cell: Cell) -> Iterator[tuple[str, str, Json | None, Json | None]]:
    """(method, path, body, query) of everything that shows something of a room."""
    at, v1, room = cell.path, V1.replace("{room}", cell.room.room_id), cell.room
    for path in ("/state", "/members", "/joined_members", "/initialSync", "/aliases", "/state/org.example.mark"):
        yield "GET", at + path, None, None
    yield "GET", f"{at}/state/org.example.mark", None, {"format": "event"}
    now = cell.user.sync()["next_batch"]
    for token in (cell.since, now):
        yield "GET", f"{at}/members", None, {"at": token}
        for direction in ("b", "f"):
            query = {"dir": direction, "limit": 200, "from": token, "filter": LAZY}
            yield "GET", f"{at}/messages", None, query
    for event_id in (room.messages[0], room.messages[2]):
        yield "GET", f"{at}/event/{event_id}", None, None
        yield "GET", f"{at}/context/{event_id}", None, {"limit": 8}
        yield "GET", f"{at}/context/{event_id}", None, {"limit": 60, "filter": LAZY}
        yield "GET", f"{v1}/relations/{event_id}", None, {"recurse": "true"}
    yield "GET", f"{v1}/threads", None, None
    yield "GET", f"{v1}/hierarchy", None, None
    wanted: Json = {"search_term": "needle", "order_by": "recent", "include_state": True, "event_context": {}}
    wanted["filter"] = {"rooms": [room.room_id], "limit": 50}
    yield "POST", "/search", {"search_categories": {"room_events": wanted}}, None
    for limit in (200, 0):
        wanted = {"room": {"rooms": [room.room_id], "include_leave": True, "timeline": {"limit": limit}}}
        query = {"filter": json.dumps(wanted)}
        yield "GET", "/sync", None, query
        yield "GET", "/sync", None, {**query, "since": cell.since}
        yield "GET", "/sync", None, {**query, "since": cell.since, "full_state": "true"}


EventMatrixTestOnPostgres = on_postgres(EventMatrixTest)
