"""SQL for cross-signing keys and for signatures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from homeserver.database import Transaction

Json = dict[str, Any]


class Signature(NamedTuple):
    """Whose key of which name was signed by which of the signer's keys."""

    signer: str
    user_id: str
    key_name: str
    signing_key_id: str
    signature: str


def keys_of(tx: Transaction, user_id: str) -> dict[str, Json]:
    """Usage to cross-signing key."""
    return {usage: key for _, usage, key in keys_of_many(tx, [user_id])}


def keys_of_many(tx: Transaction, user_ids: Collection[str]) -> list[tuple[str, str, Json]]:
    """(user id, usage, cross-signing key) of some users."""
    rows = tx.all_in(
        "SELECT user_id, usage, signing_key FROM cross_signing_keys WHERE user_id IN :users", users=list(user_ids)
    )
    return [(row[0], row[1], msgspec.json.decode(row[2])) for row in rows]


def write_key(tx: Transaction, user_id: str, usage: str, key: Json, position: int) -> None:
    """Set a cross-signing key."""
    tx.run(
        """INSERT INTO cross_signing_keys (user_id, usage, signing_key, position)
           VALUES (:user, :usage, :key, :position)
           ON CONFLICT (user_id, usage) DO UPDATE SET signing_key = excluded.signing_key,
               position = excluded.position""",
        user=user_id,
        usage=usage,
        key=msgspec.json.encode(key).decode(),
        position=position,
    )


def delete_key(tx: Transaction, user_id: str, usage: str) -> None:
    """Remove a cross-signing key."""
    tx.run("DELETE FROM cross_signing_keys WHERE user_id = :user AND usage = :usage", user=user_id, usage=usage)


def is_set_between(tx: Transaction, user_id: str, usage: str, since: int, upto: int) -> bool:
    """Whether a cross-signing key was set in (since, upto]."""
    row = tx.find(
        """SELECT 1 FROM cross_signing_keys
           WHERE user_id = :user AND usage = :usage AND position > :since AND position <= :upto""",
        user=user_id,
        usage=usage,
        since=since,
        upto=upto,
    )
    return row is not None


def signatures_of_own(tx: Transaction, user_ids: Collection[str]) -> list[Signature]:
    """What some users have signed of their own keys."""
    rows = tx.all_in(
        """SELECT signer, user_id, key_name, signing_key_id, signature FROM key_signatures
           WHERE user_id IN :users AND signer = user_id""",
        users=list(user_ids),
    )
    return [Signature(*row) for row in rows]


def signatures_by(tx: Transaction, signer: str, user_ids: Collection[str]) -> list[Signature]:
    """What a user has signed of some users' keys."""
    rows = tx.all_in(
        """SELECT signer, user_id, key_name, signing_key_id, signature FROM key_signatures
           WHERE signer = :signer AND user_id IN :users""",
        signer=signer,
        users=list(user_ids),
    )
    return [Signature(*row) for row in rows]


def signed_between(tx: Transaction, signer: str, since: int, upto: int) -> list[str]:
    """The users whose keys a user has signed in (since, upto]."""
    rows = tx.all(
        """SELECT DISTINCT user_id FROM key_signatures
           WHERE signer = :signer AND position > :since AND position <= :upto""",
        signer=signer,
        since=since,
        upto=upto,
    )
    return [row[0] for row in rows]


def count_signatures(tx: Transaction, signer: str) -> int:
    """How many a user has made."""
    return int(tx.value("SELECT COUNT(*) FROM key_signatures WHERE signer = :signer", signer=signer))


def write_signatures(tx: Transaction, signatures: Iterable[Signature], position: int) -> None:
    """Keep signatures."""
    tx.run_many(
        """INSERT INTO key_signatures (signer, user_id, key_name, signing_key_id, signature, position)
           VALUES (:signer, :user_id, :key_name, :signing_key_id, :signature, :position)
           ON CONFLICT (signer, user_id, key_name, signing_key_id) DO UPDATE SET signature = excluded.signature,
               position = excluded.position""",
        [{**one._asdict(), "position": position} for one in signatures],
    )


def delete_signatures_of(tx: Transaction, user_id: str, key_names: Sequence[str]) -> None:
    """These keys of a user are gone: what was signed of them goes too."""
    tx.run_many(
        "DELETE FROM key_signatures WHERE user_id = :user AND key_name = :name",
        [{"user": user_id, "name": name} for name in key_names],
    )


def delete_signatures_with(tx: Transaction, signer: str, signing_key_ids: Sequence[str]) -> None:
    """These keys of a user are gone: what they signed goes too."""
    tx.run_many(
        "DELETE FROM key_signatures WHERE signer = :signer AND signing_key_id = :key",
        [{"signer": signer, "key": key_id} for key_id in signing_key_ids],
    )


def delete_user(tx: Transaction, user_id: str) -> None:
    """The account has ended."""
    tx.run("DELETE FROM cross_signing_keys WHERE user_id = :user", user=user_id)
    tx.run("DELETE FROM key_signatures WHERE user_id = :user OR signer = :user", user=user_id)
