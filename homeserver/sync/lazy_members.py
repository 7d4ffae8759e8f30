"""Which member events a device has been sent, so that lazy loading does not repeat them.

https://spec.matrix.org/v1.19/client-server-api/#lazy-loading-room-members
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from homeserver.protocol.requester import Requester

if TYPE_CHECKING:
    from homeserver.sync.answer import Ask

_MOST_DEVICES = 10_000


class SentMembers:
    """Remembers per device and room; forgetting (a restart) only makes members come twice.

    A member counts as sent to who has the answer that had it: a client that goes back to an earlier token, as one does
    that kept its rooms for a reload, has lost what came in between.
    """

    def __init__(self) -> None:
        self._devices: OrderedDict[tuple[str, str], dict[int, dict[str, tuple[int, int]]]] = OrderedDict()

    def fresh(self, requester: Requester, room_nid: int, members: Mapping[str, int], ask: Ask) -> list[int]:
        """Those of the member events that the device has not been sent; they count as sent now."""
        key = (requester.user_id, requester.device_id or "")
        rooms = self._devices.setdefault(key, {})
        self._devices.move_to_end(key)
        if len(self._devices) > _MOST_DEVICES:
            self._devices.popitem(last=False)
        if ask.since is None:
            rooms.pop(room_nid, None)
        sent = rooms.setdefault(room_nid, {})
        fresh = {
            user_id: nid
            for user_id, nid in members.items()
            if user_id not in sent or sent[user_id][0] != nid or sent[user_id][1] > ask.since_position
        }
        sent.update({user_id: (nid, ask.upto.position) for user_id, nid in fresh.items()})
        is_all = ask.filter.include_redundant_members or ask.full_state
        return list(members.values() if is_all else fresh.values())
