"""All commands, registered in the order in which help tells of them."""

from __future__ import annotations

# isort: off
from cmdclient.commands import account
from cmdclient.commands import messages
from cmdclient.commands import rooms
from cmdclient.commands import membership
from cmdclient.commands import following
from cmdclient.commands import reading
from cmdclient.commands import media
from cmdclient.commands import state
from cmdclient.commands import settings
from cmdclient.commands import profile
from cmdclient.commands import devices
from cmdclient.commands import encryption
from cmdclient.commands import threepids
from cmdclient.commands import inspection
from cmdclient.commands import tools

# isort: on
from cmdclient.commands.tools import Quit
from cmdclient.registry import COMMANDS, get_command, run_line

__all__ = [
    "COMMANDS",
    "Quit",
    "account",
    "devices",
    "encryption",
    "following",
    "get_command",
    "inspection",
    "media",
    "membership",
    "messages",
    "profile",
    "reading",
    "rooms",
    "run_line",
    "settings",
    "state",
    "threepids",
    "tools",
]
