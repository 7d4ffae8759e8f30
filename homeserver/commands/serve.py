"""Runs the server until a signal ends it."""

from __future__ import annotations

import logging
import signal
import sys
import time
from typing import Any

from homeserver import __version__, logs
from homeserver.commands.daemon import Starter, detach
from homeserver.commands.memory import keep_little_memory
from homeserver.commands.pid_file import AlreadyRunning, PidFile
from homeserver.commands.readiness import tell_systemd
from homeserver.commands.start_errors import find_sentence
from homeserver.config import Config, ConfigError

log = logging.getLogger(__name__)


def serve(config: Config, is_daemon: bool, verbosity: int) -> int:
    """Serve; returns the exit status. SIGTERM and SIGINT end it in order, SIGHUP opens the log files anew."""
    began = time.monotonic()
    keep_little_memory()
    pid_path = config.server.pid_file
    if is_daemon and pid_path is None:
        raise ConfigError(["pid_file: found nothing, but --daemonize needs it; allowed is a path"])
    starter = detach() if is_daemon else Starter(-1)
    pid_file = None if pid_path is None else PidFile(pid_path)
    try:
        logs.set_up(config.server.log_config, verbosity)
        if pid_file is not None:
            pid_file.take()
    except (AlreadyRunning, OSError, ConfigError) as error:
        return _fail(starter, str(error))
    try:
        for warning in config.warnings:
            log.warning("%s", warning)
        return _run(config, starter, began)
    finally:
        if pid_file is not None:
            pid_file.release()
        logging.shutdown()


def _fail(starter: Starter, problem: str) -> int:
    starter.tell(problem)
    for line in problem.splitlines():
        print(f"homeserver: {line}", file=sys.stderr)
    return 1


def _run(config: Config, starter: Starter, began: float) -> int:
    # Imported this late: a reactor made before the fork would share its epoll with the parent, and a wrong
    # configuration should be told without waiting for it all.
    from twisted.internet import reactor as installed
    from twisted.internet.defer import Deferred

    from homeserver.wiring import build

    reactor: Any = installed
    logs.send_twisted_here()
    problems: list[str] = []

    async def start() -> None:
        try:
            server = build(config)
            await server.start()
        except Exception as error:
            # What is wrong outside this program is said in one line; anything else is ours, with its traceback.
            sentence = find_sentence(error, config)
            problems.append(sentence or str(error) or type(error).__name__)
            log.critical("The server cannot start: %s", problems[0], exc_info=sentence is None)
            if reactor.running:
                reactor.stop()
            return
        reactor.addSystemEventTrigger("before", "shutdown", lambda: Deferred.fromCoroutine(server.stop()))
        starter.tell()
        tell_systemd("READY=1")
        seconds = time.monotonic() - began
        log.info("Hearth %s serves %s after %.2f s", __version__, config.server.server_name, seconds)

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(start()))
    # Only wakes the reactor's thread: the files are opened in its turn, never in the middle of a log line.
    signal.signal(signal.SIGHUP, lambda *_: reactor.callFromThread(logs.reopen))
    reactor.run()
    if problems:
        return _fail(starter, problems[0])
    log.info("Stopped")
    return 0
