"""One line for each request served."""

from __future__ import annotations

import logging
import re

from homeserver.http.request import Request

log = logging.getLogger(__name__)

#: Query arguments that carry secrets: tokens, passwords, e-mail validation and login secrets.
_SECRETS = re.compile(r"([?&][^=&]*(?:token|secret|password|code|key|signature|session)[^=&]*=)[^&]*", re.IGNORECASE)


def without_secrets(uri: str) -> str:
    """The URI with the values of secret query arguments replaced."""
    return _SECRETS.sub(r"\1<redacted>", uri) if "?" in uri else uri


def is_on() -> bool:
    """Whether access lines are written at all."""
    return log.isEnabledFor(logging.INFO)


def note_served(request: Request, status: int, size_bytes: int, elapsed_s: float) -> None:
    """Write the line of one answer; status 499 is a client that went away before it."""
    log.info(
        '%s %s "%s %s" %d %dB %.1fms',
        request.client_ip,
        request.requester_name,
        request.method,
        without_secrets(request.uri),
        status,
        size_bytes,
        elapsed_s * 1000,
    )
