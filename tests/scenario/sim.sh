#!/bin/sh
# sim.sh BUILD: the API on this machine with simulated hosts, in the foreground
# until Ctrl-C or until all have ended.  HTTP_PORT, HTTPS_PORT (of the first host;
# the others have the next ones), PASSWORD (root's; made up and printed when not
# given) and SIM_HOSTS (how many) come from the environment; state stays in
# BUILD/sim, of the second host in BUILD/sim/2, and so on.
set -eu

build=$1
http=${HTTP_PORT:-8080}
https=${HTTPS_PORT:-8443}
hosts=${SIM_HOSTS:-1}
top=$build/sim
pids=		# the last one first: xapi before its xenopsd
xapis=

case $hosts in
'' | *[!0-9]* | 0* | ???*)
	echo "SIM_HOSTS=$hosts: not a number from 1 to 99" >&2
	exit 1
	;;
esac

# shellcheck disable=SC2317 # called by the trap
stop() {
	trap - EXIT INT TERM
	for pid in $pids; do
		kill "$pid" 2>/dev/null || :
	done
	wait
	exit "${1:-0}"
}
trap 'stop 1' EXIT
trap 'stop 0' INT TERM

umask 077
if [ -z "${PASSWORD:-}" ]; then
	PASSWORD=$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
fi

# Waits up to 20 s for a command to succeed, while process $1 lives.
wait_for() {
	pid=$1
	shift
	n=0
	until "$@" 2>/dev/null; do
		n=$((n + 1))
		if [ "$n" -gt 400 ] || ! kill -0 "$pid" 2>/dev/null; then
			echo "did not come up; see $dir/*.log:" >&2
			tail -n 20 "$dir"/*.log >&2
			exit 1
		fi
		sleep 0.05
	done
	kill -0 "$pid"		# else it was somebody else who answered
}

# shellcheck disable=SC2317 # called by wait_for
answers() {
	echo | openssl s_client -connect "127.0.0.1:$1" >/dev/null
}

# Host number $1, with its state in $dir.
start_host() {
	mkdir -p "$dir/xapi"
	printf '%s\n' "$PASSWORD" | openssl passwd -6 -stdin >"$dir/secret.tmp"
	mv "$dir/secret.tmp" "$dir/secret"
	rm -f "$dir/xenops.sock"
	"$build/host/xenopsd-sim" --state "$dir/host" \
	    --socket "$dir/xenops.sock" --picture "$build/host/bedplate-rfb" \
	    --image "$build/host/bedplate-image" \
	    --secret "$dir/secret" --number "$1" >"$dir/xenopsd.log" 2>&1 &
	pids="$! $pids"
	wait_for "$!" test -S "$dir/xenops.sock"
	"$build/host/xapi" --state "$dir/xapi" --secret "$dir/secret" \
	    --xenops "$dir/xenops.sock" --http-port $((http + $1 - 1)) \
	    --https-port $((https + $1 - 1)) \
	    --local-socket "$dir/xapi.sock" --site "$build/site" \
	    --listen-all --no-drop >"$dir/xapi.log" 2>&1 &
	pids="$! $pids"
	xapis="$xapis $!"
	wait_for "$!" answers $((https + $1 - 1))
}

echo "Bedplate API with simulated hosts, each of a pool of its own"
i=1
while [ "$i" -le "$hosts" ]; do
	dir=$top
	[ "$i" = 1 ] || dir=$top/$i
	start_host "$i"
	cat <<-END
	  https://127.0.0.1:$((https + i - 1))/    (http port $((http + i - 1)))
	    logs and state in $dir
	END
	i=$((i + 1))
done
echo "  user root, password $PASSWORD; Ctrl-C stops"

# The others go on when one ends.
rc=0
i=0
for xapi in $xapis; do
	i=$((i + 1))
	wait "$xapi" && continue
	rc=1
	dir=$top
	[ "$i" = 1 ] || dir=$top/$i
	echo "xapi ended; see $dir/xapi.log:" >&2
	tail -n 20 "$dir/xapi.log" >&2
done
exit "$rc"
