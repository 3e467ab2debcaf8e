"""The completion script for bash; it needs nothing of the bash-completion package."""

from __future__ import annotations

from collections.abc import Sequence

from dpsctl.reference.tree import CommandPage, OptionPage

_FRAME = r"""# Completion of dpsctl for bash, made from its command tree: python -m dpsctl.reference

# What can stand behind the command $1: commands below it, words it takes, its options, and for
# each option with a value what that is: W one of these words, T likewise but it may be left out,
# F a file, D values that dpsctl itself knows, @ text, perhaps from a file behind an @.
_dpsctl_behind() {
    members='' words='' options='' valued=''
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

# Offer values that begin with $2 for an option of kind $1; $3 are the words of W, T and D.
_dpsctl_value() {
    case $1 in
    W | T) _dpsctl_offer "$2" "${3//,/ }" ;;
    D) _dpsctl_offer "$2" "$(dpsctl __known "$3" 2> /dev/null)" ;;
    esac
    local IFS=$'\n'
    case $1 in
    F) COMPREPLY=($(compgen -f -- "$2")) && compopt -o filenames ;;
    @) [[ $2 == @* ]] && COMPREPLY=($(compgen -P @ -f -- "${2#@}")) && compopt -o filenames ;;
    esac
}

# Take away what readline keeps of the word by itself: it begins anew at each of its word breaks.
_dpsctl_trim() {
    local breaks='' kept i
    for i in = : @; do
        [[ $COMP_WORDBREAKS == *$i* ]] && breaks+=$i
    done
    [[ $breaks && $1 == *["$breaks"]* ]] || return 0
    kept=${1%"${1##*["$breaks"]}"}
    for i in "${!COMPREPLY[@]}"; do
        COMPREPLY[i]=${COMPREPLY[i]#"$kept"}
    done
}

_dpsctl() {
    local path=dpsctl cur='' prev='' word members words options valued
    local -a line
    read -ra line <<< "${COMP_LINE:0:COMP_POINT}"
    [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] || { cur=${line[-1]} && unset 'line[-1]'; }
    COMPREPLY=()
    _dpsctl_behind dpsctl
    for word in "${line[@]:1}"; do
        [[ " $members " == *" $word "* ]] && path+=" $word" && _dpsctl_behind "$path"
        prev=$word
    done

    local given=$prev value=$cur kind
    [[ $cur == --*=* ]] && given=${cur%%=*} value=${cur#*=}
    if [[ " $valued " == *" $given:"* ]]; then
        kind=" $valued "
        kind=${kind#*" $given:"}
        kind=${kind%% *}
        if [[ $kind != T* || $cur != -* || $cur == --*=* ]]; then
            _dpsctl_value "${kind%%:*}" "$value" "${kind#*:}"
            [[ $cur == --*=* ]] && COMPREPLY=("${COMPREPLY[@]/#/$given=}")
            _dpsctl_trim "$cur"
            return 0
        fi
    fi
    case $cur in
    -*) _dpsctl_offer "$cur" "$options" ;;
    *) _dpsctl_offer "$cur" "${members:-${words:-$options}}" ;;
    esac
}

complete -F _dpsctl dpsctl
"""


def bash_script(pages: Sequence[CommandPage]) -> str:
    """Write the script: a table of the tree, and the one function that reads it."""
    return _FRAME.replace("@TABLE@", "\n".join(_entry(page) for page in pages))


def _entry(page: CommandPage) -> str:
    table = {
        "members": [name for name, _ in page.members],
        "words": list(page.argument_choices),
        "options": [name for option in page.options for name in option.names],
        "valued": [word for option in page.options for word in _valued(option)],
    }
    lines = [f"        {name}='{' '.join(words)}'" for name, words in table.items() if words]
    return "\n".join([f"    '{' '.join(page.path)}')", *lines, "        ;;"])


def _valued(option: OptionPage) -> list[str]:
    kind = _kind(option)
    return [f"{name}:{kind}" for name in option.names] if kind else []


def _kind(option: OptionPage) -> str:
    if not option.value:
        return ""
    if option.choices:
        return f"{'T' if option.may_stand_alone else 'W'}:{','.join(option.choices)}"
    if option.known_values:
        return f"D:{option.known_values}"
    return "F" if option.takes_file else "@"
