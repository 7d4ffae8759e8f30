_hearthctl() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  case $previous in
    -c | --config-path) COMPREPLY=($(compgen -f -- "$current")); return ;;
    room) COMPREPLY=($(compgen -W "explain resets --help" -- "$current")); return ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "start stop restart status check-config room --help --version" -- "$current"))
  else
    COMPREPLY=($(compgen -W "--config-path --timeout --help" -- "$current"))
  fi
}
complete -o default -F _hearthctl hearthctl
