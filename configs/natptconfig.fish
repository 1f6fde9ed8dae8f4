# SPDX-License-Identifier: GPL-2.0
# Completion for fish. natptconfig itself tells what may follow a word; what stands for an address or a number is in
# capital letters there.
function __natptconfig_words
    set -l statement (commandline -opc)
    set -e statement[1]
    while string match -q -- '-*' $statement[1]
        string match -qr -- '^(-[^-]*[nd]|--netns)$' $statement[1]; and set -e statement[1]
        set -e statement[1]
    end
    # two blanks or more are behind a word: "the end" is none
    natptconfig $statement '?' 2>/dev/null | string replace -rf '^([a-z][a-z0-9-]*)  +(.*)$' '$1\t$2'
    test (count $statement) -gt 0; or printf '%s\t%s\n' sync 'change what is not as a file says'
end

function __natptconfig_wants_file
    set -l words (commandline -opc)
    contains -- $words[-1] -f sync
end

complete -c natptconfig -f
complete -c natptconfig -n 'not __natptconfig_wants_file' -a '(__natptconfig_words)'
complete -c natptconfig -n __natptconfig_wants_file -F
complete -c natptconfig -s f -r -F -d 'carry out the statements of a file'
complete -c natptconfig -s c -l check -d 'change nothing'
complete -c natptconfig -s q -d 'say nothing about wrong statements'
complete -c natptconfig -s d -x -a '1 16 17' -d 'print words (1) and statements (16)'
complete -c natptconfig -s j -l json -d 'show as JSON'
complete -c natptconfig -s n -l netns -x -a '(command ls /run/netns 2>/dev/null)' -d 'work in a network namespace'
complete -c natptconfig -s h -l help -d 'print a summary'
complete -c natptconfig -s V -l version -d 'print the version'
