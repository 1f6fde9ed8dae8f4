# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2207
# Completion for bash. natptconfig itself tells what may follow a word; what stands for an
# address or a number is in capital letters there.
_natptconfig()
{
	local word=${COMP_WORDS[COMP_CWORD]} statement=("${COMP_WORDS[@]:1:COMP_CWORD-1}")

	case ${COMP_WORDS[COMP_CWORD-1]} in
	-f | sync)	COMPREPLY=($(compgen -f -- "$word")); return ;;
	-n | --netns)	COMPREPLY=($(compgen -W "$(ls /run/netns 2>/dev/null)" -- "$word")); return ;;
	esac
	if [[ $word = -* ]]; then
		COMPREPLY=($(compgen -W "-f --check --json --netns --help --version" -- "$word"))
		return
	fi
	# two blanks or more are behind a word: "the end" is none
	COMPREPLY=($(compgen -W "$(natptconfig "${statement[@]}" '?' 2>/dev/null |
		sed -n 's/^\([a-z][a-z0-9-]*\)  .*/\1/p') $([ ${#statement[@]} -gt 0 ] || echo sync)" -- "$word"))
}
complete -F _natptconfig natptconfig
