"""Verification of a device by comparing emoji.

https://spec.matrix.org/v1.19/client-server-api/#key-verification-framework
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from nio.crypto.sas import Sas

from cmdclient.encryption.machine import Machine
from cmdclient.errors import CommandError

_POLL_MS = 2_000
_METHOD = "m.sas.v1"


@dataclass(slots=True)
class Requests:
    """Requests of others that wait for an answer: transaction id by user and device. Told by a Machine."""

    waiting: dict[tuple[str, str], str] = field(default_factory=dict)

    def note(self, kind: str, sender: str, content: dict[str, Any]) -> None:
        """A listener of a Machine."""
        device, transaction = content.get("from_device"), content.get("transaction_id")
        if kind == "m.key.verification.request" and isinstance(device, str) and isinstance(transaction, str):
            self.waiting[sender, device] = transaction


class Verification:
    """One verification with one device, from the request or its answer to the end."""

    def __init__(self, machine: Machine, own_device: str, user_id: str, device_id: str) -> None:
        self._machine = machine
        self._own_device = own_device
        self._user_id, self._device_id = user_id, device_id
        self._device = machine.device(user_id, device_id)
        self._transaction = ""
        self._is_ready = self._has_accepted = False
        self._cancelled: str | None = None
        machine.listen(self._on_message)

    def begin(self, transaction: str | None) -> None:
        """Ask the other device, or answer its request with that transaction id."""
        content: dict[str, Any] = {"from_device": self._own_device, "methods": [_METHOD]}
        if transaction is not None:
            self._transaction = transaction
            self._send("ready", content)
            return
        self._transaction = f"hearth-cli-{time.time_ns()}"
        self._send("request", {**content, "timestamp": time.time_ns() // 1_000_000})

    def emoji(self, patience_s: float) -> list[tuple[str, str]]:
        """The emoji and their names, once both sides are so far. CommandError when it ends before."""
        until_s = time.monotonic() + patience_s
        while (sas := self._sas()) is None or sas.established_sas is None:
            if self._is_ready:
                self._is_ready = False
                self._start()
            elif sas is not None and not sas.we_started_it and not self._has_accepted:
                self._accept(sas)
            self._wait(until_s)
        found: list[tuple[str, str]] = sas.get_emoji()
        return found

    def confirm(self, patience_s: float) -> None:
        """The emoji are the same. Returns when the other side has said so, too, and the device is verified."""
        sas = self._get_sas()
        message = self._machine.nio_client.confirm_key_verification(self._transaction)
        self._machine.send_to_device(message.type, message.recipient, message.recipient_device, message.content)
        until_s = time.monotonic() + patience_s
        while not sas.verified:
            self._wait(until_s)
        self._send("done", {})

    def cancel(self, code: str, reason: str) -> None:
        """End it without success."""
        self._send("cancel", {"code": code, "reason": reason})

    def _on_message(self, kind: str, sender: str, content: dict[str, Any]) -> None:
        if sender != self._user_id or content.get("transaction_id") != self._transaction:
            return
        if kind == "m.key.verification.ready":
            self._is_ready = True
        elif kind == "m.key.verification.cancel":
            self._cancelled = str(content.get("reason") or content.get("code"))

    def _start(self) -> None:
        message = self._machine.nio_client.create_key_verification(self._device)
        sas = self._machine.nio_client.key_verifications.pop(message.content["transaction_id"])
        sas.transaction_id = self._transaction
        self._machine.nio_client.key_verifications[self._transaction] = sas
        # The other side's commitment is of exactly this content, so it is made again with the id of the request.
        self._send("start", sas.start_verification().content)

    def _accept(self, sas: Sas) -> None:
        self._has_accepted = True
        message = sas.accept_verification()
        self._machine.send_to_device(message.type, message.recipient, message.recipient_device, message.content)

    def _sas(self) -> Sas | None:
        return self._machine.nio_client.key_verifications.get(self._transaction)

    def _get_sas(self) -> Sas:
        sas = self._sas()
        if sas is None:
            raise CommandError("The verification is over already.")
        return sas

    def _wait(self, until_s: float) -> None:
        sas = self._sas()
        if self._cancelled is not None or (sas is not None and sas.canceled):
            raise CommandError(f"The other side ended the verification: {self._cancelled or 'the keys do not match'}")
        if time.monotonic() > until_s:
            self.cancel("m.timeout", "The verification took too long.")
            raise CommandError("The other side did not answer in time. Ask again: verify USER DEVICE")
        self._machine.catch_up(_POLL_MS)

    def _send(self, step: str, content: dict[str, Any]) -> None:
        full = {**content, "transaction_id": self._transaction}
        self._machine.send_to_device(f"m.key.verification.{step}", self._user_id, self._device_id, full)
