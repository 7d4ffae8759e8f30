"""A PostgreSQL of its own for a measurement: on a UNIX socket and a port of loopback, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


class Cluster:
    """Durable as one in service: `fsync` is on. Runs as the user `postgres` where this program is root."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self.port = port
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not programs:
            raise SystemExit("PostgreSQL is not installed: apt install postgresql")
        self._bin = programs[-1].parent

    def start(self) -> int:
        """Make and start it; returns its process."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        if os.getuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-U", "hearth", "-A", "trust", "-E", "UTF8", "--locale=C")
        settings = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self._folder}"
        self._run("pg_ctl", "-D", data, "-l", str(self._folder / "log"), "-w", "-o", settings, "start")
        return int((self._folder / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0])

    def create(self, name: str) -> None:
        """A database."""
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "hearth"]
        self._run("createdb", *address, name)

    def stop(self) -> None:
        """End it and remove its files."""
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "fast", "-w", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{program}: {done.stderr.strip() or done.stdout.strip()}")
