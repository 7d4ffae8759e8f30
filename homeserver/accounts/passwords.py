"""Passwords: their hashes, made and checked in threads of their own, and what a new one must have.

https://spec.matrix.org/v1.19/client-server-api/#password-management
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable
from threading import Thread
from typing import Any, TypeVar

import bcrypt
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from homeserver.config.accounts import PasswordConfig, PasswordPolicy
from homeserver.protocol.errors import MatrixError, invalid_param

GREATEST_PASSWORD_LENGTH = 512
_BCRYPT_BYTES = 72
_THREADS = 2

T = TypeVar("T")


def hash_password(password: str, pepper: str, rounds: int) -> str:
    """The bcrypt hash as the database has it. Takes about 200 ms at 12 rounds."""
    return bcrypt.hashpw(_prepared(password, pepper), bcrypt.gensalt(rounds)).decode("ascii")


def is_password(password: str, pepper: str, password_hash: str) -> bool:
    """Whether a hash was made of this password."""
    try:
        return bcrypt.checkpw(_prepared(password, pepper), password_hash.encode("ascii"))
    except ValueError:
        return False


def check_strength(password: str, policy: PasswordPolicy) -> None:
    """Raise `MatrixError` 400 `M_WEAK_PASSWORD` unless a new password satisfies the policy."""
    if len(password) > GREATEST_PASSWORD_LENGTH:
        raise invalid_param(f"password: must have at most {GREATEST_PASSWORD_LENGTH} characters.")
    wanted = (
        (len(password) >= policy.minimum_length, f"{policy.minimum_length} characters"),
        (not policy.require_digit or any(char.isdigit() for char in password), "a digit"),
        (not policy.require_symbol or any(not char.isalnum() for char in password), "a symbol"),
        (not policy.require_lowercase or any(char.islower() for char in password), "a lower-case letter"),
        (not policy.require_uppercase or any(char.isupper() for char in password), "a capital letter"),
    )
    lacking = [what for is_there, what in wanted if not is_there]
    if lacking:
        raise MatrixError(400, "M_WEAK_PASSWORD", f"The password must have {', '.join(lacking)}.")


class Passwords:
    """Hashes and checks passwords without stopping the reactor. Two at a time, so that a flood of logins leaves the
    machine its other cores."""

    def __init__(self, config: PasswordConfig, reactor: Any) -> None:
        self.config = config
        self._reactor = reactor
        self._pool = ThreadPool(0, _THREADS, name="passwords")
        # Declared as a class, but whatever makes a thread will do.
        self._pool.threadFactory = _daemon_thread  # type: ignore[assignment]
        self._is_started = False
        self._nobodys_hash = ""

    def check_strength(self, password: str) -> None:
        """Raise `MatrixError` 400 where `hash` would refuse the password."""
        check_strength(password, self.config.policy)

    async def hash(self, password: str) -> str:
        """The hash of a new password; raises `MatrixError` 400 where it is too weak or too long."""
        self.check_strength(password)
        return await self._in_thread(lambda: hash_password(password, self.config.pepper, self.config.bcrypt_rounds))

    async def is_password(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is right; without a hash it never is, and finding that out takes as long."""
        if len(password) > GREATEST_PASSWORD_LENGTH:
            return False
        return await self._in_thread(lambda: self._check(password, password_hash))

    def close(self) -> None:
        """End the threads. Blocks until they are done."""
        if self._is_started:
            self._is_started = False
            self._pool.stop()

    def _check(self, password: str, password_hash: str | None) -> bool:
        if password_hash is None:
            self._nobodys_hash = self._nobodys_hash or hash_password("nobody", "", self.config.bcrypt_rounds)
            is_password(password, self.config.pepper, self._nobodys_hash)
            return False
        return is_password(password, self.config.pepper, password_hash)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if not self._is_started:
            self._is_started = True
            self._pool.start()
        return await deferToThreadPool(self._reactor, self._pool, work)


def _prepared(password: str, pepper: str) -> bytes:
    """What bcrypt is given. It reads 72 bytes and stops at a null, so what is longer is hashed first."""
    data = unicodedata.normalize("NFKC", password).encode("utf-8") + pepper.encode("utf-8")
    if len(data) > _BCRYPT_BYTES or b"\0" in data:
        return hashlib.sha256(data).hexdigest().encode("ascii")
    return data


def _daemon_thread(*arguments: Any, **options: Any) -> Thread:
    return Thread(*arguments, daemon=True, **options)
