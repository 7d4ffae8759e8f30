"""SQL for searching."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from homeserver.database import Transaction


class Hit(NamedTuple):
    """An event that holds every word asked for. `rank`: higher is closer."""

    event_nid: int
    room_nid: int
    rank: int


def insert_words(tx: Transaction, place: tuple[int, int], source: int, weights: Mapping[str, int]) -> None:
    """Add the words of an event at (room number, event number)."""
    tx.run_many(
        """INSERT INTO search_words (word, room_nid, event_nid, source, weight)
           VALUES (:word, :room, :event, :source, :weight) ON CONFLICT DO NOTHING""",
        [
            {"word": word, "room": place[0], "event": place[1], "source": source, "weight": weight}
            for word, weight in weights.items()
        ],
    )


def delete_words(tx: Transaction, event_nid: int) -> None:
    """An event was redacted."""
    tx.run("DELETE FROM search_words WHERE event_nid = :event", event=event_nid)


def hits(
    tx: Transaction, words: Sequence[str], room_nids: Collection[int], sources: Collection[int], most: int
) -> list[Hit]:
    """The newest events of some rooms that hold all of the words, newest first."""
    named = {f"word_{index}": word for index, word in enumerate(words)}
    places = ", ".join(f":{name}" for name in named)
    wanted = ", ".join(str(int(source)) for source in sources)
    rows = tx.all_in(
        f"""SELECT event_nid, room_nid, SUM(weight) FROM search_words
            WHERE word IN ({places}) AND source IN ({wanted}) AND room_nid IN :rooms
            GROUP BY event_nid, room_nid HAVING COUNT(*) = :count
            ORDER BY event_nid DESC LIMIT :most""",  # noqa: S608
        rooms=list(room_nids),
        count=len(words),
        most=most,
        **named,
    )
    found = [Hit(row[0], row[1], int(row[2])) for row in rows]
    found.sort(reverse=True)
    return found[:most]
