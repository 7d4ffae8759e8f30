"""Work that is too long for the reactor thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from twisted.internet.defer import Deferred

Offload: TypeAlias = Callable[..., "Deferred[Any]"]
"""`offload(function, *arguments)` runs a plain function in a thread; fires with its result, on the reactor thread.
`functools.partial(deferToThreadPool, reactor, pool)` is one."""
