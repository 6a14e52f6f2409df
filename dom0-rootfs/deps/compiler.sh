#!/bin/sh
# compiler.sh ROOT DIR TOP: DIR/musl-cc compiles against ROOT/include and
# ROOT/lib alone, and names no file below TOP by its full path.
set -eu

mkdir -p "$2"
sed "s,/MUSLROOT,$1,g" "$1/lib/musl-gcc.specs" >"$2/musl.specs"
printf '#!/bin/sh\nexec gcc "$@" -specs "%s" -ffile-prefix-map="%s=."\n' \
    "$2/musl.specs" "$3" >"$2/musl-cc.tmp"
chmod +x "$2/musl-cc.tmp"
mv "$2/musl-cc.tmp" "$2/musl-cc"
