#!/bin/sh
# run.sh LOGDIR PROGRAM...: runs unit test programs and prints one line
# `PASS program: test` or `FAIL program: test: why` per test, and
# `SKIP program: what: why`; the log follows the lines of a program that failed.
# No program at all is a UNIT=NAME that names none: a failure, too.
set -eu

logdir=$1
shift
if [ $# = 0 ]; then
	echo "FAIL ${UNIT_LABEL:-}test_${UNIT:-*}: there is none of that name"
	exit 1
fi
mkdir -p "$logdir"
bad=0
export CK_VERBOSITY=verbose CK_FORK="${CK_FORK:-yes}"
export ASAN_OPTIONS="${ASAN_OPTIONS:-abort_on_error=0:detect_leaks=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
for program; do
	log=$logdir/${program##*/}.log
	name=${UNIT_LABEL:-}${program##*/}
	rc=0
	timeout -k 10 "${UNIT_TIMEOUT_S:-600}" "$program" >"$log" 2>&1 || rc=$?
	sed -n "s/^[^ ]*:[0-9]*:P:[^:]*:\([^:]*\):.*/PASS $name: \1/p" "$log"
	sed -n "s/^SKIP \(.*\)/SKIP $name: \1/p" "$log"
	[ "$rc" -ne 0 ] || continue
	bad=1
	sed -n "s/^[^ ]*:[0-9]*:[FE]:[^:]*:\([^:]*\):[0-9]*: \(.*\)/FAIL $name: \1: \2/p" \
	    "$log" >"$log.failed"
	[ -s "$log.failed" ] || echo "FAIL $name: ended with $rc" >"$log.failed"
	cat "$log.failed"
	echo "---- $log"
	tail -n 200 "$log"
	echo "----"
done
exit "$bad"
