"""The completion script for bash, from the 3.2 that macOS has on; it needs no other package."""

from __future__ import annotations

from collections.abc import Sequence

from dpsctl.frame.descriptions import OptionPage
from dpsctl.reference.tree import CommandPage

_FRAME = r"""# Completion of dpsctl for bash, made from its command tree: python -m dpsctl.reference
# shellcheck shell=bash

# What can stand behind the command $1: commands below it, words it takes, what dpsctl itself knows
# for such a word, its options, and for each option with a value what that is: W one of these words,
# T likewise but it may be left out, F a file, D values that dpsctl itself knows, @ text, perhaps
# from a file behind an @.
_dpsctl_behind() {
    members='' words='' known='' options='' valued=''
    case $1 in
@TABLE@
    esac
}

# Of the words $2, offer those that begin with $1. A builtin loop: a subshell costs more than all.
_dpsctl_offer() {
    local word
    for word in $2; do
        [[ $word == "$1"* ]] && COMPREPLY+=("$word")
    done
}

# Offer files that begin with $2. Readline does it best, where it sees no more than the file's name:
# $1 is what it takes for a part of the word, such as the @ with which its host names begin. Before
# bash 4 it can neither be asked to, nor to put no blank behind a folder: what is in it is offered.
_dpsctl_files() {
    local name
    local -a names
    [[ ! $1 ]] && compopt -o default 2> /dev/null && return
    _dpsctl_names "${2/#'~/'/$HOME/}"
    if [[ ${#names[@]} == 1 && -d ${names[0]} ]] && ! compopt -o nospace 2> /dev/null; then
        name=${names[0]}/
        _dpsctl_names "$name"
        [[ ${#names[@]} == 0 ]] && names=("$name")
    fi
    for name in "${names[@]}"; do
        [[ -d $name && $name != */ ]] && name+=/
        printf -v name %q "$name"
        COMPREPLY+=("$1$name")
    done
}

# Leave in `names` the files that begin with $1.
_dpsctl_names() {
    local name
    names=()
    while read -r name; do
        names+=("$name")
    done < <(compgen -f -- "$1")
}

# Offer values that begin with $2 for an option of kind $1; $3 are the words of W and T, or what D
# asks for. $4 stands in front of the value in the same word.
_dpsctl_value() {
    local kept
    case $1 in
    W | T) _dpsctl_offer "$2" "${3//,/ }" ;;
    D) _dpsctl_offer "$2" "$(dpsctl __known "$3" 2> /dev/null)" ;;
    F)
        _dpsctl_kept "$4"
        _dpsctl_files "$kept" "$2"
        return
        ;;
    @)
        [[ $2 == @* ]] || return
        _dpsctl_kept "$4"
        [[ $COMP_WORDBREAKS == *@* ]] && kept=''
        _dpsctl_files "$kept@" "${2#@}"
        return
        ;;
    esac
    _dpsctl_kept "$4"
    COMPREPLY=("${COMPREPLY[@]/#/$kept}")
}

# Leave in `kept` what readline does not keep of $1 by itself: it begins anew at each word break.
_dpsctl_kept() {
    local breaks='' i
    for i in = : @; do
        [[ $COMP_WORDBREAKS == *$i* ]] && breaks+=$i
    done
    kept=$1
    [[ $breaks ]] && kept=${1##*["$breaks"]}
}

# Leave in `typed` the words up to the cursor: bash has cut them at its word breaks.
_dpsctl_typed() {
    local left=${COMP_LINE:0:COMP_POINT} i part
    typed=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        part=${left%%[![:space:]]*}
        left=${left#"$part"}
        [[ $part || $i == 0 ]] && typed+=('')
        part=${COMP_WORDS[i]}
        [[ $i == "$COMP_CWORD" ]] && part=$left
        typed[${#typed[@]} - 1]+=$part
        left=${left#"$part"}
    done
}

_dpsctl() {
    local path=dpsctl cur prev='' word given value lead='' kind
    local members words known options valued
    local -a typed
    COMPREPLY=()
    _dpsctl_typed
    cur=${typed[${#typed[@]} - 1]}
    _dpsctl_behind dpsctl
    for word in "${typed[@]:1:${#typed[@]}-2}"; do
        if [[ $prev == -- ]]; then # behind it stands a command of its own
            _dpsctl_files '' "$cur"
            return
        fi
        [[ " $members " == *" $word "* ]] && path+=" $word" && _dpsctl_behind "$path"
        prev=$word
    done
    if [[ $prev == -- ]]; then
        while read -r word; do
            COMPREPLY+=("$word")
        done < <(compgen -c -- "$cur")
        return
    fi

    given=$prev value=${cur#[\"\']}
    case $cur in
    --*=*) given=${cur%%=*} lead=${cur%%=*}= value=${cur#*=} ;;
    -[a-z]?*) given=${cur:0:2} lead=${cur:0:2} value=${cur:2} ;;
    esac
    if [[ " $valued " == *" $given:"* ]]; then
        kind=" $valued "
        kind=${kind#*" $given:"}
        kind=${kind%% *}
        if [[ $kind != T* || $lead || $cur != -* ]]; then
            _dpsctl_value "${kind%%:*}" "$value" "${kind#*:}" "$lead"
            return
        fi
    fi
    if [[ $cur == -* ]]; then
        _dpsctl_offer "$cur" "$options"
        return
    fi
    [[ $known ]] && words=$(dpsctl __known "$known" 2> /dev/null)
    _dpsctl_offer "$cur" "${members:-${words:-$options}}"
}

complete -F _dpsctl dpsctl
"""


def bash_script(pages: Sequence[CommandPage]) -> str:
    """Write the script: a table of the tree, and the one function that reads it."""
    return _FRAME.replace("@TABLE@", "\n".join(_entry(page) for page in pages))


def _entry(page: CommandPage) -> str:
    table = {
        "members": [name for name, _ in page.members],
        "words": list(page.words),
        "known": [page.known_values] if page.known_values else [],
        "options": [name for option in page.options for name in option.names],
        "valued": [word for option in page.options for word in _valued(option)],
    }
    lines = [f"        {name}='{' '.join(words)}'" for name, words in table.items() if words]
    return "\n".join([f"    '{' '.join(page.path)}')", *lines, "        ;;"])


def _valued(option: OptionPage) -> list[str]:
    kind = _kind(option)
    return [f"{name}:{kind}" for name in option.names] if kind else []


def _kind(option: OptionPage) -> str:
    if not option.takes_value:
        return ""
    if option.choices:
        return f"{'T' if option.may_stand_alone else 'W'}:{','.join(option.choices)}"
    if option.known_values:
        return f"D:{option.known_values}"
    return "F" if option.takes_file or option.takes_folder else "@"
