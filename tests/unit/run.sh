#!/bin/sh
# run.sh LOGDIR PROGRAM...: runs unit test programs, UNIT_JOBS=2 at a time, and
# prints one line `PASS program: test` or `FAIL program: test: why` per test, and
# `SKIP program: what: why`; the log follows the lines of a program that failed.
# Those that make loop devices run one after the other.
# No program at all is a UNIT=NAME that names none: a failure, too.
set -eu

# $1 directory of logs, $2 program
run() {
	case $2 in
	*/test_storage*|*/test_hotplug) lock=$1/devices.lock ;;
	*) lock=$1/${2##*/}.log ;;	# its own: it waits for nobody
	esac
	rc=0
	flock "$lock" timeout -k 10 "${UNIT_TIMEOUT_S:-1200}" "$2" \
	    >"$1/${2##*/}.log" 2>&1 || rc=$?
	report "$1/${2##*/}.log" "${UNIT_LABEL:-}${2##*/}" "$rc"
}

# $1 log, $2 program's name, $3 how it ended
report() {
	sed -n "s/^[^ ]*:[0-9]*:P:[^:]*:\([^:]*\):.*/PASS $2: \1/p" "$1"
	sed -n "s/^SKIP \(.*\)/SKIP $2: \1/p" "$1"
	[ "$3" -ne 0 ] || return 0
	sed -n "s/^[^ ]*:[0-9]*:[FE]:[^:]*:\([^:]*\):[0-9]*: \(.*\)/FAIL $2: \1: \2/p" \
	    "$1" >"$1.failed"
	[ -s "$1.failed" ] || echo "FAIL $2: ended with $3" >"$1.failed"
	cat "$1.failed"
	echo "---- $1"
	tail -n 200 "$1"
	echo "----"
	return 1
}

# One of several: what it says comes in one piece.
if [ "$1" = --one ]; then
	rc=0
	run "$2" "$3" >"$2/${3##*/}.said" || rc=1
	flock "$2/said.lock" cat "$2/${3##*/}.said"
	exit "$rc"
fi

logdir=$1
shift
if [ $# = 0 ]; then
	echo "FAIL ${UNIT_LABEL:-}test_${UNIT:-*}: there is none of that name"
	exit 1
fi
mkdir -p "$logdir"
export CK_VERBOSITY=verbose CK_FORK="${CK_FORK:-yes}"
# a busy machine is no failure
export CK_TIMEOUT_MULTIPLIER="${CK_TIMEOUT_MULTIPLIER:-3}"
export ASAN_OPTIONS="${ASAN_OPTIONS:-abort_on_error=0:detect_leaks=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
printf '%s\n' "$@" | xargs -P "${UNIT_JOBS:-2}" -n 1 "$0" --one "$logdir"
