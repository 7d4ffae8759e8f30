"""The wishes for state that a connection ever had, by number, so that each room remembers only the number."""

from __future__ import annotations

from collections.abc import Sequence

from homeserver.sync.sliding.required_state import StateWanted


class Configs:
    """Grows while an answer is put together. `all`: by number."""

    def __init__(self, known: Sequence[StateWanted]) -> None:
        self.all = list(known)
        self._numbers = {config: number for number, config in enumerate(self.all)}

    def index(self, wanted: StateWanted) -> int:
        """The number of a wish."""
        number = self._numbers.get(wanted)
        if number is None:
            number = self._numbers[wanted] = len(self.all)
            self.all.append(wanted)
        return number

    def more_than(self, number: int, wanted: StateWanted) -> More | None:
        """What is wanted beyond an earlier wish; None for nothing."""
        earlier = self.all[number]
        return None if wanted.is_covered_by(earlier) else More(wanted, earlier)


class More:
    """The state that is wanted now and was not before."""

    def __init__(self, wanted: StateWanted, earlier: StateWanted) -> None:
        self._wanted = wanted
        self._earlier = earlier

    def of(self, state: dict[tuple[str, str], int]) -> list[tuple[str, str]]:
        """Its keys that a state has."""
        return [key for key in self._wanted.of(state) if not self._earlier.fits(key)]
