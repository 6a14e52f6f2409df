#!/bin/sh
# Meson's cross file for musl, on stdout.  MCC, OUT and OPT as in build.sh.
set -eu

words()
{
	printf "'%s', " "$@"
}

# shellcheck disable=SC2086 # words
cat <<EOF
[binaries]
c = '$MCC'
ar = 'ar'
strip = 'strip'
pkg-config = 'pkg-config'
[built-in options]
default_library = 'static'
prefer_static = true
c_args = [$(words $OPT "-I$OUT/include")]
c_link_args = ['-static', '-L$OUT/lib']
[host_machine]
system = 'linux'
cpu_family = 'x86_64'
cpu = 'x86_64'
endian = 'little'
EOF
