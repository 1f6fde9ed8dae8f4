#compdef natptconfig
# SPDX-License-Identifier: GPL-2.0
# Completion for zsh, to be called _natptconfig in a directory of $fpath. natptconfig itself tells what may follow
# a word; what stands for an address or a number is in capital letters there.
setopt local_options extended_glob
local before=${words[CURRENT-1]}
local -a statement answers netns
(( CURRENT == 2 )) || statement=("${(@Q)words[2,CURRENT-1]}")
while [[ ${statement[1]} = -* ]]; do
	[[ ${statement[1]} != (-[^-]#[nd]|--netns) ]] || shift statement
	(( ! $#statement )) || shift statement
done

case $before in
-f | sync)	_files; return ;;
-n | --netns)	netns=(/run/netns/*(N:t)); compadd -a netns; return ;;
-d)	compadd 1 16 17; return ;;
esac
if [[ ${words[CURRENT]} = -* ]]; then
	answers=(
		'-f:carry out the statements of a file'
		'-c:change nothing' '--check:change nothing'
		'-q:say nothing about wrong statements'
		'-d:print words (1) and statements (16)'
		'-j:show as JSON' '--json:show as JSON'
		'-n:work in a network namespace' '--netns:work in a network namespace'
		'-h:print a summary' '--help:print a summary'
		'-V:print the version' '--version:print the version'
	)
	_describe -o option answers
	return
fi
# two blanks or more are behind a word: "the end" is none
answers=(${(f)"$(natptconfig "${statement[@]}" '?' 2>/dev/null | sed -n 's/^\([a-z][a-z0-9-]*\)   *\(.*\)/\1:\2/p')"})
(( $#statement )) || answers+=('sync:change what is not as a file says')
_describe statement answers
