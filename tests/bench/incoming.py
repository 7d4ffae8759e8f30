"""How fast another server's messages of a busy room are taken in: `python -m tests.bench.incoming [EVENTS]`.

A server on SQLite and a peer in its room, which sends signed messages, each after the one before, 50 in a transaction.
Prints the events a second of CPU time of the process, the peer's sending included.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from homeserver.commands.certificates import write_authority
from homeserver.protocol.events import Event
from tests.federation.room_peer import RoomPeer
from tests.support.databases import fresh_database
from tests.support.homeserver import Homeserver

_BATCH = 50


def main(number: int) -> None:
    """Measure."""
    with tempfile.TemporaryDirectory() as name, fresh_database("sqlite") as place:
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
        alice.wait_for_event(room_id, warm[-1].event_id)
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        _send(peer, events)
        alice.wait_for_event(room_id, events[-1].event_id)
        wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
        print(f"{number} events in {wall_s:.2f} s, {cpu_s:.2f} s of CPU: {number / cpu_s:.0f} a second of CPU")
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


if __name__ == "__main__":
    main(int((*sys.argv[1:], "3000")[0]))
