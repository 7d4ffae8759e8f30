"""Who reads which state, members and aliases of a room: every endpoint, kind of reader and history visibility."""

from __future__ import annotations

from tests.api.rooms_in_phases import MARK, Cell, RoomsInPhases, for_every_cell
from tests.support.api_client import Json
from tests.support.databases import on_postgres

FORBIDDEN = (403, "M_FORBIDDEN")
LEFT = {"room": {"include_leave": True, "timeline": {"limit": 1}}}


class StateMatrixTest(RoomsInPhases):
    """Each test is one endpoint. Members read the current state, who has left that at their departure."""

    @for_every_cell
    def test_all_state(self, cell: Cell) -> None:
        """`/state`."""
        answer = cell.get("/state")
        if cell.may_read:
            self.assertEqual(_marks(answer.ok()), [f"mark{cell.state_phase}"])
        else:
            self.assertEqual(answer.error, FORBIDDEN)

    @for_every_cell
    def test_one_state_event(self, cell: Cell) -> None:
        """`/state/{eventType}`, its content or all of it."""
        content, whole = cell.get(f"/state/{MARK}"), cell.get(f"/state/{MARK}/", format="event")
        if cell.may_read:
            expected = {"mark": f"mark{cell.state_phase}"}
            self.assertEqual((content.ok(), whole.ok()["content"]), (expected, expected))
        else:
            self.assertEqual((content.error, whole.error), (FORBIDDEN, FORBIDDEN))

    @for_every_cell
    def test_state_that_is_not_there(self, cell: Cell) -> None:
        """Who may not read the room does not learn what its state lacks."""
        expected = (404, "M_NOT_FOUND") if cell.may_read else FORBIDDEN
        self.assertEqual(cell.get("/state/org.example.absent").error, expected)

    @for_every_cell
    def test_members(self, cell: Cell) -> None:
        """`/members`: the owner's name tells of which phase they are."""
        answer = cell.get("/members")
        if cell.may_read:
            names = {event["state_key"]: event["content"].get("displayname") for event in answer.ok()["chunk"]}
            self.assertEqual(names[self.owner.user_id], f"owner{cell.state_phase}")
        else:
            self.assertEqual(answer.error, FORBIDDEN)

    @for_every_cell
    def test_members_at_a_token(self, cell: Cell) -> None:
        """Before anything happened, as far as there was a room; now is not shown to who has left."""
        now = cell.user.sync()["next_batch"]
        answer = cell.get("/members", at=now)
        if cell.may_read:
            names = {event["state_key"]: event["content"].get("displayname") for event in answer.ok()["chunk"]}
            self.assertEqual(names[self.owner.user_id], f"owner{cell.state_phase}")
        else:
            self.assertEqual(answer.error, FORBIDDEN)

    @for_every_cell
    def test_joined_members(self, cell: Cell) -> None:
        """`/joined_members`: for members alone."""
        answer = cell.get("/joined_members")
        if cell.reader.is_in:
            self.assertEqual(answer.ok()["joined"][self.owner.user_id]["display_name"], "owner4")
            self.assertIn(cell.user.user_id, answer.json["joined"])
        else:
            self.assertEqual(answer.error, FORBIDDEN)

    @for_every_cell
    def test_aliases(self, cell: Cell) -> None:
        """`/aliases`: for members, and for all where everybody may read. Guests may not."""
        answer = cell.get("/aliases")
        if cell.reader.is_guest:
            self.assertEqual(answer.error, (403, "M_GUEST_ACCESS_FORBIDDEN"))
        elif cell.reader.is_in or cell.visibility == "world_readable":
            self.assertEqual(answer.ok(), {"aliases": []})
        else:
            self.assertEqual(answer.error, FORBIDDEN)

    @for_every_cell
    def test_state_in_sync(self, cell: Cell) -> None:
        """The state of joined rooms is that of now; of rooms that were left that of the departure, and of others there
        is none."""
        rooms = cell.user.sync(filter=LEFT, use_state_after="true").get("rooms", {})
        sections = [name for name, section in rooms.items() if cell.room.room_id in section]
        found = [rooms[section][cell.room.room_id] for section in sections]
        states = [one["state_after"]["events"] for one in found if "state_after" in one]
        if cell.reader.is_in:
            self.assertEqual((sections, _marks(states[0])), (["join"], ["mark4"]))
        elif sections == ["leave"]:
            self.assertEqual(_marks(states[0]), [f"mark{cell.state_phase}"] if cell.reader.reads_room else [])
        else:
            self.assertEqual(states, [], "invites and knocks have stripped state alone")

    @for_every_cell
    def test_nothing_without_a_token(self, cell: Cell) -> None:
        """Everybody needs an account, or is a guest."""
        for path in ("/state", "/members", "/messages", f"/event/{cell.room.messages[0]}", f"/state/{MARK}"):
            answer = self.server.request("GET", cell.path + path)
            self.assertEqual(answer.error, (401, "M_MISSING_TOKEN"))


def _marks(events: list[Json]) -> list[str]:
    return [event["content"]["mark"] for event in events if event["type"] == MARK]


StateMatrixTestOnPostgres = on_postgres(StateMatrixTest)
