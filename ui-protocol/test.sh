#!/bin/sh
# test.sh SCANNER SCHEMA LOCK GEN SOURCES...: the checks of the interface
# definition.  SOURCES are the IDL's files, GEN is what the scanner made of
# them.  Cases of malformed input are lines of tests/unit/scanner/bad.cases.
set -eu

scanner=$1
schema=$2
lock=$3
gen=$4
shift 4
cases=tests/unit/scanner
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

# verdict NAME STATUS: PASS if the status is 0
verdict()
{
	if [ "$2" -eq 0 ]; then
		echo "PASS idl: $1"
	else
		echo "FAIL idl: $1: see above"
		bad=1
	fi
}

rc=0
for f; do
	case $f in
	*.xml)	xmllint --nonet --noout --relaxng "$schema" "$f" 2>"$tmp/err" ||
		    { cat "$tmp/err"; rc=1; } ;;
	esac
done
verdict "files are as the schema says" $rc

rc=0
diff -u "$lock" "$gen/wire.lock" || rc=1
verdict "the wire is as wire.lock says (make wire-lock accepts a change)" $rc

# Codes that are texts in the sources, and not calls of err_*().
rc=0
grep -rhoE 'call_error\([^"]*, "[A-Z_]+"' xapi-c |
    sed 's/.*"\(.*\)"/\1/' >"$tmp/codes"
[ -s "$tmp/codes" ] || rc=1
while read -r code; do
	grep -q "^error $code(" "$lock" ||
	    { echo "$code is no error of errors.xml"; rc=1; }
done <"$tmp/codes"
verdict "errors are those of errors.xml" $rc

# golden: a class and a protocol that have one of everything
rc=0
mkdir "$tmp/out"
"$scanner" -o "$tmp/out" "$cases"/*.xml || rc=1
diff -ru "$cases/golden" "$tmp/out" || rc=1
verdict "output for a small definition is as expected" $rc

# A case: FILE | sed command that spoils it | line | message
while IFS='|' read -r file edit line text; do
	case $file in ''|'#'*) continue ;; esac
	rm -rf "$tmp/in"
	mkdir "$tmp/in"
	cp "$cases"/*.xml "$tmp/in"
	sed "$edit" "$cases/$file" >"$tmp/in/$file"
	rc=0
	if "$scanner" -o "$tmp/out" "$tmp/in"/*.xml >"$tmp/log" 2>&1; then
		echo "accepted: $edit"
		rc=1
	elif ! grep -qF "$tmp/in/$file:$line: $text" "$tmp/log"; then
		echo "expected $file:$line: $text, got:"
		cat "$tmp/log"
		rc=1
	fi
	verdict "refused: $text" $rc
done <"$cases/bad.cases"
exit $bad
