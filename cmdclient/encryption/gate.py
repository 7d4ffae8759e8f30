"""The way from a session to its encryption, which is loaded when it is needed for the first time.

Nothing here imports matrix-nio, so that commands which encrypt nothing begin at once.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmdclient.client import Client
from cmdclient.credentials import Login
from cmdclient.errors import CommandError

if TYPE_CHECKING:
    from cmdclient.encryption.machine import Machine
    from cmdclient.encryption.verification import Requests, Verification


class Encryption:
    """The encryption of one login."""

    def __init__(self, client: Client, login: Login, folder: Path) -> None:
        self._client = client
        self._login = login
        self._folder = folder
        self._machine: Machine | None = None
        self._requests: Requests | None = None

    @staticmethod
    def is_possible() -> bool:
        """Whether the library is installed."""
        return importlib.util.find_spec("nio") is not None and importlib.util.find_spec("vodozemac") is not None

    @property
    def is_loaded(self) -> bool:
        """Whether it was needed already."""
        return self._machine is not None

    def load(self) -> Machine:
        """Load it, and upload this device's keys if the server has none. CommandError without the library."""
        if self._machine is None:
            if not self.is_possible():
                raise CommandError("This needs encryption; install it: pip install 'matrix-nio[e2e]'")
            from cmdclient.encryption.machine import Machine
            from cmdclient.encryption.verification import Requests

            self._machine = Machine(self._client, self._login, self._folder)
            self._requests = Requests()
            self._machine.listen(self._requests.note)
        return self._machine

    def apply_sync(self, answer: dict[str, Any]) -> None:
        """Take over an answer of /sync."""
        self.load().apply_sync(answer)

    def encrypt(self, room_id: str, kind: str, content: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """See Machine."""
        return self.load().encrypt(room_id, kind, content)

    def decrypt(self, room_id: str, event: dict[str, Any]) -> dict[str, Any]:
        """See Machine."""
        is_first = not self.is_loaded
        machine = self.load()
        if is_first:
            machine.catch_up()
        return machine.decrypt(room_id, event)

    def trust_of(self, user_id: str, device_id: str) -> str:
        """See Machine."""
        return self.load().trust_of(user_id, device_id)

    def waiting_requests(self) -> dict[tuple[str, str], str]:
        """Requests for verification: transaction id by user and device."""
        self.load().catch_up()
        return dict(self._requests.waiting) if self._requests is not None else {}

    def new_verification(self, user_id: str, device_id: str) -> Verification:
        """A verification that has not begun."""
        machine = self.load()
        from cmdclient.encryption.verification import Verification

        return Verification(machine, self._login.device_id, user_id, device_id)

    @staticmethod
    def seal_file(content: bytes) -> tuple[bytes, dict[str, Any]]:
        """See machine.py."""
        from cmdclient.encryption.machine import seal_file

        return seal_file(content)

    @staticmethod
    def open_file(sealed: bytes, keys: dict[str, Any]) -> bytes:
        """See machine.py."""
        from cmdclient.encryption.machine import open_file

        return open_file(sealed, keys)
