"""How many hostile requests there are, and what has to be true of the answer to any."""

from __future__ import annotations

import os
import re
import unittest
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.api.routes import Route
from tests.api.wire import RawRequest
from tests.support.api_client import Answer

#: So many, of random ones; without it as many as a check of all code has time for, the same ones each time.
REQUESTS = int(os.environ.get("HEARTH_FUZZ") or 0)
_REQUESTS_OF_A_CHECK = 2_000
PATIENCE_S = 10.0
#: What people open in a browser.
_PAGES = re.compile(r"/fallback/web$|/static/client/|/email/|/unsubscribe")
#: Said of another server that was asked on the client's behalf.
_OTHERS_FAILED = (502, 504)


def requests_each(routes: list[Route]) -> int:
    """How many of all requests are for each of some routes."""
    return max(1, (REQUESTS or _REQUESTS_OF_A_CHECK) // len(routes))


def try_each(requests: st.SearchStrategy[RawRequest], number: int, check: Callable[[RawRequest], None]) -> None:
    """Check so many requests; a failure is told with the simplest that fails."""

    @settings(
        max_examples=number,
        deadline=None,
        derandomize=not REQUESTS,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(requests)
    def is_answered(request: RawRequest) -> None:
        check(request)

    is_answered()


def check_answer(case: unittest.TestCase, route: Route, request: RawRequest, answer: Answer) -> None:
    """No 5xx but of other servers'; errors are JSON with a code and a sentence, or pages; browsers may read them."""
    shown: Any = (request, answer)
    if answer.status not in _OTHERS_FAILED:
        case.assertLess(answer.status, 500, shown)
    if route.is_for_clients:
        case.assertEqual(answer.headers.get("access-control-allow-origin"), "*", shown)
    if answer.status < 400:
        return
    if _PAGES.search(route.path) and answer.headers.get("content-type", "").startswith("text/html"):
        # A page for people says in its own words what is wrong.
        return
    case.assertIsInstance(answer.json, dict, shown)
    if answer.status == 401 and "flows" in answer.json:
        return
    case.assertRegex(answer.json.get("errcode", ""), r"^[A-Z][A-Z0-9_.]+$", shown)
    case.assertGreater(len(answer.json.get("error", "").split()), 1, shown)
