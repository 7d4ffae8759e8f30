"""The request being served, for logs: carried by `contextvars` through everything the request awaits."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from homeserver.http.request import Request

current_request: ContextVar[Request | None] = ContextVar("current_request", default=None)


def request_id() -> str:
    """The current request's id, or `-` outside requests."""
    request = current_request.get()
    return "-" if request is None else request.request_id


def requester_user_id() -> str:
    """The user (or the server) that makes the current request, or `-`."""
    request = current_request.get()
    return "-" if request is None else request.requester_name


class RequestContextFilter(logging.Filter):
    """Gives each log record the fields `request` and `requester`, for use in the format string."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Never drops a record."""
        request = current_request.get()
        if request is None:
            record.request = record.requester = "-"
        else:
            record.request = request.request_id
            record.requester = request.requester_name
        return True
