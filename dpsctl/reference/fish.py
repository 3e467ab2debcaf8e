"""The completion script for fish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dpsctl.descriptions import OptionPage
from dpsctl.reference.tree import CommandPage

_HEAD = """# Completion of dpsctl for fish, made from its command tree: python -m dpsctl.reference

# The command that the line has come to, without the word being typed.
function __dpsctl_path
    set -l path dpsctl
    for word in (commandline -opc)[2..]
        if contains -- "$path $word" $__dpsctl_commands
            set path "$path $word"
        end
    end
    echo $path
end

function __dpsctl_at
    test (__dpsctl_path) = "$argv"
end

# Files behind an @, once the @ is there.
function __dpsctl_text
    set -l token (commandline -ct | string replace -r '^--[^=]*=' '')
    if string match -q '@*' -- $token
        __fish_complete_path (string sub -s 2 -- $token) | string replace -r '^' '@'
    end
end

complete -c dpsctl -f
"""


def fish_script(pages: Sequence[CommandPage]) -> str:
    """Write the script: one `complete` for each option of each command."""
    paths = " ".join(_quoted(" ".join(page.path)) for page in pages)
    lines = [line for page in pages for line in _lines(page)]
    return f"{_HEAD}\nset -g __dpsctl_commands {paths}\n\n" + "\n".join(lines) + "\n"


def _lines(page: CommandPage) -> Iterator[str]:
    condition = f'complete -c dpsctl -n "__dpsctl_at {" ".join(page.path)}"'
    for name, summary in page.members:
        yield f"{condition} -a {name} -d {_quoted(summary)}"
    for word in page.words:
        yield f"{condition} -a {word}"
    if page.known_values:
        typing = (
            f"__dpsctl_at {' '.join(page.path)}; and not string match -q -- '-*' (commandline -ct)"
        )
        yield f"complete -c dpsctl -n {_quoted(typing)} -a {_known(page.known_values)}"
    if page.takes_command_line:
        yield f"{condition} -a '(__fish_complete_subcommand --fcs-skip={len(page.path)})'"
    for option in page.options:
        names = " ".join(_name(name) for name in option.names)
        yield f"{condition} {names}{_value(option)} -d {_quoted(option.help)}"
        if option.may_stand_alone:
            yield _value_as_next_word(page, option)


def _value_as_next_word(page: CommandPage, option: OptionPage) -> str:
    """Offer a value that may be left out behind its option: fish itself offers it behind `=`."""
    before = f"contains -- (commandline -opc)[-1] {' '.join(option.names)}"
    condition = f"__dpsctl_at {' '.join(page.path)}; and {before}"
    return f"complete -c dpsctl -n {_quoted(condition)} -a {_quoted(' '.join(option.choices))}"


def _name(name: str) -> str:
    return f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"


def _value(option: OptionPage) -> str:
    if not option.takes_value:
        return ""
    if option.choices:
        words = _quoted(" ".join(option.choices))
        return f" -a {words}" if option.may_stand_alone else f" -x -a {words}"
    if option.takes_file:
        return " -r -F"
    if option.known_values:
        return f" -x -a {_known(option.known_values)}"
    return f" -x -a '({'__fish_complete_directories' if option.takes_folder else '__dpsctl_text'})'"


def _known(what: str) -> str:
    return _quoted(f"(dpsctl __known {what} 2>/dev/null)")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
