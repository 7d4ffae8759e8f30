"""Credentials of the TURN server that the configuration names.

https://spec.matrix.org/v1.19/client-server-api/#voice-over-ip
"""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from homeserver.config.services import VoipConfig


class TurnServer:
    """Gives credentials: a user's own for some time where there is a shared secret, else those of all users.

    `clock`: seconds since 1970.
    """

    def __init__(self, config: VoipConfig, clock: Callable[[], float] = time.time) -> None:
        self._config = config
        self._clock = clock

    @property
    def allows_guests(self) -> bool:
        """Whether guests get credentials."""
        return self._config.allow_guests

    def credentials(self, user_id: str) -> dict[str, Any]:
        """`username`, `password`, `uris` and `ttl` in seconds; empty where there is no TURN server."""
        config = self._config
        ttl_s = config.user_lifetime_ms // 1000
        if not config.turn_uris:
            return {}
        if config.shared_secret is not None:
            # The password is what coturn computes itself from the name (its `use-auth-secret`).
            username = f"{int(self._clock()) + ttl_s}:{user_id}"
            code = hmac.new(config.shared_secret.encode(), username.encode(), hashlib.sha1)
            password = b64encode(code.digest()).decode("ascii")
        elif config.username is not None and config.password is not None:
            username, password = config.username, config.password
        else:
            return {}
        return {"username": username, "password": password, "uris": config.turn_uris, "ttl": ttl_s}
