"""SQL for finding people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from homeserver.database import Transaction


class Person(NamedTuple):
    """Somebody who can be found."""

    user_id: str
    display_name: str | None
    avatar_url: str | None


def write_people(tx: Transaction, people: Sequence[tuple[Person, str]]) -> None:
    """Add people, or what they are called now, each with the text that is searched.

    In the order of their ids, so that two processes that write the same people do not wait for each other.
    """
    tx.run_many(
        """INSERT INTO user_directory (user_id, display_name, avatar_url, searched)
           VALUES (:user, :name, :avatar, :searched)
           ON CONFLICT (user_id) DO UPDATE SET display_name = excluded.display_name,
               avatar_url = excluded.avatar_url, searched = excluded.searched""",
        [
            {"user": one.user_id, "name": one.display_name, "avatar": one.avatar_url, "searched": searched}
            for one, searched in sorted(people, key=lambda pair: pair[0].user_id)
        ],
    )


def delete_person(tx: Transaction, user_id: str) -> None:
    """Somebody can be found no more."""
    tx.run("DELETE FROM user_directory WHERE user_id = :user", user=user_id)


def people_with(tx: Transaction, words: Sequence[str], after: str, limit: int) -> list[Person]:
    """People whose folded id and name hold all of these words, in the order of their ids, after one of them."""
    conditions = " AND ".join(f"searched LIKE :word_{index} ESCAPE '!'" for index in range(len(words)))
    patterns = {f"word_{index}": f"%{_escaped(word)}%" for index, word in enumerate(words)}
    rows = tx.all(
        f"""SELECT user_id, display_name, avatar_url FROM user_directory
            WHERE user_id > :after AND {conditions} ORDER BY user_id LIMIT :limit""",  # noqa: S608
        after=after,
        limit=limit,
        **patterns,
    )
    return [Person(*row) for row in rows]


def set_open(tx: Transaction, room_nid: int, is_open: bool) -> None:
    """Whether everybody may join or read a room."""
    if is_open:
        tx.run("INSERT INTO open_rooms (room_nid) VALUES (:room) ON CONFLICT DO NOTHING", room=room_nid)
    else:
        tx.run("DELETE FROM open_rooms WHERE room_nid = :room", room=room_nid)


def open_rooms(tx: Transaction) -> set[int]:
    """The rooms that everybody may join or read."""
    return {row[0] for row in tx.all("SELECT room_nid FROM open_rooms")}


def _escaped(word: str) -> str:
    return word.replace("!", "!!").replace("%", "!%").replace("_", "!_")
