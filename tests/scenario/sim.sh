#!/bin/sh
# sim.sh BUILD: the API on this machine with a simulated host, in the
# foreground until Ctrl-C.  HTTP_PORT, HTTPS_PORT, PASSWORD (root's; made up
# and printed when not given) and SIM_HOSTS come from the environment; state
# stays in BUILD/sim.
set -eu

build=$1
http=${HTTP_PORT:-8080}
https=${HTTPS_PORT:-8443}
dir=$build/sim
sim=
xapi=

if [ "${SIM_HOSTS:-1}" != 1 ]; then
	echo "SIM_HOSTS=$SIM_HOSTS: pools cannot be simulated yet" >&2
	exit 1
fi

# shellcheck disable=SC2317 # called by the trap
stop() {
	trap - EXIT INT TERM
	[ -z "$xapi" ] || kill "$xapi" 2>/dev/null || :
	[ -z "$sim" ] || kill "$sim" 2>/dev/null || :
	wait
	exit "${1:-0}"
}
trap 'stop 1' EXIT
trap 'stop 0' INT TERM

umask 077
mkdir -p "$dir/xapi"
if [ -z "${PASSWORD:-}" ]; then
	PASSWORD=$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
fi
printf '%s\n' "$PASSWORD" | openssl passwd -6 -stdin >"$dir/secret.tmp"
mv "$dir/secret.tmp" "$dir/secret"

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

rm -f "$dir/xenops.sock"
"$build/host/xenopsd-sim" --state "$dir/host" --socket "$dir/xenops.sock" \
    --picture "$build/host/bedplate-rfb" \
    --secret "$dir/secret" --number 1 >"$dir/xenopsd.log" 2>&1 &
sim=$!
wait_for "$sim" test -S "$dir/xenops.sock"
"$build/host/xapi" --state "$dir/xapi" --secret "$dir/secret" \
    --xenops "$dir/xenops.sock" --http-port "$http" --https-port "$https" \
    --local-socket "$dir/xapi.sock" --site "$build/site" --listen-all \
    --no-drop >"$dir/xapi.log" 2>&1 &
xapi=$!

# shellcheck disable=SC2317 # called by wait_for
answers() {
	echo | openssl s_client -connect "127.0.0.1:$https" >/dev/null
}
wait_for "$xapi" answers

cat <<END
Bedplate API with a simulated host
  https://127.0.0.1:$https/    (http port $http)
  user root, password $PASSWORD
  logs and state in $dir; Ctrl-C stops it
END
if ! wait "$xapi"; then
	echo "xapi ended; see $dir/xapi.log:" >&2
	tail -n 20 "$dir/xapi.log" >&2
	exit 1
fi
