# Print what the completion in $argv[1] offers for each command line of stdin.
source $argv[1]
while read -l line
    printf '%s ' (complete -C "$line" | string replace -r '\t.*' '')
    echo
end
