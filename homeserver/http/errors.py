"""Exceptions as answers.

https://spec.matrix.org/v1.19/client-server-api/#standard-error-response
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from twisted.internet.defer import CancelledError

from homeserver.http.response import Response, json_response
from homeserver.protocol.errors import MatrixError

log = logging.getLogger(__name__)


def error_response(error: BaseException, is_draining: bool = False) -> Response:
    """The answer for what an endpoint raised; what no endpoint should raise is logged with its traceback.

    A 429 gets `Retry-After` in seconds. While the server drains, a cancelled request is told 503.
    """
    if isinstance(error, MatrixError):
        fields = []
        retry_after_ms = error.extra.get("retry_after_ms")
        if error.status == HTTPStatus.TOO_MANY_REQUESTS and isinstance(retry_after_ms, int):
            fields.append(("Retry-After", str(-(-retry_after_ms // 1000))))
        return json_response(error.status, error.body(), fields)
    if is_draining and isinstance(error, CancelledError):
        body = {"errcode": "M_UNKNOWN", "error": "The server is restarting; try again."}
        return json_response(HTTPStatus.SERVICE_UNAVAILABLE, body, [("Retry-After", "1")])
    log.error("Unexpected exception", exc_info=error)
    body = {"errcode": "M_UNKNOWN", "error": "Internal server error"}
    return json_response(HTTPStatus.INTERNAL_SERVER_ERROR, body)


def unrecognized_method(allowed: list[str]) -> Response:
    """405 for a known path with another method; `Allow` says which there are."""
    methods = {*allowed, "OPTIONS", *(["HEAD"] if "GET" in allowed else [])}
    body = {"errcode": "M_UNRECOGNIZED", "error": "This path does not answer this method."}
    return json_response(HTTPStatus.METHOD_NOT_ALLOWED, body, [("Allow", ", ".join(sorted(methods)))])
