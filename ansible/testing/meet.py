#!/usr/bin/env python3
"""People on three homeservers in one room: what a federation is for, asked through the proxies as clients do.

    meet.py --authority FILE --ssh COMMAND --addresses A B C [--cut COMMAND --heal COMMAND]

COMMAND of --ssh is followed by a machine's name (hs1, hs2, hs3) and a command. With --cut, the third machine is cut off
from the others, people on both sides write, and after --heal all have to read the same.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import re
import secrets
import shlex
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

#: Server names, and where clients reach them.
_SERVERS = (("hs1", "alpha.test", "alpha.test", 443), ("hs2", "beta.test", "hs2.beta.test", 8449),
            ("hs3", "gamma.test", "matrix.gamma.test", 443))  # fmt: skip
#: Longer than a server leaves another one alone that could not be reached (federation.destination_max_retry_interval).
_PATIENCE_S = 300
_V3 = "/_matrix/client/v3"


@dataclass
class Person:
    """Somebody who is logged in on a machine."""

    machine: str
    address: str
    server_name: str
    host: str
    port: int
    tls: ssl.SSLContext
    name: str = ""
    token: str = field(default="", repr=False)

    @property
    def user_id(self) -> str:
        """@name:server."""
        return f"@{self.name}:{self.server_name}"

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> tuple[int, bytes]:
        """(status, body). Connects to the machine's address, and insists on a certificate for its name."""
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=120)
        plain = socket.create_connection((self.address, self.port), timeout=120)
        connection.sock = self.tls.wrap_socket(plain, server_hostname=self.host)
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        head = {"Content-Type": kind} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        try:
            connection.request(method, path, sent, head)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON; ends the program where it is not 200."""
        status, answer = self.ask(method, _V3 + path, body)
        if status != 200:
            raise SystemExit(f"{self.server_name}: {method} {path}: {status} {answer[:300]!r}")
        return json.loads(answer)

    def messages(self, room_id: str) -> dict[str, str]:
        """event ID: body, of the room's last messages."""
        chunk = self.api("GET", f"/rooms/{quoted(room_id)}/messages?dir=b&limit=200")["chunk"]
        return {one["event_id"]: one["content"].get("body", "") for one in chunk if one["type"] == "m.room.message"}

    def members(self, room_id: str) -> set[str]:
        """Who is in the room."""
        return set(self.api("GET", f"/rooms/{quoted(room_id)}/joined_members")["joined"])

    def say(self, room_id: str, text: str) -> str:
        """The event ID."""
        path = f"/rooms/{quoted(room_id)}/send/m.room.message/{secrets.token_hex(8)}"
        event_id: str = self.api("PUT", path, {"msgtype": "m.text", "body": text})["event_id"]
        return event_id


def quoted(text: str) -> str:
    """For a path."""
    return urllib.parse.quote(text, safe="")


