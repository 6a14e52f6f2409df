#!/bin/sh
# check.sh DIR TARGET... [-- TARGET...]: makes each target in turn, those after
# the -- beside those before it (what waits for an emulated machine leaves one
# processor alone).  A target's output is kept in DIR/TARGET.log, shown when it
# ends, with its time, and counted: lines `PASS name`, `FAIL name`, `SKIP name`.
# One that fails without a FAIL line counts as one failure, as does one that
# tests nothing.  `AGAIN name: why` is a failure that is followed by a second
# try, and by that one's line.  With CI=true nothing may be skipped.  The time
# of all comes before the sum.
set -eu

# What a target came to goes into its log.
run() {
	log=$dir/$1.log
	began=$(date +%s)
	echo "== $1"
	rc=0
	"${MAKE:-make}" -j "$(nproc)" --no-print-directory "$1" >"$log" 2>&1 ||
	    rc=$?
	if [ "$rc" -ne 0 ] && ! grep -q '^FAIL ' "$log"; then
		echo "FAIL $1: did not finish" >>"$log"
	elif ! grep -q '^\(PASS\|FAIL\|SKIP\) ' "$log"; then
		echo "FAIL $1: tested nothing" >>"$log"
	fi
	echo "-- $1: $(($(date +%s) - began)) s" >>"$log"
	flock "$dir/said.lock" cat "$log"
}

if [ "$1" = --lane ]; then
	dir=$2
	shift 2
	for target; do
		run "$target"
	done
	exit
fi

# $1 PASS, FAIL...: how many lines of it are in the logs
count() {
	cat "$dir"/*.log | grep -c "^$1 " || :
}

dir=$1
shift
first=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	first="$first $1"
	shift
done
[ $# = 0 ] || shift

mkdir -p "$dir"
rm -f "$dir"/*.log
start=$(date +%s)
# Of their own sessions: what is interrupted ends with all that it started.  The
# second lane is the longer one and has one thread: it is not to wait.
# shellcheck disable=SC2086 # a list of words
setsid nice -n 5 "$0" --lane "$dir" $first &
one=$!
setsid "$0" --lane "$dir" "$@" &
other=$!
trap 'kill -- -$one -$other; exit 130' INT TERM HUP
lost=0
wait "$one" || lost=1
wait "$other" || lost=1

failed=$(count FAIL)
skipped=$(count SKIP)
again=$(count AGAIN)
echo "-- all: $(($(date +%s) - start)) s"
[ "$again" -eq 0 ] || echo "$again failed at first and were tried again"
echo "$(count PASS) passed, $failed failed, $skipped skipped"
[ "${CI:-}" != true ] || [ "$skipped" -eq 0 ] || failed=1
[ "$lost" -eq 0 ] || echo "not all were tried"
[ "$((lost + failed))" -eq 0 ] && [ "$(count PASS)" -gt 0 ]
