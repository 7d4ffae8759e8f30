"""What push costs in a large room: `python -m tests.bench.push_evaluation [MEMBERS] [WITH_PUSHERS]`.

A room with so many local members, a tenth of them with rules of their own. Prints the CPU time in which it is found out
whom one message notifies, first with a few pushers, then with all members having one.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from homeserver.protocol.push_conditions import OWN_USER
from homeserver.protocol.push_evaluation import PREDEFINED, UserRules, compile_rules
from homeserver.protocol.push_rules import default_rules
from homeserver.slices.push.deciding import Deciding
from tests.support.homeserver import running_homeserver
from tests.support.own_reactor import run

_TIMES = 20


def main(members: int, with_pushers: int) -> None:
    """Measure."""
    with running_homeserver() as server:
        alice = server.register("alice")
        room_id = alice.create_room(preset="public_chat")
        event_id = alice.send(room_id, "hello", **{"m.mentions": {"user_ids": ["@user7:x"]}})
        parts: Any = server._server._ground.parts  # type: ignore[union-attr]
        database: Any = server._server._ground.database  # type: ignore[union-attr]
        own = compile_rules({**default_rules(OWN_USER), "content": [_keyword()]})
        rules = {f"@user{number}:x": own if number % 10 == 0 else PREDEFINED for number in range(members)}
        for count in (with_pushers, members):
            audience = {f"@user{number}:x": 0 for number in range(count)}
            print(
                f"{count} pushers of {members} members: {_measure(database, parts, event_id, rules, audience):.2f} ms"
            )


def _measure(database: Any, parts: Any, event_id: str, rules: dict[str, UserRules], audience: dict[str, int]) -> float:
    """Milliseconds of CPU for a message."""
    deciding = Deciding(parts, lambda tx, user_ids: rules)

    def look(tx: Any) -> float:
        stored = parts.loader.stored_by_id(tx, [event_id])[event_id]
        room_nid = tx.value("SELECT room_nid FROM events WHERE event_id = :id", id=event_id)
        began_s = time.thread_time()
        for _ in range(_TIMES):
            deciding.in_room(tx, room_nid, stored.position, stored.position, audience)
        return (time.thread_time() - began_s) * 1000 / _TIMES

    async def measured() -> float:
        return float(await database.read(look))

    return run(measured())


def _keyword() -> dict[str, Any]:
    return {"rule_id": "tea", "pattern": "tea", "actions": ["notify"], "enabled": True, "default": False}


if __name__ == "__main__":
    arguments = [int(text) for text in sys.argv[1:]]
    main(*(arguments or (5_000, 50)))
