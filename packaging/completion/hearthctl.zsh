#compdef hearthctl
_hearthctl() {
  local -a commands
  commands=(
    'start:start the server'
    'stop:end the server after the requests under way'
    'restart:stop, then start'
    'status:say whether the server runs'
    'check-config:say what is wrong with the configuration'
    'room:say why a room is in the state that it is in'
  )
  _arguments '--version[the version]' '--help[help]' '1:command:{_describe command commands}' \
    '*'{-c,--config-path}'[the configuration]:file:_files' '--timeout[seconds to wait for the end]:seconds:' \
    '2:action:(explain resets)'
}
_hearthctl "$@"
