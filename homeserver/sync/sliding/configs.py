"""The wishes for state that a connection ever had, by number, so that each room remembers only the number."""

from __future__ import annotations

from collections.abc import Sequence

from homeserver.sync.sliding.required_state import RequiredState, StateWanted, together


class Configs:
    """Grows while an answer is put together. `all`: by number.

    Rooms are many and wishes few, and comparing wishes takes long: each is compared once.
    """

    def __init__(self, known: Sequence[StateWanted]) -> None:
        self.all = list(known)
        self._numbers = {config: number for number, config in enumerate(self.all)}
        self._together: dict[tuple[int, ...], StateWanted] = {}
        # By the objects that `together` gave, which are kept there.
        self._own_numbers: dict[int, int] = {}
        self._more: dict[tuple[int, int], More | None] = {}

    def together(self, parts: Sequence[RequiredState]) -> StateWanted:
        """The union of some wishes: one object for the same parts."""
        key = tuple(id(part) for part in parts)
        found = self._together.get(key)
        if found is None:
            found = self._together[key] = together(parts)
        return found

    def index(self, wanted: StateWanted) -> int:
        """The number of a wish that `together` gave."""
        number = self._own_numbers.get(id(wanted))
        if number is None:
            number = self._numbers.get(wanted)
            if number is None:
                number = self._numbers[wanted] = len(self.all)
                self.all.append(wanted)
            self._own_numbers[id(wanted)] = number
        return number

    def more_than(self, number: int, wanted: StateWanted) -> More | None:
        """What is wanted beyond an earlier wish; None for nothing."""
        key = (number, id(wanted))
        if key not in self._more:
            earlier = self.all[number]
            self._more[key] = None if wanted.is_covered_by(earlier) else More(wanted, earlier)
        return self._more[key]


class More:
    """The state that is wanted now and was not before."""

    def __init__(self, wanted: StateWanted, earlier: StateWanted) -> None:
        self._wanted = wanted
        self._earlier = earlier

    def of(self, state: dict[tuple[str, str], int]) -> list[tuple[str, str]]:
        """Its keys that a state has."""
        return [key for key in self._wanted.of(state) if not self._earlier.fits(key)]
