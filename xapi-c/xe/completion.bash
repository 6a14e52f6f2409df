# Completion of xe for bash: source this file.  Commands and their parameters
# are asked of the host that the line names, so they are those that it has.

# what the line says of the host, for questions of our own
_xe_ask()
{
	command xe "${_xe_where[@]}" "$@" </dev/null 2>/dev/null
}

# the commands, kept until another host is named
_xe_commands()
{
	if [[ -z ${_xe_names-} || ${_xe_names_of-} != "${_xe_where[*]}" ]]; then
		_xe_names=$(_xe_ask help --all)
		_xe_names_of="${_xe_where[*]}"
	fi
	echo "$_xe_names"
}

# parameters of a command: "name=", and what chooses VMs or hosts
_xe_parameters()
{
	local key words word
	while IFS=: read -r key words; do
		[[ $key == *params* ]] || continue
		for word in ${words//,/ }; do
			case $word in
			'<vm-selectors>') printf '%s\n' uuid= vm= ;;
			'<host-selectors>') printf '%s\n' uuid= host= ;;
			*) echo "$word=" ;;
			esac
		done
	done < <(_xe_ask help "$1")
}

# values of a parameter that names an object; $1 command, $2 parameter
_xe_values()
{
	local class
	case $2 in
	uuid)
		class=${1/-param-/-}
		while [[ $class == *-* ]]; do
			class=${class%-*}
			if [[ $'\n'$(_xe_commands)$'\n' == *$'\n'"$class-list"$'\n'* ]]
			then
				_xe_ask "$class-list" --minimal | tr , '\n'
				return
			fi
		done
		;;
	vm | host) _xe_ask "$2-list" params=name-label --minimal | tr , '\n' ;;
	*-uuid) _xe_ask "${2%-uuid}-list" --minimal | tr , '\n' ;;
	esac
}

_xe()
{
	local line=${COMP_LINE:0:COMP_POINT} cur command='' i
	local -a words _xe_where=()
	read -ra words <<<"$line"
	[[ $line != *' ' ]] || words+=('')
	cur=${words[-1]}
	COMPREPLY=()
	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		case ${words[i]} in
		-s | -p | -u | -pw | -pwf)
			# its value is not ours to complete
			((i + 1 < ${#words[@]} - 1)) || return 0
			_xe_where+=("${words[i]}" "${words[i + 1]}")
			((i++))
			;;
		--nossl) _xe_where+=(--nossl) ;;
		-*) ;;
		*) [[ -n $command ]] || command=${words[i]} ;;
		esac
	done
	if [[ -z $command || $command == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_xe_commands)" -- "$cur")
		compopt +o nospace 2>/dev/null
	elif [[ $cur == *=* ]]; then
		# bash replaces what is behind the '='
		local IFS=$'\n'
		mapfile -t COMPREPLY < <(compgen -W \
		    "$(_xe_values "$command" "${cur%%=*}")" -- "${cur#*=}")
		compopt +o nospace 2>/dev/null
	else
		mapfile -t COMPREPLY < <(compgen -W \
		    "$(_xe_parameters "$command")" -- "$cur")
	fi
	return 0
}
complete -o nospace -F _xe xe
