"""``qwop-native completion``: scripts that let a shell complete commands and options."""

from __future__ import annotations

from collections.abc import Sequence

from qwop_native.cli.common import OK, command_parser
from qwop_native.cli.main import FAMILIES

# Options are taken from a command's own help at the moment they are asked for.
_OPTIONS = "qwop-native {} -h 2>/dev/null | grep -oE -- '--[a-z][a-z-]*' | sort -u"

_BASH = """\
_qwop_native() {{
  local word=${{COMP_WORDS[COMP_CWORD]}}
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{names}" -- "$word"))
  elif [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$({options})" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}}
complete -o filenames -F _qwop_native qwop-native
"""

_ZSH = """\
#compdef qwop-native
_qwop_native() {{
  if (( CURRENT == 2 )); then
    local -a commands=({described})
    _describe command commands
  elif [[ $words[CURRENT] == -* ]]; then
    compadd -- $({options})
  else
    _files
  fi
}}
compdef _qwop_native qwop-native
"""

_FISH = """\
{lines}
complete -c qwop-native -n 'not __fish_use_subcommand' \\
  -n 'string match -q -- "-*" (commandline -ct)' \\
  -a '({options})'
"""


def main(argv: Sequence[str]) -> int:
    """Prints the script for one shell."""
    parser = command_parser(
        "completion",
        "Print a script that completes commands and options.",
        'bash > ~/.local/share/bash-completion/completions/qwop-native\n  eval "$(qwop-native '
        'completion zsh)"\n  qwop-native completion fish | source',
    )
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))
    print(script(parser.parse_args(argv).shell), end="")
    return OK


def script(shell: str) -> str:
    """The script for "bash", "zsh" or "fish"."""
    if shell == "bash":
        options = _OPTIONS.format('"${COMP_WORDS[1]}"')
        return _BASH.format(names=" ".join(FAMILIES), options=options)
    if shell == "zsh":
        described = " ".join(f"'{name}:{text}'" for name, (_, text) in FAMILIES.items())
        return _ZSH.format(described=described, options=_OPTIONS.format("$words[2]"))
    lines = [
        f"complete -c qwop-native -n __fish_use_subcommand -f -a {name} -d '{text}'"
        for name, (_, text) in FAMILIES.items()
    ]
    # Within the quotes of fish's -a, those of grep have to be written as "\'".
    options = _OPTIONS.format("(commandline -opc)[2]").replace("'", "\\'")
    return _FISH.format(lines="\n".join(lines), options=options)
