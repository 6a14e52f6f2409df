# SQLite: xapi's database.  With change sets, for the pool.
sqlite_SOURCE := sqlite3
sqlite_LICENCE := blessing
sqlite_NEEDS := musl
define sqlite_BUILD
# their generators run here, so configured for the host
CC=gcc ./configure --disable-tcl --disable-shared
make sqlite3.c
"$MCC" $OPT -DSQLITE_THREADSAFE=1 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_DQS=0 \
	-DSQLITE_DEFAULT_FOREIGN_KEYS=1 -DHAVE_FDATASYNC=1 -DHAVE_USLEEP=1 \
	-DSQLITE_OMIT_DEPRECATED -DSQLITE_ENABLE_SESSION \
	-DSQLITE_ENABLE_PREUPDATE_HOOK -c sqlite3.c
mkdir -p "$P/lib/pkgconfig" "$P/include"
ar rcsD "$P/lib/libsqlite3.a" sqlite3.o
cp sqlite3.h "$P/include/"
cat >"$P/lib/pkgconfig/sqlite3.pc" <<EOF
prefix=
Name: sqlite3
Description: SQL database
Version: $(cat VERSION)
Libs: -L\${prefix}/lib -lsqlite3 -lm
Cflags: -I\${prefix}/include
EOF
endef
