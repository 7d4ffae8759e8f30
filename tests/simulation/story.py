"""What happens in a simulated run: several servers share a room, talk, ban, join and change powers at the same time,
while the network breaks and servers are killed; then all heals, and all must have come to the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from homeserver.protocol.errors import MatrixError
from homeserver.protocol.room_versions import ROOM_VERSIONS
from homeserver.rooms.memberships import Change
from homeserver.rooms.records import EventDraft
from tests.simulation.checks import Held, differences, held
from tests.simulation.network import Network
from tests.simulation.node import Node
from tests.simulation.world import World, determined

_TROUBLE_S = 90.0
_LONGEST_TROUBLE_S = 40.0
#: What the specification of this server promises: a peer that was away is healed within so long of its return.
_HEALED_WITHIN_S = 5 * 60.0
_VERSIONS = sorted(ROOM_VERSIONS, key=int)


class Story:
    """One run. `lines`: what happened, for whoever looks into a run that went wrong."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.version = _VERSIONS[seed % len(_VERSIONS)]
        self.lines: list[str] = []
        self._world = World(seed)
        self._chance = self._world.chance
        self._network = Network(self._world)
        self._nodes: list[Node] = []
        self._room_id = ""
        self._numbers = 0

    def run(self) -> list[str]:
        """What is not the same on all servers in the end; nothing, if all is well."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hearth-test-")))
            stack.enter_context(determined(self._world))
            for number in range(3 + self.seed % 2):
                own = folder / str(number)
                own.mkdir()
                node = Node(self._world, self._network, f"s{number}.example", own)
                stack.callback(node.close)
                node.start()
                self._nodes.append(node)
            self._found()
            self._trouble()
            self._heal()
            return self._compare()

    def _found(self) -> None:
        """A room that most users are in before trouble begins."""
        self._network.is_calm = True
        first = self._nodes[0]
        self._room_id = self._world.finish(first.create_room(self.version))
        for node in self._nodes:
            self._world.finish(node.learn_keys([other.name for other in self._nodes]))
        for node in self._nodes:
            for user_id in node.users:
                if user_id != first.users[0] and self._chance.random() < 0.8:
                    self._world.finish(self._join(node, user_id, first.name))
        levels = {user_id: self._chance.choice([0, 50, 50, 100]) for node in self._nodes for user_id in node.users}
        if not ROOM_VERSIONS[self.version].privileged_creators:
            levels[first.users[0]] = 100
        else:
            del levels[first.users[0]]
        self._world.finish(self._set_powers(first, first.users[0], levels))
        self._network.is_calm = False

    def _trouble(self) -> None:
        """A minute and a half in which everything happens at random moments."""
        chance, clock = self._chance, self._world.clock
        for _ in range(chance.randint(30, 60)):
            clock.callLater(chance.uniform(0, _TROUBLE_S), self._act)
        for _ in range(chance.randint(1, 5)):
            clock.callLater(chance.uniform(0, _TROUBLE_S), self._cut)
        for _ in range(chance.randint(0, 2)):
            clock.callLater(chance.uniform(0, _TROUBLE_S), self._kill)
        self._world.run_until(clock.seconds() + _TROUBLE_S)

    def _heal(self) -> None:
        """All is well again; then somebody on each server says something, which closes every fork."""
        self._network.cuts.clear()
        self._network.is_calm = True
        for node in self._nodes:
            if not node.is_up:
                node.start()
        self._world.run_until(self._world.clock.seconds() + _HEALED_WITHIN_S + _LONGEST_TROUBLE_S)
        for _ in range(2):
            for node in self._nodes:
                for user_id in node.users:
                    if self._world.finish(self._tried(node, self._say(node, user_id))):
                        break
                self._world.run_until(self._world.clock.seconds() + 30)

    def _compare(self) -> list[str]:
        found: dict[str, Held] = {}
        for node in self._nodes:
            room = self._world.finish(node.rooms.find_room(self._room_id))
            if room is None or not self._world.finish(node.federation.admission.find_joined(self._room_id)):
                continue
            self._fill(node, room.room_nid)
            found[node.name] = self._world.finish(node.ground.database.glance(held, node.parts.loader, room.room_nid))
        return differences(found)

    def _fill(self, node: Node, room_nid: int) -> None:
        """Fetch what happened before a server came."""
        from homeserver.rooms import queries_rooms

        for _ in range(20):
            gaps = self._world.finish(node.ground.database.glance(queries_rooms.gaps, room_nid))
            if not gaps or not self._world.finish(node.fill(self._room_id, [gap[0] for gap in gaps])):
                return

    def _act(self) -> None:
        node = self._chance.choice(self._nodes)
        if not node.is_up:
            return
        user_id = self._chance.choice(node.users)
        others = [other for one in self._nodes for other in one.users if other != user_id]
        action = self._chance.choices(self._actions(), [8, 4, 3, 3, 2, 2, 3, 3, 1, 2])[0]
        Deferred.fromCoroutine(self._tried(node, action(node, user_id, self._chance.choice(others))))

    def _actions(self) -> list[Callable[[Node, str, str], Coroutine[Any, Any, Any]]]:
        def change(membership: str) -> Callable[[Node, str, str], Coroutine[Any, Any, Any]]:
            def act(node: Node, user_id: str, other: str) -> Coroutine[Any, Any, Any]:
                return node.change(user_id, Change(self._room_id, other, membership))

            return act

        return [
            lambda node, user_id, _: self._say(node, user_id),
            lambda node, user_id, _: self._set(node, user_id, "m.room.topic", {"topic": self._text()}),
            lambda node, user_id, other: self._move_power(node, user_id, other),
            change("ban"),
            change("leave"),
            lambda node, user_id, _: node.change(user_id, Change(self._room_id, user_id, "leave")),
            lambda node, user_id, _: self._join(node, user_id),
            change("invite"),
            lambda node, user_id, _: self._set(
                node, user_id, "m.room.join_rules", {"join_rule": self._chance.choice(["public", "invite"])}
            ),
            lambda node, user_id, _: self._set(node, user_id, "m.room.name", {"name": self._text()}),
        ]

    async def _tried(self, node: Node, work: Coroutine[Any, Any, Any]) -> bool:
        try:
            event_id = await work
        except MatrixError as error:
            self._note(f"{node.name}: refused: {error.message}")
            return False
        self._note(f"{node.name}: {event_id}")
        return True

    def _say(self, node: Node, user_id: str) -> Coroutine[Any, Any, str]:
        content = {"msgtype": "m.text", "body": self._text()}
        return node.send(self._room_id, EventDraft("m.room.message", user_id, content))

    def _set(self, node: Node, user_id: str, event_type: str, content: dict[str, Any]) -> Coroutine[Any, Any, str]:
        self._note(f"{user_id} sets {event_type} to {content}")
        return node.send(self._room_id, EventDraft(event_type, user_id, content, state_key=""))

    async def _join(self, node: Node, user_id: str, *via: str) -> str | None:
        via = via or tuple(self._chance.sample([one.name for one in self._nodes if one is not node], 2))
        if await node.has_left(self._room_id):
            # It may have left for a reason that those it would ask have not heard of yet, and would not tell them.
            return None
        self._note(f"{user_id} joins via {via}")
        return await node.change(user_id, Change(self._room_id, user_id, "join", via=via))

    async def _move_power(self, node: Node, user_id: str, other: str) -> str:
        room = await node.rooms.get_room(self._room_id)
        event = await node.rooms.find_state_event(room.room_nid, ("m.room.power_levels", ""))
        levels = {} if event is None else dict(event.content.get("users", {}))
        levels[other] = self._chance.choice([0, 0, 50, 100])
        return await self._set_powers(node, user_id, levels)

    def _set_powers(self, node: Node, user_id: str, levels: dict[str, int]) -> Coroutine[Any, Any, str]:
        content = {"users": levels, "events": {"m.room.topic": 0, "m.room.power_levels": 50}, "invite": 0}
        return self._set(node, user_id, "m.room.power_levels", content)

    def _cut(self) -> None:
        """Part the servers in two, or one link."""
        names = [node.name for node in self._nodes]
        self._chance.shuffle(names)
        side = names[: self._chance.randint(1, len(names) - 1)]
        cuts = {frozenset((one, other)) for one in side for other in names if other not in side}
        if self._chance.random() < 0.4:
            cuts = {self._chance.choice(sorted(cuts, key=sorted))}
        self._note(f"cut: {sorted(map(sorted, cuts))}")
        self._network.cuts |= cuts
        self._world.clock.callLater(
            self._chance.uniform(1, _LONGEST_TROUBLE_S), self._network.cuts.difference_update, cuts
        )

    def _kill(self) -> None:
        node = self._chance.choice(self._nodes)
        if node.is_up:
            self._note(f"{node.name} is killed")
            node.kill()
            self._world.clock.callLater(self._chance.uniform(0.5, _LONGEST_TROUBLE_S), self._revive, node)

    def _revive(self, node: Node) -> None:
        if not node.is_up:
            self._note(f"{node.name} is there again")
            node.start()

    def _text(self) -> str:
        self._numbers += 1
        return f"text {self._numbers}"

    def _note(self, line: str) -> None:
        self.lines.append(f"{self._world.clock.seconds():8.2f} {line}")
