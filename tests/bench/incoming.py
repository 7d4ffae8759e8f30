"""How fast another server's messages of a busy room are taken in: `python -m tests.bench.incoming [EVENTS [ENGINE]]`.

A server on SQLite, or on another engine (`postgresql`: see `tests.support.databases`), and a peer in its room, which
sends signed messages, each after the one before, 50 in a transaction.
Prints the events a second of the server's CPU time. The peer, which builds and signs beforehand and sends in the main
thread, is counted apart; all other threads of the process are the server's.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from homeserver.commands.certificates import write_authority
from homeserver.protocol.events import Event
from tests.federation.room_peer import RoomPeer
from tests.support.api_client import User
from tests.support.databases import fresh_database
from tests.support.homeserver import Homeserver

_BATCH = 50


def main(number: int, engine: str) -> None:
    """Measure."""
    with tempfile.TemporaryDirectory() as name, fresh_database(engine) as place:
        folder = Path(name)
        authority = write_authority("Test authority", folder / "ca.crt")
        (folder / "own").mkdir()
        server = Homeserver(folder / "own", place.config, authority)
        server.start()
        alice = server.new_user("alice")
        room_id = alice.create_room(preset="public_chat")
        peer = RoomPeer(authority, server)
        peer.join(room_id)
        warm, events = _chain(peer, 2 * _BATCH), _chain(peer, number)
        _send(peer, warm)
        _await(alice, room_id, warm[-1].event_id)
        began = time.perf_counter(), time.process_time(), time.thread_time()
        _send(peer, events)
        _await(alice, room_id, events[-1].event_id)
        wall_s, all_s, peer_s = (
            now - then
            for now, then in zip((time.perf_counter(), time.process_time(), time.thread_time()), began, strict=True)
        )
        server_s = all_s - peer_s
        print(f"{number} events in {wall_s:.2f} s; CPU: server {server_s:.2f} s, peer {peer_s:.2f} s")
        print(f"{number / server_s:.0f} a second of the server's CPU, {server_s / number * 1000:.2f} ms each")
        peer.close()
        server.stop()


def _chain(peer: RoomPeer, number: int) -> list[Event]:
    """Messages, each of which follows on the one before; the first on the peer's join."""
    events = [peer.message("first")]
    for text in range(1, number):
        last = events[-1]
        events.append(peer.message(str(text), prev_events=[last.event_id], depth=last.depth + 1))
    return events


def _send(peer: RoomPeer, events: list[Event]) -> None:
    for start in range(0, len(events), _BATCH):
        peer.send(events[start : start + _BATCH]).ok()


def _await(user: User, room_id: str, event_id: str) -> None:
    """Wait without a sync, whose answers would be part of what is measured."""
    while user.request("GET", f"/rooms/{quote(room_id)}/event/{quote(event_id)}").status != 200:
        time.sleep(0.05)


if __name__ == "__main__":
    main(int((*sys.argv[1:], "3000")[0]), (*sys.argv[2:], "sqlite")[0])
