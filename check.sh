#!/bin/sh
# check.sh DIR TARGET...: makes each target in turn, keeps its output in
# DIR/TARGET.log, counts the lines `PASS name`, `FAIL name`, `SKIP name` and
# closes with the sum.  A target that fails without a FAIL line counts as one
# failure, as does one that tests nothing.  `AGAIN name: why` is a failure that
# is followed by a second try, and by that one's line.  With CI=true nothing
# may be skipped.  Each target's time is told, and that of all before the sum.
set -eu

dir=$1
shift
mkdir -p "$dir"
passed=0
failed=0
skipped=0
again=0
began=$(date +%s)
for t; do
	echo "== $t"
	start=$(date +%s)
	log=$dir/$t.log
	rc=0
	{ "${MAKE:-make}" --no-print-directory "$t" 2>&1 || echo "make: $?"; } |
	    tee "$log"
	! tail -n 1 "$log" | grep -q '^make: [0-9]*$' || rc=1
	f=$(grep -c '^FAIL ' "$log") || :
	p=$(grep -c '^PASS ' "$log") || :
	s=$(grep -c '^SKIP ' "$log") || :
	a=$(grep -c '^AGAIN ' "$log") || :
	if [ "$rc" -ne 0 ] && [ "$f" -eq 0 ]; then
		echo "FAIL $t: did not finish"
		f=1
	elif [ "$((p + f + s))" -eq 0 ]; then
		echo "FAIL $t: tested nothing"
		f=1
	fi
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
	again=$((again + a))
	echo "-- $t: $(($(date +%s) - start)) s"
done
echo "-- all: $(($(date +%s) - began)) s"
[ "$again" -eq 0 ] || echo "$again failed at first and were tried again"
echo "$passed passed, $failed failed, $skipped skipped"
[ "${CI:-}" != true ] || [ "$skipped" -eq 0 ] || failed=1
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
