"""The extension that tells of subscriptions to threads: the latest changes, and where those before them are found.

https://github.com/matrix-org/matrix-spec-proposals/pull/4308
"""

from __future__ import annotations

from homeserver.database import Transaction
from homeserver.sync.sliding.ask import SlidingAsk
from homeserver.sync.sliding.draft import Json
from homeserver.sync.sliding.sources import ThreadSubscriptionSource

_TOLD = "thread_subscriptions"


class ThreadSubscriptionExtension:
    """Callable within a transaction."""

    def __init__(self, source: ThreadSubscriptionSource) -> None:
        self._source = source

    def add(self, tx: Transaction, ask: SlidingAsk, answer: Json, told: dict[str, int]) -> bool:
        """Add to `answer` what is new, and say whether that is worth an answer. Unsubscriptions are told to a new
        connection too: its client may know the thread from one before."""
        wanted = ask.request.extensions.threads
        if wanted is None:
            return False
        since, upto = ask.told.memory.extensions.get(_TOLD, 0), ask.upto.position
        if since and not ask.changes.has_topic("thread_subscriptions", since):
            return False
        told[_TOLD] = upto
        body, more = self._source.changed_between(tx, ask.user_id, (since, upto), wanted.limit)
        if body:
            answer[wanted.name] = body if more is None else {**body, "prev_batch": more}
        return bool(body)
