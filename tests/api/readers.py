"""Readers of rooms and what they may see, as tables written from the specification.

A room lives through five phases. In each the owner sends a message and sets state; at the beginning of a phase each
reader does what their life says. What they may see of the phases is said for each history visibility.

https://spec.matrix.org/v1.19/client-server-api/#room-history-visibility
"""

from __future__ import annotations

from dataclasses import dataclass

PHASES = range(5)
VISIBILITIES = ("world_readable", "shared", "invited", "joined")

Act = tuple[str, ...]


@dataclass(frozen=True)
class Reader:
    """`life`: what happens at the beginning of phases 1 to 4. `shared`, `invited`, `joined`: the phases whose events
    may be seen, by the rules on single events. `reads_room`: whether the room as a whole may be read (state, history);
    so says the specification of whoever is or was a member. `last_state`: the phase whose state they read then."""

    life: tuple[Act, Act, Act, Act]
    shared: str
    invited: str
    joined: str
    reads_room: bool = False
    last_state: int = 4
    is_guest: bool = False

    def sees(self, visibility: str) -> set[int]:
        """The phases whose events may be seen."""
        if visibility == "world_readable":
            return set(PHASES)
        return {int(phase) for phase in getattr(self, visibility)}

    def may_read_room(self, visibility: str) -> bool:
        """Whether state and history may be asked for."""
        return self.reads_room or visibility == "world_readable"

    def state_phase(self, visibility: str) -> int:
        """Whose state is current for this reader: of the departure, or of now."""
        return self.last_state if self.reads_room else 4

    @property
    def is_in(self) -> bool:
        """Whether the reader is joined in the end."""
        return self.reads_room and self.last_state == 4


NOTHING: Act = ()
READERS: dict[str, Reader] = {
    "who never was there": Reader((NOTHING, NOTHING, NOTHING, NOTHING), "", "", ""),
    "guest outside": Reader((NOTHING, NOTHING, NOTHING, NOTHING), "", "", "", is_guest=True),
    "who knocked": Reader((("knock",), NOTHING, NOTHING, NOTHING), "", "", ""),
    "whose knock was denied": Reader((("knock",), NOTHING, ("kick",), NOTHING), "", "", ""),
    "invited": Reader((("invite",), NOTHING, NOTHING, NOTHING), "", "1234", ""),
    "who declined": Reader((("invite",), NOTHING, ("leave",), NOTHING), "", "12", ""),
    "uninvited": Reader((("invite",), NOTHING, ("kick",), NOTHING), "", "12", ""),
    "banned from outside": Reader((NOTHING, ("ban",), NOTHING, NOTHING), "", "", ""),
    "invited, then banned": Reader((("invite",), NOTHING, ("ban",), NOTHING), "", "12", ""),
    "joined": Reader((("invite",), ("join",), NOTHING, NOTHING), "01234", "1234", "234", True),
    "guest inside": Reader((("invite",), ("join",), NOTHING, NOTHING), "01234", "1234", "234", True, is_guest=True),
    "joined after a knock": Reader((("knock",), ("invite", "join"), NOTHING, NOTHING), "01234", "234", "234", True),
    "latecomer": Reader((NOTHING, NOTHING, ("invite",), ("join",)), "01234", "34", "4", True),
    "who came back": Reader((("invite",), ("join",), ("leave",), ("invite", "join")), "01234", "124", "24", True),
    "who left": Reader((("invite",), ("join",), ("leave",), NOTHING), "012", "12", "2", True, 2),
    "kicked": Reader((("invite",), ("join",), ("kick",), NOTHING), "012", "12", "2", True, 2),
    "banned": Reader((("invite",), ("join",), ("ban",), NOTHING), "012", "12", "2", True, 2),
    "banned after leaving": Reader((("invite",), ("join",), ("leave",), ("ban",)), "012", "12", "2", True, 2),
    "unbanned": Reader((("invite",), ("join",), ("ban",), ("unban",)), "012", "12", "2", True, 2),
    "asked back": Reader((("invite",), ("join",), ("leave",), ("invite",)), "012", "124", "2", True, 2),
    "who will not come back": Reader(
        (("invite",), ("join",), ("leave",), ("invite", "leave")), "012", "12", "2", True, 2
    ),
    "who knocked to come back": Reader((("invite",), ("join",), ("leave",), ("knock",)), "012", "12", "2", True, 2),
    "who forgot": Reader((("invite",), ("join",), ("leave", "forget"), NOTHING), "", "", ""),
    "who forgot after a ban": Reader((("invite",), ("join",), ("ban", "forget"), NOTHING), "", "", ""),
}
