"""What is measured. A scenario prepares what it needs, which is not counted, and then measures windows by name.

They run in this order, whichever are asked for: later ones make the database larger.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bench.meter import Meter
from bench.scenarios import accounts, history, keys, large_rooms, media, messages, syncing
from bench.world import World

Scenario = Callable[[World, Meter], Awaitable[None]]

SCENARIOS: dict[str, Scenario] = {
    "versions": accounts.versions,
    "whoami": accounts.whoami,
    "accounts": accounts.register_and_login,
    "create_room": messages.create_room,
    "send": messages.send,
    "send_big": messages.send_big,
    "fanout": messages.fanout,
    "sync": syncing.sync,
    "messages": history.messages,
    "media": media.media,
    "keys": keys.keys,
    "members": large_rooms.members_1000,
}
"""Those of every run: about two minutes a server."""

LARGE: dict[str, Scenario] = {
    "long_polls": syncing.long_polls,
    "members_5000": large_rooms.members_5000,
    "published": syncing.published,
    "growth": history.growth,
}
"""Those that take longer, and are asked for by name."""
