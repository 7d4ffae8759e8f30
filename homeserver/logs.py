"""Sets up logging: from a `log_config` file, or to standard error; and opens the files anew after a rotation."""

from __future__ import annotations

import logging
import logging.config
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from homeserver.config.findings import ConfigError
from homeserver.http.context import request_id, requester_user_id

FORMAT = "%(asctime)s %(levelname)s %(name)s %(request)s %(requester)s %(message)s"


def set_up(path: Path | None, verbosity: int = 0) -> None:
    """Log as the file says (`logging.config.dictConfig`, in YAML), or to standard error.

    `verbosity` 1 logs the server's debug messages, 2 those of all libraries. Every format may use `%(request)s` and
    `%(requester)s`. Raises ConfigError.
    """
    logging.setLogRecordFactory(_record)
    logging.captureWarnings(True)
    if path is None:
        logging.basicConfig(format=FORMAT, level=logging.INFO, force=True)
        logging.getLogger("twisted").setLevel(logging.WARNING)
    else:
        _set_up_from(path)
    if verbosity:
        logging.getLogger("homeserver").setLevel(logging.DEBUG)
    if verbosity > 1:
        logging.getLogger().setLevel(logging.DEBUG)
        logging.getLogger("twisted").setLevel(logging.DEBUG)


def reopen() -> None:
    """Open every log file anew (after another program moved it away)."""
    for output in _file_outputs():
        file = Path(output.baseFilename).open("a", encoding=output.encoding)  # noqa: SIM115  (the log keeps it open)
        old = output.setStream(file)
        if old is not None:
            old.close()


def send_twisted_here() -> None:
    """What Twisted logs (errors nobody awaited, say) goes to Python's logging; imports Twisted."""
    from twisted.logger import STDLibLogObserver, globalLogBeginner

    observer: Any = STDLibLogObserver()
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False)


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = logging.LogRecord(*args, **kwargs)
    record.request = request_id()
    record.requester = requester_user_id()
    return record


def _set_up_from(path: Path) -> None:
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"log_config: {str(path)!r} cannot be read: {error.strerror}"]) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigError([f"log_config: {str(path)!r} is not YAML"]) from None
    if not isinstance(settings, dict):
        raise ConfigError([f"log_config: {str(path)!r}: found no section; allowed is what dictConfig takes"])
    settings = {"version": 1, "disable_existing_loggers": False, **settings}
    try:
        logging.config.dictConfig(settings)
    except (ValueError, TypeError, AttributeError, ImportError, OSError) as error:
        reason = error if error.__cause__ is None else f"{error}: {error.__cause__}"
        raise ConfigError([f"log_config: {str(path)!r}: {reason}"]) from None


def _file_outputs() -> Iterator[logging.FileHandler]:
    loggers = [logging.getLogger(), *map(logging.getLogger, logging.Logger.manager.loggerDict)]
    seen: set[int] = set()
    for logger in loggers:
        for output in logger.handlers:
            if isinstance(output, logging.FileHandler) and id(output) not in seen:
                seen.add(id(output))
                yield output
