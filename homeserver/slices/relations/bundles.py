"""Aggregating child events: the latest edit, threads and references, as they stand in a parent's `unsigned`.

https://spec.matrix.org/v1.19/client-server-api/#aggregations-of-child-events
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from homeserver.database import Transaction
from homeserver.protocol.events import Event
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.views import EventViews, Viewer
from homeserver.slices.relations import queries
from homeserver.slices.relations.queries import Relation
from homeserver.slices.relations.reading_content import is_valid_edit

IgnoredUsers = Callable[[Transaction, str], Collection[str]]
"""The users whose events a user does not want to see."""

Json = dict[str, Any]
_MOST_REFERENCES = 500
_MOST_LOOKED_AT = 20


class Bundles:
    """Makes bundles. Callable within a transaction."""

    def __init__(self, loader: EventLoader, views: EventViews, ignored_users: IgnoredUsers) -> None:
        self._loader = loader
        self._views = views
        self._ignored_users = ignored_users

    def bundle(self, tx: Transaction, viewer: Viewer, nids: Sequence[int]) -> Mapping[int, bytes]:
        """`m.relations` of each event that has children which are aggregated, for one viewer."""
        found = self._bundles(tx, viewer, nids, has_threads=True)
        return {nid: msgspec.json.encode(bundle) for nid, bundle in found.items()}

    def _bundles(self, tx: Transaction, viewer: Viewer, nids: Sequence[int], *, has_threads: bool) -> dict[int, Json]:
        parents = {nid: event for nid, event in self._loader.get_many(tx, nids).items() if not event.is_state}
        by_id = {event.event_id: nid for nid, event in parents.items()}
        relations = queries.aggregated_children(tx, by_id) if by_id else []
        if not relations:
            return {}
        ignored = self._ignored_users(tx, viewer.user_id)
        children: dict[int, list[Relation]] = {}
        for relation in self._visible(tx, viewer, relations):
            if relation.sender not in ignored:
                children.setdefault(by_id[relation.parent_id], []).append(relation)
        made = {}
        for nid, own in children.items():
            bundle = self._bundle_of(tx, viewer, parents[nid], own, has_threads)
            if bundle:
                made[nid] = bundle
        return made

    def _visible(self, tx: Transaction, viewer: Viewer, relations: list[Relation]) -> list[Relation]:
        """Those that the viewer may see. Of long threads members are told how long they are, without a look at all
        replies."""
        shown: set[int] = set()
        for room_nid in {one.room_nid for one in relations}:
            is_joined = self._views.is_joined(tx, room_nid, viewer.user_id)
            own = [one for one in relations if one.room_nid == room_nid]
            sure = {one.child_nid for one in own if is_joined and one.rel_type == "m.thread"}
            unsure = [one.child_nid for one in own if one.child_nid not in sure]
            shown |= sure | set(self._views.visible(tx, room_nid, viewer.user_id, unsure))
        return [one for one in relations if one.child_nid in shown]

    def _bundle_of(
        self, tx: Transaction, viewer: Viewer, parent: Event, children: list[Relation], has_threads: bool
    ) -> Json:
        bundle: Json = {}
        edit = self._latest_edit(tx, viewer, parent, [one for one in children if one.rel_type == "m.replace"])
        if edit is not None:
            bundle["m.replace"] = edit
        thread = sorted((one for one in children if one.rel_type == "m.thread"), key=lambda one: one.place)
        if thread and has_threads:
            latest = self._latest_of_thread(tx, viewer, thread)
            if latest is not None:
                participated = viewer.user_id in {parent.sender, *(one.sender for one in thread)}
                bundle["m.thread"] = {
                    "latest_event": latest,
                    "count": len(thread),
                    "current_user_participated": participated,
                }
        references = sorted((one for one in children if one.rel_type == "m.reference"), key=lambda one: one.place)
        if references:
            events = self._loader.get_many(tx, [one.child_nid for one in references[:_MOST_REFERENCES]])
            bundle["m.reference"] = {"chunk": [{"event_id": event.event_id} for event in events.values()]}
        return bundle

    def _latest_edit(self, tx: Transaction, viewer: Viewer, parent: Event, edits: list[Relation]) -> msgspec.Raw | None:
        """The most recent edit that counts; none of an event that was redacted."""
        if not edits or not parent.content:
            return None
        events = self._loader.get_many(tx, [one.child_nid for one in edits if one.sender == parent.sender])
        valid = {nid: event for nid, event in events.items() if is_valid_edit(parent, event)}
        if not valid:
            return None
        latest = max(valid, key=lambda nid: (valid[nid].origin_server_ts, valid[nid].event_id))
        (raw,) = self._views.raws(tx, viewer, [latest], is_bundled=False)
        return raw

    def _latest_of_thread(self, tx: Transaction, viewer: Viewer, thread: list[Relation]) -> msgspec.Raw | None:
        """The last event of a thread that the viewer may see, with its own aggregations but for threads."""
        latest = [one.child_nid for one in thread[-_MOST_LOOKED_AT:]]
        visible = self._views.visible(tx, thread[-1].room_nid, viewer.user_id, latest)
        if not visible:
            return None
        bundles = self._bundles(tx, viewer, visible[-1:], has_threads=False)
        encoded = {nid: msgspec.json.encode(bundle) for nid, bundle in bundles.items()}
        (raw,) = self._views.raws_with(tx, viewer, visible[-1:], encoded)
        return raw
