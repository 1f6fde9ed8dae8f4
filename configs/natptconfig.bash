# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2207
# Completion for bash. natptconfig itself tells what may follow a word; what stands for an
# address or a number is in capital letters there.
_natptconfig()
{
	local line=${COMP_LINE:0:COMP_POINT} words word first=1

	# bash itself would take an address for many words
	read -ra words <<<"$line"
	[[ $line != *[[:space:]] ]] || words+=("")
	word=${words[-1]}
	unset "words[-1]"
	case ${words[-1]} in
	-f | -[!-]*f | sync)	COMPREPLY=($(compgen -f -- "$word")); return ;;
	-n | -[!-]*n | --netns)	COMPREPLY=($(compgen -W "$(ls /run/netns 2>/dev/null)" -- "$word")); return ;;
	-d | -[!-]*d)	COMPREPLY=($(compgen -W "1 16 17" -- "$word")); return ;;
	esac
	if [[ $word = -* ]]; then
		COMPREPLY=($(compgen -W "-c -d -f -h -j -n -q -V --check --json --netns --help --version" -- "$word"))
		return
	fi
	while [[ ${words[first]-} = -* ]]; do
		case ${words[first]} in
		-n | -[!-]*n | --netns | -d | -[!-]*d)	first=$((first + 2)) ;;
		*)	first=$((first + 1)) ;;
		esac
	done
	words=("${words[@]:first}")
	# two blanks or more are behind a word: "the end" is none
	COMPREPLY=($(compgen -W "$(natptconfig "${words[@]}" '?' 2>/dev/null |
		sed -n 's/^\([a-z][a-z0-9-]*\)  .*/\1/p') $([ ${#words[@]} -gt 0 ] || echo sync)" -- "$word"))
}
complete -F _natptconfig natptconfig
