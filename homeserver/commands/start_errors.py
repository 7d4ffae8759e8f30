"""What to say where the server cannot start: what is wrong with the machine, in a sentence that helps."""

from __future__ import annotations

import errno

from homeserver.config import Config, ConfigError

_FULL = "free some space there and start again; nothing was lost"


def find_sentence(error: Exception, config: Config) -> str | None:
    """What is wrong outside this program and what to do, in a line; None for a mistake in this program.

    Errors of libraries go by the names of their types, so that none has to be imported for that.
    """
    kind = type(error).__name__
    if kind == "CannotListenError":
        return _port(error)
    if kind == "DatabaseTooNew":
        return f"{error}; install that version again, or restore a backup of before it"
    if kind == "OperationalError":
        return _database(error, config)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"{error.filename or 'the disk'}: there is no space left; {_FULL}"
    if isinstance(error, (ConfigError, OSError)) or kind == "UnusableCertificate":
        return str(error)
    return None


def _port(error: Exception) -> str:
    interface, port = getattr(error, "interface", ""), getattr(error, "port", "")
    reason: OSError | None = getattr(error, "socketError", None)
    where = f"{interface or '*'}:{port}" if isinstance(port, int) else str(port)
    if reason is not None and reason.errno == errno.EADDRINUSE:
        return f"listeners: {where} is in use; end the program that listens there, or give another port"
    if reason is not None and reason.errno == errno.EADDRNOTAVAIL:
        return f"listeners: {where} is no address of this machine; correct bind_addresses"
    if reason is not None and reason.errno == errno.EACCES:
        return f"listeners: {where} may not be opened by this user; give a port above 1023"
    return f"listeners: {error}"


def _database(error: Exception, config: Config) -> str:
    # libpq's errors have several lines.
    problem = " ".join(str(error).split())
    if config.database.engine != "sqlite":
        return f"database: {problem}"
    place = f"database: {config.database.path}"
    if "full" in problem:
        return f"{place}: {problem}; {_FULL}"
    if "readonly" in problem or "unable to open" in problem:
        return f"{place}: {problem}; the file and its folder have to belong to the user that runs the server"
    return f"{place}: {problem}"
