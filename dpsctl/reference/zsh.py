"""The completion script for zsh."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from dpsctl.frame.descriptions import OptionPage
from dpsctl.reference.tree import CommandPage

Options = tuple[OptionPage, ...]
_HEAD = """#compdef dpsctl
# Completion of dpsctl for zsh, made from its command tree: python -m dpsctl.reference

# Files behind an @, once the @ is there.
_dpsctl_text() {
    if compset -P @; then
        _files
    else
        _message -e values "${1:-value}"
    fi
}

# Values that dpsctl itself knows, such as group ids.
_dpsctl_known() {
    local -a known
    known=(${(f)"$(dpsctl __known $1 2>/dev/null)"})
    (( $#known )) && compadd -a known
}

# A command of its own, perhaps behind --.
_dpsctl_command_line() {
    if [[ $words[1] == -- ]]; then
        shift words
        (( CURRENT-- ))
    fi
    [[ $CURRENT == 1 && $PREFIX == -* ]] || _normal
}
"""
_TAIL = """
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _dpsctl "$@"
else
    compdef _dpsctl dpsctl
fi
"""


def zsh_script(pages: Sequence[CommandPage]) -> str:
    """Write the script: what several commands take alike, and one function for each command."""
    counted = Counter(group for page in pages for group in _groups(page))
    repeated = [group for group, count in counted.items() if count > 1]
    shared = {group: f"_dpsctl_options_{number}" for number, group in enumerate(repeated, 1)}
    arrays = [_array(name, group) for group, name in shared.items()]
    functions = ["\n".join(_function(page, shared)) for page in pages]
    return "\n".join([_HEAD, *arrays, *functions]) + _TAIL


def _groups(page: CommandPage) -> list[Options]:
    """Cut the options of a page at its headings."""
    return [tuple(group) for _, group in groupby(page.options, lambda option: option.heading)]


def _array(name: str, group: Options) -> str:
    specs = "\n".join(f"    {spec}" for option in group for spec in _specs(option))
    return f"typeset -ga {name}=(\n{specs}\n)"


def _function(page: CommandPage, shared: Mapping[Options, str]) -> Iterator[str]:
    yield f"{_name(page.path)}() {{"
    if page.members:
        yield "    local curcontext=$curcontext state line ret=1"
        yield "    _arguments -s -S -C -A '-*' \\"
    else:
        own_first = " -A '-*'" if page.takes_command_line else ""
        yield f"    _arguments -s -S{own_first} \\"
    for group in _groups(page):
        specs = [spec for option in group for spec in _specs(option)]
        for spec in [f"${shared[group]}"] if group in shared else specs:
            yield f"        {spec} \\"
    yield from _positions(page)
    if page.members:
        yield from _dispatch(page)
    yield "}\n"


def _positions(page: CommandPage) -> Iterator[str]:
    if page.members:
        yield "        '1: :->command' \\"
        yield "        '*:: :->words' && ret=0"
    elif page.takes_command_line:
        yield "        '*:: :_dpsctl_command_line'"
    elif page.words:
        yield f"        '1:{page.arguments[0].name}:({' '.join(page.words)})'"
    elif page.known_values:
        yield f"        '1:{page.arguments[0].name}:_dpsctl_known {page.known_values}'"
    else:
        yield "        && return 0"


def _dispatch(page: CommandPage) -> Iterator[str]:
    yield "    case $state in"
    yield "    command)"
    yield "        local -a commands=("
    for name, summary in page.members:
        yield f"            {_quoted(name + ':' + _plain(summary))}"
    yield "        )"
    yield "        _describe -t commands command commands && ret=0 ;;"
    yield "    words)"
    yield "        case $line[1] in"
    for name, _ in page.members:
        yield f"        {name}) {_name((*page.path, name))} && ret=0 ;;"
    yield "        esac ;;"
    yield "    esac"
    yield "    return ret"


def _specs(option: OptionPage) -> list[str]:
    """Specify an option as `_arguments` reads it, once for each spelling."""
    repeatable = "*" if option.several else ""
    others = "" if option.several else f"({' '.join(option.names)})"
    described = f"[{_plain(option.help)}]{_value(option)}"
    return [
        _quoted(f"{repeatable}{others}{name}{_joint(option, name)}{described}")
        for name in option.names
    ]


def _joint(option: OptionPage, name: str) -> str:
    """Say how a value follows: `=` or a blank behind a long name, anything behind a short one."""
    if not option.takes_value:
        return ""
    return "=" if name.startswith("--") else "+"


def _value(option: OptionPage) -> str:
    if not option.takes_value:
        return ""
    what = option.names[-1].lstrip("-")
    optional = "::" if option.may_stand_alone else ":"
    if option.choices:
        return f"{optional}{what}:({' '.join(option.choices)})"
    if option.takes_file:
        return f"{optional}{what}:_files"
    if option.known_values:
        return f"{optional}{what}:_dpsctl_known {option.known_values}"
    return f"{optional}{what}:_dpsctl_text"


def _name(path: Sequence[str]) -> str:
    return "_" + "_".join(path).replace("-", "_")


def _plain(text: str) -> str:
    """Escape what ends a description: brackets and colons."""
    for character in "\\[]:":
        text = text.replace(character, "\\" + character)
    return text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
