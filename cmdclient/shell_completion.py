"""What makes a shell complete the commands of hearth-cli and the names of your rooms.

hearth-cli --completion bash > /etc/bash_completion.d/hearth-cli
hearth-cli --completion zsh  > "${fpath[1]}/_hearth-cli"
hearth-cli --completion fish > ~/.config/fish/completions/hearth-cli.fish
"""

from __future__ import annotations

from cmdclient.commands import COMMANDS

_OPTIONS = ("--homeserver", "--config", "--ca-file", "--json", "--completion", "--keep-going", "--help")

_BASH = """\
_hearth_cli() {
  local current=${{COMP_WORDS[COMP_CWORD]}} index word
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=${{COMP_WORDS[index]}}
    case $word in
      --homeserver | --config | --ca-file | --completion) ((index++)) ;;
      -*) ;;
      upload | download | avatar) COMPREPLY=($(compgen -f -- "$current")); return ;;
      *) return ;;
    esac
  done
  COMPREPLY=($(compgen -W "{words}" -- "$current"))
}}
complete -o default -F _hearth_cli hearth-cli
"""

_ZSH = """\
#compdef hearth-cli
_hearth_cli() {
  local -a commands
  commands=(
{described}
  )
  _arguments \\
    '--homeserver[the homeserver]:URL:' '--config[the file of logins]:file:_files' \\
    '--ca-file[authorities to trust]:file:_files' '--json[answers as JSON]' '--keep-going[failures end no list]' \\
    '1:command:{{_describe command commands}}' '*:file:_files'
}}
if [ "$funcstack[1]" = _hearth-cli ]; then _hearth_cli "$@"; else compdef _hearth_cli hearth-cli; fi
"""


def completion_script(shell: str) -> str:
    """The script for one of SHELLS."""
    return _SCRIPTS[shell]()


def _bash() -> str:
    return _BASH.replace("_hearth_cli() {\n", "_hearth_cli() {{\n").format(words=" ".join([*COMMANDS, *_OPTIONS]))


def _zsh() -> str:
    described = "\n".join(f"    '{name}:{_quoted(found.help)}'" for name, found in COMMANDS.items())
    return _ZSH.replace("_hearth_cli() {\n", "_hearth_cli() {{\n").format(described=described)


def _fish() -> str:
    lines = [
        f"complete -c hearth-cli -n __fish_use_subcommand -f -a {name} -d '{_quoted(found.help)}'"
        for name, found in COMMANDS.items()
    ]
    options = [f"complete -c hearth-cli -l {option.removeprefix('--')}" for option in _OPTIONS]
    return "\n".join([*lines, *options]) + "\n"


def _quoted(text: str) -> str:
    return text.replace("'", "").replace(":", ";")


_SCRIPTS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
SHELLS = tuple(_SCRIPTS)
