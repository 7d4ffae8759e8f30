"""Laws that are tested on a running server."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def law(max_examples: int) -> settings:
    """Settings for a law with examples that take some time each, and that holds on both engines: hypothesis is told
    that it is one test although two classes run it."""
    return settings(max_examples=max_examples, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
