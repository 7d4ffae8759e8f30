"""Asking several servers side by side, each of which may fail."""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Mapping
from typing import Any

from twisted.internet import defer
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.python.failure import Failure

from homeserver.clock import Clock
from homeserver.protocol.errors import MatrixError

logger = logging.getLogger(__name__)

Json = dict[str, Any]


async def gather(
    questions: Mapping[str, Coroutine[Any, Any, Json]], timeout_ms: int, reactor: Clock
) -> tuple[dict[str, Json], dict[str, Json]]:
    """(server name to answer, server name to error) after that time at the latest."""
    answers: dict[str, Json] = {}
    failures: dict[str, Json] = {}
    asked: list[Deferred[None]] = []
    for server_name, question in questions.items():
        deferred: Deferred[Json] = Deferred.fromCoroutine(question)
        deferred.addTimeout(timeout_ms / 1000, reactor)  # type: ignore[arg-type]
        asked.append(
            deferred.addCallbacks(
                lambda answer, name=server_name: answers.__setitem__(name, answer),
                lambda failure, name=server_name: failures.__setitem__(name, _told(name, failure)),
            )
        )
    await DeferredList(asked)
    return answers, failures


def _told(server_name: str, failure: Failure) -> Json:
    error = failure.value
    if isinstance(error, MatrixError):
        return {"status": error.status, "errcode": error.errcode, "error": error.message}
    if not isinstance(error, defer.TimeoutError | CancelledError):
        logger.error("%s could not be asked: %s", server_name, failure.getTraceback())
    return {"status": 504, "errcode": "M_UNKNOWN", "error": f"{server_name} did not answer in time."}
