"""The completion script for fish."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from dpsctl.frame.descriptions import OptionPage
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

# Whether the line has come to one of some commands.
function __dpsctl_in
    contains -- (__dpsctl_path) $argv
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
    """Write the script: one `complete` for each option, wherever it is taken."""
    paths = " ".join(_quoted(" ".join(page.path)) for page in pages)
    takers: dict[OptionPage, list[str]] = {}
    for page in pages:
        for option in page.options:
            takers.setdefault(option, []).append(" ".join(page.path))
    sets = _named(takers)
    lines = [f"set -g __dpsctl_commands {paths}"]
    lines += [f"set -g {name} {' '.join(map(_quoted, names))}" for names, name in sets.items()]
    lines += [line for page in pages for line in _words(page)]
    for option, names in takers.items():
        lines += _option(option, f"__dpsctl_in ${sets[tuple(names)]}")
    return _HEAD + "\n".join(lines) + "\n"


def _named(takers: dict[OptionPage, list[str]]) -> dict[tuple[str, ...], str]:
    """Name each different set of commands after the first option that they take.

    A number would change with every option that comes before.
    """
    sets: dict[tuple[str, ...], str] = {}
    namesakes: Counter[str] = Counter()
    for option, commands in takers.items():
        if tuple(commands) not in sets:
            name = f"__dpsctl_{option.name.lstrip('-').replace('-', '_')}"
            namesakes[name] += 1
            number = namesakes[name]
            sets[tuple(commands)] = name if number == 1 else f"{name}_{number}"
    return sets


def _words(page: CommandPage) -> Iterator[str]:
    path = " ".join(page.path)
    complete = f"complete -c dpsctl -n \"__dpsctl_in '{path}'\""
    for name, summary in page.members:
        yield f"{complete} -a {name} -d {_quoted(summary)}"
    for word in page.words:
        yield f"{complete} -a {word}"
    if page.known_values:
        typing = f"__dpsctl_in '{path}'; and not string match -q -- '-*' (commandline -ct)"
        yield f'complete -c dpsctl -n "{typing}" -a {_known(page.known_values)}'
    if page.takes_command_line:
        yield f"{complete} -a '(__fish_complete_subcommand --fcs-skip={len(page.path)})'"


def _option(option: OptionPage, condition: str) -> Iterator[str]:
    names = " ".join(_name(name) for name in option.names)
    complete = f"complete -c dpsctl -n '{condition}"
    yield f"{complete}' {names}{_value(option)} -d {_quoted(option.help)}"
    if option.may_stand_alone:
        # fish itself offers a value that may be left out only behind `=`.
        before = f"contains -- (commandline -opc)[-1] {' '.join(option.names)}"
        yield f"{complete}; and {before}' -a {_quoted(' '.join(option.choices))}"


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
