"""Which state of a room a client wants: the elements it includes and excludes, and members as they are needed.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#requiredstaterequest
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from homeserver.protocol.events import StateKey

MEMBER = "m.room.member"


class Element(NamedTuple):
    """A pattern of state keys; None stands for all."""

    type: str | None
    state_key: str | None

    def fits(self, key: StateKey) -> bool:
        """Whether a state key is one of them."""
        return self.type in (None, key[0]) and self.state_key in (None, key[1])


class RequiredState(NamedTuple):
    """What one list or subscription wants. With `lazy_members`, members are included only where named by their ids."""

    include: tuple[Element, ...] = ()
    exclude: tuple[Element, ...] = ()
    lazy_members: bool = False

    def fits(self, key: StateKey) -> bool:
        """Whether this asks for the state key, whoever shows up in the timeline."""
        if any(element.fits(key) for element in self.exclude):
            return False
        if self.lazy_members and key[0] == MEMBER:
            return any(element.state_key is not None and element.fits(key) for element in self.include)
        return any(element.fits(key) for element in self.include)

    @property
    def has_all_members(self) -> bool:
        """Whether every member event is asked for."""
        return not self.lazy_members and any(
            element.type in (None, MEMBER) and element.state_key is None for element in self.include
        )


class StateWanted(NamedTuple):
    """What all that matches a room wants together: whatever any of the parts does. Compared to tell whether more is
    wanted than before."""

    parts: tuple[RequiredState, ...] = ()

    def fits(self, key: StateKey) -> bool:
        """Whether any part asks for the state key."""
        return any(part.fits(key) for part in self.parts)

    @property
    def is_lazy(self) -> bool:
        """Whether members come as they are needed."""
        return any(part.lazy_members for part in self.parts) and not any(part.has_all_members for part in self.parts)

    def of(self, state: Mapping[StateKey, int]) -> dict[StateKey, int]:
        """Of a state what is asked for."""
        exact, patterns = self._split()
        found = {key: state[key] for key in exact if key in state and self.fits(key)}
        if patterns:
            found.update((key, nid) for key, nid in state.items() if key not in found and self.fits(key))
        return found

    def is_covered_by(self, other: StateWanted) -> bool:
        """Whether the other certainly asks for all that this does."""
        return set(self.parts) <= set(other.parts)

    def _split(self) -> tuple[set[StateKey], bool]:
        """(the keys that are named in full, whether there are patterns)."""
        exact: set[StateKey] = set()
        patterns = False
        for element in (one for part in self.parts for one in part.include):
            if element.type is None or element.state_key is None:
                patterns = True
            else:
                exact.add((element.type, element.state_key))
        return exact, patterns


def together(parts: Iterable[RequiredState]) -> StateWanted:
    """The union, in an order of its own, so that equal wishes are equal."""
    return StateWanted(tuple(sorted(set(parts), key=repr)))
