"""`hearthctl room`: why a room is in the state that it is in. Reads the database, also beside a server that runs."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

from homeserver.config import Config
from homeserver.database import CacheBudget, Transaction
from homeserver.database.feed import ChangeFeed
from homeserver.database.opening import open_engine
from homeserver.database.reading import Reader
from homeserver.protocol.room_versions import ROOM_VERSIONS
from homeserver.rooms import queries_rooms
from homeserver.rooms.explaining import Explaining
from homeserver.rooms.kernel import make_parts
from homeserver.rooms.records import RoomRecord
from homeserver.wiring.ground import database_place

_CACHE_BYTES = 64 * 1024 * 1024


def run_room_command(options: argparse.Namespace, config: Config) -> int:
    """Print what was asked; 1 where there is no such room or event."""
    engine = open_engine(*database_place(config))
    reader = Reader(engine)
    try:
        lines = reader.run(_lines, (config.server.server_name, options))
    finally:
        reader.close()
        engine.close()
    if lines is None:
        print("hearthctl: this server knows no such room or event", file=sys.stderr)
        return 1
    for line in lines:
        print(line)
    return 0


def _lines(tx: Transaction, server_name: str, options: argparse.Namespace) -> list[str] | None:
    found = queries_rooms.find_room(tx, options.room_id)
    if found is None:
        return None
    room = RoomRecord(found[0], options.room_id, ROOM_VERSIONS[found[1]])
    parts = make_parts(server_name, _sign_nothing, CacheBudget(_CACHE_BYTES), ChangeFeed())
    explaining = Explaining(tx, parts, room)
    if options.action == "explain":
        return explaining.event(options.event_id)
    return explaining.resets() or ["none"]


def _sign_nothing(*_: object) -> NoReturn:
    raise AssertionError("what only reads signs nothing")
