"""SQL for profiles."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from homeserver.database import Transaction
from homeserver.profiles.records import Profile


def find_profile(tx: Transaction, user_id: str) -> Profile | None:
    """A local user's profile."""
    row = tx.find("SELECT displayname, avatar_url, fields FROM profiles WHERE user_id = :user_id", user_id=user_id)
    return None if row is None else _profile(row)


def avatar_urls(tx: Transaction) -> list[str]:
    """The pictures of all local users."""
    return [row[0] for row in tx.all("SELECT DISTINCT avatar_url FROM profiles WHERE avatar_url IS NOT NULL")]


def profiles_of(tx: Transaction, user_ids: Collection[str]) -> dict[str, Profile]:
    """The profiles of those of some users who have one."""
    rows = tx.all_in(
        "SELECT user_id, displayname, avatar_url, fields FROM profiles WHERE user_id IN :users", users=list(user_ids)
    )
    return {row[0]: _profile(row[1:]) for row in rows}


def find_spreading(tx: Transaction, user_id: str) -> int | None:
    """The position of the change that the user's rooms may not show yet."""
    position = tx.value("SELECT spreading FROM profiles WHERE user_id = :user_id", user_id=user_id)
    return None if position is None else int(position)


def spreading_users(tx: Transaction) -> list[str]:
    """The users whose rooms may not show their last change."""
    rows = tx.all("SELECT user_id FROM profiles WHERE spreading IS NOT NULL ORDER BY spreading")
    return [row[0] for row in rows]


def write_profile(tx: Transaction, user_id: str, profile: Profile, spreading: int | None) -> None:
    """Set a profile, and whether its rooms are still to show it."""
    tx.run(
        """INSERT INTO profiles (user_id, displayname, avatar_url, fields, spreading)
           VALUES (:user_id, :displayname, :avatar_url, :fields, :spreading)
           ON CONFLICT (user_id) DO UPDATE SET displayname = excluded.displayname,
               avatar_url = excluded.avatar_url, fields = excluded.fields, spreading = excluded.spreading""",
        user_id=user_id,
        displayname=profile.displayname,
        avatar_url=profile.avatar_url,
        fields=msgspec.json.encode(profile.fields).decode(),
        spreading=spreading,
    )


def note_spread(tx: Transaction, user_id: str, position: int) -> None:
    """The user's rooms show the change of this position, and there was no later one."""
    tx.run(
        "UPDATE profiles SET spreading = NULL WHERE user_id = :user_id AND spreading = :position",
        user_id=user_id,
        position=position,
    )


def _profile(row: tuple[Any, ...]) -> Profile:
    return Profile(row[0], row[1], msgspec.json.decode(row[2]))
