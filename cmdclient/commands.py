"""All commands, registered in the order in which help tells of them."""

from __future__ import annotations

from cmdclient import commands_account, commands_messages, commands_rooms, commands_tools
from cmdclient.commands_tools import Quit
from cmdclient.registry import COMMANDS, get_command, run_line

__all__ = [
    "COMMANDS",
    "Quit",
    "commands_account",
    "commands_messages",
    "commands_rooms",
    "commands_tools",
    "get_command",
    "run_line",
]
