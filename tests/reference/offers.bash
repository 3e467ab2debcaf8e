# Print what the completion in $1 offers for each command line of stdin, a line of words each.
COMP_WORDBREAKS=$' \t\n"\'><=;|&(:@'
source "$1"
breaks='=:@'
if [[ $2 == 3.2 ]]; then
    breaks=' '
    enable -n compopt mapfile readarray
else
    compopt() { if [[ $* == '-o default' ]]; then COMPREPLY=('<files>'); fi; }
fi
shopt -s extglob

# Cut a line at blanks and word breaks, as readline does; before bash 4, at blanks alone.
cut_at_breaks() {
    local rest=$1 part
    COMP_WORDS=()
    while [[ $rest ]]; do
        rest=${rest##+([[:space:]])}
        case $rest in
        [$breaks]*) part=${rest%%[!$breaks]*} ;;
        *) part=${rest%%[[:space:]$breaks]*} ;;
        esac
        [[ $rest ]] && COMP_WORDS+=("$part")
        rest=${rest#"$part"}
    done
    [[ $1 == *[[:space:]$breaks] ]] && COMP_WORDS+=('')
}

while IFS= read -r COMP_LINE; do
    COMP_POINT=${#COMP_LINE}
    cut_at_breaks "$COMP_LINE"
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _dpsctl
    echo "${COMPREPLY[*]}"
done
