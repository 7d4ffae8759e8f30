"""State resolution: one state out of several, the same on every server.

https://spec.matrix.org/v1.19/server-server-api/#room-state-resolution
"""

from __future__ import annotations

from homeserver.protocol.state_resolution.graph import AuthGraph, EventGraph
from homeserver.protocol.state_resolution.resolution import resolve, resolve_forks
from homeserver.protocol.state_resolution.second import Step

__all__ = ["AuthGraph", "EventGraph", "Step", "resolve", "resolve_forks"]
