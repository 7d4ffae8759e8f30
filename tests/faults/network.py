"""A private network for servers of a test: a network namespace for each, a link between every two. Root only.

Addresses exist in the namespaces alone, so that nothing of the machine's own network is touched. A link can be cut as
networks fail: what is sent disappears without an error, and connections that are open hang.
"""

from __future__ import annotations

import itertools
import os
import subprocess

_serial = itertools.count(1)
#: Nobody has this hardware address, so what is sent to it is dropped by whoever sees it.
_NOBODY = "02:00:00:00:00:ff"


class Network:
    """`namespaces`: one a server; server N has the address `address(N)`."""

    def __init__(self, count: int) -> None:
        self._prefix = f"hearth{os.getpid()}x{next(_serial)}n"
        self.namespaces = [f"{self._prefix}{number}" for number in range(count)]
        try:
            for number, name in enumerate(self.namespaces):
                _ip("netns", "add", name)
                self._within(number, "link", "set", "lo", "up")
                self._within(number, "address", "add", f"{self.address(number)}/32", "dev", "lo")
            for one, other in itertools.combinations(range(count), 2):
                self._connect(one, other)
        except BaseException:
            self.remove()
            raise

    @staticmethod
    def address(number: int) -> str:
        """A server's address."""
        return f"10.213.77.{number + 1}"

    def command(self, number: int) -> list[str]:
        """What to put before a command so that it runs in a server's namespace, in a process that becomes it."""
        return ["ip", "netns", "exec", self.namespaces[number]]

    def cut(self, one: int, other: int) -> None:
        """Let nothing pass between two servers any more."""
        for here, there in ((one, other), (other, one)):
            neighbour = (self.address(there), "lladdr", _NOBODY, "nud", "permanent", "dev", f"to{there}")
            self._within(here, "neighbour", "replace", *neighbour)

    def heal(self, one: int, other: int) -> None:
        """Undo a cut."""
        for here, there in ((one, other), (other, one)):
            self._within(here, "neighbour", "delete", self.address(there), "dev", f"to{there}")

    def remove(self) -> None:
        """Remove all of it; a namespace that a process still runs in goes with the process."""
        present = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout.split()
        for name in self.namespaces:
            if name in present:
                _ip("netns", "delete", name)

    def _connect(self, one: int, other: int) -> None:
        ends = (self.namespaces[one], f"to{other}", self.namespaces[other], f"to{one}")
        _ip("link", "add", ends[1], "netns", ends[0], "type", "veth", "peer", "name", ends[3], "netns", ends[2])
        for here, there in ((one, other), (other, one)):
            self._within(here, "link", "set", f"to{there}", "up")
            source = ("src", self.address(here))
            self._within(here, "route", "add", f"{self.address(there)}/32", "dev", f"to{there}", *source)

    def _within(self, number: int, *arguments: str) -> None:
        _ip("-netns", self.namespaces[number], *arguments)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False, timeout=20)
    if done.returncode != 0:
        raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
