"""Why an outbound request had no answer."""

from __future__ import annotations


class EgressError(Exception):
    """A request that was not made, or whose answer did not come whole. The text is fit for a log."""


class InvalidUrl(EgressError):
    """Not an http or https URL with a host, or not one that may be used here."""


class ConnectFailed(EgressError):
    """No connection: the name has no address, or nobody listens there."""


class AddressDenied(ConnectFailed):
    """Every address of the host is in a denied range."""


class TlsFailed(ConnectFailed):
    """The peer's certificate is not trusted, is not for the expected name, or TLS failed otherwise."""


class ConnectionBroken(EgressError):
    """The connection ended before the answer did."""


class StaleConnection(ConnectionBroken):
    """A kept-alive connection ended before the first byte of the answer."""


class TimedOut(EgressError):
    """The time limit passed first."""


class BodyTooLarge(EgressError):
    """The answer's body is larger than the limit."""


class BadResponse(EgressError):
    """The answer is not HTTP/1.1."""


class TooManyRedirects(EgressError):
    """The peer redirected more often than allowed."""
