"""One answer of sliding sync, put together within one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from homeserver.database import Transaction
from homeserver.rooms.records import Membership
from homeserver.sync.sliding.ask import SlidingAsk
from homeserver.sync.sliding.asking import RoomConfig
from homeserver.sync.sliding.configs import Configs
from homeserver.sync.sliding.device_extensions import DeviceExtensions
from homeserver.sync.sliding.draft import Draft, Json, Wanted
from homeserver.sync.sliding.extensions import RoomExtensions
from homeserver.sync.sliding.filters import Filtering
from homeserver.sync.sliding.lists import GONE, RoomLists, window
from homeserver.sync.sliding.memory import Memory
from homeserver.sync.sliding.other_rooms import OtherRooms
from homeserver.sync.sliding.profiles import ProfileExtension
from homeserver.sync.sliding.rooms import JoinedRooms
from homeserver.sync.sliding.shapes import room_entry
from homeserver.sync.sliding.sources import SlidingSources
from homeserver.sync.sliding.threads import ThreadSubscriptionExtension


@dataclass(frozen=True, slots=True)
class Composed:
    """`answer`: without `pos`. `has_news`: whether it is worth giving. `memory`: all that will have been told with it;
    `changed`: what of that is to be written down."""

    answer: Json
    has_news: bool
    memory: Memory
    changed: Memory


@dataclass(frozen=True, slots=True)
class RoomTellers:
    """What tells of rooms."""

    lists: RoomLists
    filtering: Filtering
    joined: JoinedRooms
    others: OtherRooms


@dataclass(frozen=True, slots=True)
class ExtensionTellers:
    """What tells of all else."""

    rooms: RoomExtensions
    device: DeviceExtensions
    profiles: ProfileExtension
    threads: ThreadSubscriptionExtension


class SlidingComposer:
    """Composes answers. Callable within a transaction."""

    def __init__(self, sources: SlidingSources, tellers: RoomTellers, extensions: ExtensionTellers) -> None:
        self._sources = sources
        self._tellers = tellers
        self._extensions = extensions

    def compose(self, tx: Transaction, ask: SlidingAsk) -> Composed:
        """What is new."""
        ask = replace(
            ask,
            ignored=self._sources.usual.account_data.ignored_users(tx, ask.user_id),
            direct=self._sources.room_account_data.direct_rooms(tx, ask.user_id),
        )
        answer: Json = {}
        wanted = self._wanted(tx, ask, answer)
        configs = Configs(ask.told.memory.configs)
        for one in wanted.values():
            one.state = configs.together(one.parts)
        drafts = [Draft(one, one.row, ask.told.memory.rooms.get(room_nid)) for room_nid, one in wanted.items()]
        for draft in drafts:
            self._tell(tx, ask, configs, draft)
        rooms = {draft.row.room_id: room_entry(ask.request.is_stable, draft) for draft in drafts if draft.entry}
        extensions: Json = {}
        told: dict[str, int] = {}
        has_news = self._extend(tx, ask, drafts, extensions, told)
        if rooms:
            answer["rooms"] = rooms
        answer["extensions"] = extensions
        now = {draft.row.room_nid: draft.now for draft in drafts if draft.now is not None}
        written = {draft.row.room_nid: draft.now for draft in drafts if draft.now is not None and draft.is_news}
        memory = ask.told.memory
        if now or told or len(configs.all) > len(memory.configs):
            memory = memory.with_news(now, told, configs.all)
        return Composed(answer, bool(rooms) or has_news, memory, Memory(written, told, configs.all))

    def _wanted(self, tx: Transaction, ask: SlidingAsk, answer: Json) -> dict[int, Wanted]:
        """Room number to what is wanted of it; the lists' counts go into the answer."""
        wanted: dict[int, Wanted] = {}
        if ask.request.lists:
            rooms = self._tellers.lists.sorted_rooms(tx, ask)
            answer["lists"] = {}
            for name, config in ask.request.lists.items():
                kept = self._tellers.filtering.filtered(tx, ask, config.filters, rooms)
                answer["lists"][name] = {"count": len(kept)}
                for row in window(kept, config):
                    _want(wanted, row, config.config).lists.append(name)
        if ask.request.subscriptions:
            for row, room_config in self._subscribed(tx, ask):
                _want(wanted, row, room_config).is_subscribed = True
        return wanted

    def _subscribed(self, tx: Transaction, ask: SlidingAsk) -> Iterable[tuple[Membership, RoomConfig]]:
        for row in ask.memberships.values():
            config = ask.request.subscriptions.get(row.room_id)
            if config is None or row.position > ask.upto.position:
                continue
            if not self._tellers.lists.is_ignored(tx, row):
                yield row, config

    def _tell(self, tx: Transaction, ask: SlidingAsk, configs: Configs, draft: Draft) -> None:
        membership = draft.row.membership
        if membership == "join":
            self._tellers.joined.tell(tx, ask, configs, draft)
        elif membership in GONE:
            self._tellers.others.tell_gone(tx, ask, configs, draft)
        else:
            self._tellers.others.tell_offered(tx, ask, configs, draft)

    def _extend(
        self, tx: Transaction, ask: SlidingAsk, drafts: Sequence[Draft], answer: Json, told: dict[str, int]
    ) -> bool:
        rooms, device = self._extensions.rooms, self._extensions.device
        news = [
            device.add_to_device(tx, ask, answer),
            device.add_e2ee(tx, ask, answer),
            rooms.add_account_data(tx, ask, drafts, answer, told),
            rooms.add_receipts(tx, ask, drafts, answer),
            rooms.add_typing(ask, drafts, answer),
            self._extensions.profiles.add(tx, ask, drafts, answer, told),
            self._extensions.threads.add(tx, ask, answer, told),
        ]
        return any(news)


def _want(wanted: dict[int, Wanted], row: Membership, config: RoomConfig) -> Wanted:
    one = wanted.get(row.room_nid)
    if one is None:
        one = wanted[row.room_nid] = Wanted(row)
    one.limit = max(one.limit, config.timeline_limit)
    one.parts.append(config.required_state)
    return one
