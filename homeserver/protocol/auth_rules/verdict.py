"""How a rule says no."""

from __future__ import annotations


class AuthError(Exception):
    """The event is not allowed. `rule`: the name of the rule that refuses it."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


def require(condition: bool, rule: str, message: str) -> None:
    """Raise `AuthError` unless the condition holds."""
    if not condition:
        raise AuthError(rule, message)
