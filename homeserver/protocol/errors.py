"""The specification's standard error, and a constructor for each code that several places raise.

https://spec.matrix.org/v1.19/client-server-api/#standard-error-response
"""

from __future__ import annotations

from typing import Any


class MatrixError(Exception):
    """An answer that is an error: HTTP status, `errcode`, a sentence for people, and extra top-level fields."""

    def __init__(self, status: int, errcode: str, message: str, **extra: Any) -> None:
        super().__init__(f"{status} {errcode}: {message}")
        self.status = status
        self.errcode = errcode
        self.message = message
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """The JSON object that goes over the wire."""
        return {"errcode": self.errcode, "error": self.message, **self.extra}


def forbidden(message: str) -> MatrixError:
    """403 `M_FORBIDDEN`."""
    return MatrixError(403, "M_FORBIDDEN", message)


def suspended() -> MatrixError:
    """403 `M_USER_SUSPENDED`.

    https://spec.matrix.org/v1.19/client-server-api/#account-suspension
    """
    return MatrixError(403, "M_USER_SUSPENDED", "You may not do this while your account is suspended.")


def not_found(message: str) -> MatrixError:
    """404 `M_NOT_FOUND`."""
    return MatrixError(404, "M_NOT_FOUND", message)


def bad_json(message: str) -> MatrixError:
    """400 `M_BAD_JSON`: valid JSON of the wrong shape."""
    return MatrixError(400, "M_BAD_JSON", message)


def not_json(message: str) -> MatrixError:
    """400 `M_NOT_JSON`: not JSON at all."""
    return MatrixError(400, "M_NOT_JSON", message)


def missing_param(message: str) -> MatrixError:
    """400 `M_MISSING_PARAM`."""
    return MatrixError(400, "M_MISSING_PARAM", message)


def invalid_param(message: str) -> MatrixError:
    """400 `M_INVALID_PARAM`."""
    return MatrixError(400, "M_INVALID_PARAM", message)


def missing_token() -> MatrixError:
    """401 `M_MISSING_TOKEN`."""
    return MatrixError(401, "M_MISSING_TOKEN", "This request needs an access token.")


def unknown_token(*, soft_logout: bool = False) -> MatrixError:
    """401 `M_UNKNOWN_TOKEN`; with `soft_logout` the client keeps its device and keys."""
    return MatrixError(401, "M_UNKNOWN_TOKEN", "The token is not valid, or not any more.", soft_logout=soft_logout)


def limit_exceeded(retry_after_ms: int) -> MatrixError:
    """429 `M_LIMIT_EXCEEDED`; the HTTP layer adds `Retry-After` from `retry_after_ms`."""
    return MatrixError(429, "M_LIMIT_EXCEEDED", "Too many requests; wait and try again.", retry_after_ms=retry_after_ms)


def unrecognized(status: int = 404) -> MatrixError:
    """404 for an unknown path, 405 for a known path with another method: `M_UNRECOGNIZED`."""
    return MatrixError(status, "M_UNRECOGNIZED", "This server does not know this request.")
