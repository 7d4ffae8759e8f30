"""Other servers' keys in the database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from homeserver.database import Transaction
from homeserver.federation.server_keys import KnownKey, ServerKeys
from homeserver.protocol.signing import verify_key_from_base64

MAX_ROWS_PER_SERVER = 128


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer of a server as it came, with the ids of the keys known from it that are current in it."""

    key_ids: frozenset[str]
    current_key_ids: frozenset[str]
    valid_until_ms: int
    fetched_ms: int
    response: bytes


def known_keys(tx: Transaction, server_names: Collection[str]) -> dict[tuple[str, str], KnownKey]:
    """Every stored key of some servers, by server and key id."""
    rows = tx.all_in(
        """SELECT server_name, key_id, verify_key, valid_until_ms, is_old
           FROM server_keys WHERE server_name IN :server_names""",
        server_names=list(server_names),
    )
    return {
        (server_name, key_id): KnownKey(verify_key_from_base64(key_id, verify_key), valid_until_ms, bool(is_old))
        for server_name, key_id, verify_key, valid_until_ms, is_old in rows
    }


def stored_answers(tx: Transaction, server_name: str) -> list[StoredAnswer]:
    """The distinct answers that a server's stored keys came in, the newest first."""
    rows = tx.all(
        """SELECT key_id, is_old, answer_until_ms, fetched_ms, response
           FROM server_keys WHERE server_name = :server_name ORDER BY fetched_ms DESC""",
        server_name=server_name,
    )
    by_response: dict[bytes, list[tuple[str, bool, int, int]]] = {}
    for key_id, is_old, answer_until_ms, fetched_ms, response in rows:
        by_response.setdefault(bytes(response), []).append((key_id, bool(is_old), answer_until_ms, fetched_ms))
    return [
        StoredAnswer(
            frozenset(key_id for key_id, _, _, _ in keys),
            frozenset(key_id for key_id, is_old, _, _ in keys if not is_old),
            keys[0][2],
            keys[0][3],
            response,
        )
        for response, keys in by_response.items()
    ]


def put_keys(tx: Transaction, answer: ServerKeys, is_direct: bool) -> None:
    """Store an answer's keys. What the server said itself replaces what is there; what a notary passed on replaces
    only what is not newer."""
    newer = "" if is_direct else "WHERE excluded.answer_until_ms >= server_keys.answer_until_ms"
    response = answer.encoded
    tx.run_many(
        f"""INSERT INTO server_keys (server_name, key_id, verify_key, valid_until_ms, is_old, answer_until_ms,
                                     fetched_ms, response)
            VALUES (:server_name, :key_id, :verify_key, :valid_until_ms, :is_old, :answer_until_ms,
                    :fetched_ms, :response)
            ON CONFLICT (server_name, key_id) DO UPDATE SET
                verify_key = excluded.verify_key, valid_until_ms = excluded.valid_until_ms,
                is_old = excluded.is_old, answer_until_ms = excluded.answer_until_ms,
                fetched_ms = excluded.fetched_ms, response = excluded.response
            {newer}""",  # noqa: S608 (one of two constants)
        [
            {
                "server_name": answer.server_name,
                "key_id": key_id,
                "verify_key": known.verify_key.encoded,
                "valid_until_ms": known.valid_until_ms,
                "is_old": int(known.is_old),
                "answer_until_ms": answer.valid_until_ms,
                "fetched_ms": answer.fetched_ms,
                "response": response,
            }
            for key_id, known in answer.keys.items()
        ],
    )
    tx.run(
        """DELETE FROM server_keys WHERE server_name = :server_name AND key_id NOT IN (
               SELECT key_id FROM server_keys WHERE server_name = :server_name
               ORDER BY fetched_ms DESC, key_id LIMIT :most)""",
        server_name=answer.server_name,
        most=MAX_ROWS_PER_SERVER,
    )
