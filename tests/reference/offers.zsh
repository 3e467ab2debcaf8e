# Print what the completion in the folder $1 offers for each command line of stdin. zsh completes
# only in its line editor, so that a second zsh runs in a pseudo-terminal (zsh/zpty), where TAB is
# pressed; compadd, through which every match goes, writes what it was given into the file $2.
zmodload zsh/zpty
: > $2
zpty inner zsh -f -i

tell() { zpty -w inner "$1"; zpty -r inner REPLY "*$2*"; }

tell "PS1= PROMPT2= fpath=($1 \$fpath) ZLE_RPROMPT_INDENT=0; stty -echo; echo rea''dy" ready
tell 'autoload -Uz compinit && compinit -u -D; unsetopt list_beep; echo rea""dy' ready
zpty -w inner '
LISTMAX=10000
unsetopt auto_list auto_menu
compadd() {
    local -a found
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)* ]]; then
        builtin compadd "$@"
        return
    fi
    builtin compadd -A found "$@"
    (( $#found )) && print -nr -- "$found " >> $OFFERED
    builtin compadd "$@"
}
press() {
    zle complete-word
    print >> $OFFERED
    BUFFER=
    print -n "<done>"
}
zle -N press
bindkey "^I" press
'
tell "OFFERED=$2; echo rea''dy" ready
while IFS= read -r line; do
    zpty -w -n inner "$line"$'\t'
    zpty -r inner REPLY '*<done>*'
done
zpty -d inner
cat $2