def until(what: str, condition: Callable[[], bool]) -> float:
    """Wait for it; the seconds it took."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > _PATIENCE_S:
            raise SystemExit(f"waited in vain: {what}")
        time.sleep(0.5)
    return time.monotonic() - began


def log_in(options: argparse.Namespace) -> list[Person]:
    """A new person on each machine."""
    tls = ssl.create_default_context(cafile=options.authority)
    people = [Person(m, a, n, h, p, tls) for (m, n, h, p), a in zip(_SERVERS, options.addresses, strict=True)]
    for person in people:
        person.name, password = f"user-{secrets.token_hex(4)}", secrets.token_urlsafe(16)
        command = ["register_new_matrix_user", "-c", "/etc/hearth", "-u", person.name, "-p", password, "--no-admin"]
        subprocess.run([*shlex.split(options.ssh), person.machine, shlex.join(command)], check=True, stdout=sys.stderr)
        who = {"type": "m.id.user", "user": person.name}
        answer = person.api("POST", "/login", {"type": "m.login.password", "identifier": who, "password": password})
        person.token = answer["access_token"]
    return people


def gather(people: list[Person]) -> str:
    """A room with all of them: the first makes it, the others are invited and join."""
    first, *others = people
    wanted = {"preset": "private_chat", "invite": [each.user_id for each in others], "name": "Meeting"}
    room_id: str = first.api("POST", "/createRoom", wanted)["room_id"]
    for each in others:
        until(f"the invitation at {each.server_name}", lambda who=each: is_invited(who, room_id))  # type: ignore[misc]
        each.api("POST", f"/join/{quoted(room_id)}?server_name={first.server_name}", {})
    for each in people:
        until(f"all members at {each.server_name}",
              lambda who=each: who.members(room_id) == {one.user_id for one in people})  # type: ignore[misc]  # fmt: skip
    return room_id


def is_invited(person: Person, room_id: str) -> bool:
    """Whether the invitation has arrived."""
    return room_id in person.api("GET", "/sync?timeout=0").get("rooms", {}).get("invite", {})


def talk(people: list[Person], room_id: str) -> None:
    """Each says something, and all read all of it."""
    said = {each.say(room_id, f"hello from {each.server_name}") for each in people}
    for each in people:
        took = until(f"messages at {each.server_name}", lambda who=each: said <= set(who.messages(room_id)))  # type: ignore[misc]
        print(f"{each.server_name}: read all messages after {took:.1f} s")


def share_files(people: list[Person]) -> None:
    """Each uploads a large file, which the others fetch from their own homeserver, byte for byte."""
    for each in people:
        content = os.urandom(8_000_000)
        status, answer = each.ask("POST", "/_matrix/media/v3/upload?filename=a%2Fb.bin", content, "image/x-test")
        if status != 200:
            raise SystemExit(f"{each.server_name}: upload: {status} {answer[:300]!r}")
        server, media_id = json.loads(answer)["content_uri"].removeprefix("mxc://").split("/")
        for other in people:
            status, fetched = other.ask("GET", f"/_matrix/client/v1/media/download/{server}/{media_id}")
            if status != 200 or hashlib.sha256(fetched).digest() != hashlib.sha256(content).digest():
                raise SystemExit(f"{other.server_name}: the file of {server}: {status}, {len(fetched)} bytes")
    print("files of 8 MB: each fetched by all")


def ask_for_turn(people: list[Person], options: argparse.Namespace) -> None:
    """Each gets a name and a password that the TURN server takes; with others it takes nothing."""
    for each in people:
        found = each.api("GET", "/voip/turnServer")
        if relays(each, found["username"], found["password"], options) != (True, False):
            raise SystemExit(
                f"{each.server_name}: the TURN server does not take what the homeserver gave: {found['uris']}"
            )
    print("TURN: credentials of all three are taken, wrong ones are not")


def relays(person: Person, username: str, password: str, options: argparse.Namespace) -> tuple[bool, bool]:
    """Whether the TURN server relays with the password, and whether with another."""
    results = []
    for word in (password, "wrong" + password):
        command = ["turnutils_uclient", "-n", "2", "-m", "1", "-c", "-y", "-u", username, "-w", word, "-p", "3478"]
        ran = subprocess.run(
            [*shlex.split(options.ssh), "hs1", shlex.join([*command, options.addresses[0]])],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        counted = re.search(r"tot_send_msgs=([0-9]+), tot_recv_msgs=([0-9]+)$", ran.stdout, re.MULTILINE)
        results.append(ran.returncode == 0 and counted is not None and counted[1] == counted[2] != "0")
    return results[0], results[1]


def part_and_meet(people: list[Person], room_id: str, options: argparse.Namespace) -> None:
    """Cut off the third, write on both sides, heal: all read the same."""
    first, second, third = people
    subprocess.run(options.cut, shell=True, check=True)
    try:
        said = {first.say(room_id, "on this side"), third.say(room_id, "on the other side")}
        first.api("PUT", f"/rooms/{quoted(room_id)}/state/m.room.topic", {"topic": "written while cut off"})
        until("the message on the same side", lambda: "on this side" in second.messages(room_id).values())
        said |= {second.say(room_id, "still here"), third.say(room_id, "anybody?")}
        if "on this side" in third.messages(room_id).values():
            raise SystemExit("the partition lets messages through")
    finally:
        subprocess.run(options.heal, shell=True, check=True)
    for each in people:
        took = until(f"all messages at {each.server_name}", lambda who=each: said <= set(who.messages(room_id)))  # type: ignore[misc]
        print(f"{each.server_name}: whole again {took:.1f} s after the heal")
    topic = f"/rooms/{quoted(room_id)}/state/m.room.topic"
    until(
        "the topic at all", lambda: all(each.ask("GET", _V3 + topic)[1].find(b"while cut off") > 0 for each in people)
    )


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--authority", required=True)
    parser.add_argument("--ssh", required=True)
    parser.add_argument("--addresses", nargs=3, required=True)
    parser.add_argument("--cut")
    parser.add_argument("--heal")
    options = parser.parse_args()
    people = log_in(options)
    room_id = gather(people)
    print(f"{', '.join(each.user_id for each in people)} are in {room_id}")
    talk(people, room_id)
    if options.cut:
        part_and_meet(people, room_id, options)
        return
    share_files(people)
    ask_for_turn(people, options)


if __name__ == "__main__":
    main()
