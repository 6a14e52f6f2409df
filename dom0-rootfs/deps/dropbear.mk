# dropbear: ssh into dom0 for root, by the password of the console.  No keys of
# users, no forwarding.  Who guesses has three tries for each connection, which
# is kept half a minute after a failed one; two of those from an address, ten
# from all.
dropbear_SOURCE := -o dropbear
dropbear_LICENCE := MIT AND BSD-2-Clause AND BSD-3-Clause AND LicenseRef-public-domain
dropbear_NEEDS := musl zlib
dropbear_FILES := dom0-rootfs/deps/dropbear-secret.c
define dropbear_BUILD
cat >localoptions.h <<'END'
#define ED25519_PRIV_FILENAME "/state/ssh/host_key"
#define DROPBEAR_RSA 0
#define DROPBEAR_ECDSA 0
#define DROPBEAR_SMALL_CODE 0
#define DROPBEAR_SVR_PUBKEY_AUTH 0
#define DROPBEAR_SVR_LOCALTCPFWD 0
#define DROPBEAR_SVR_REMOTETCPFWD 0
#define DROPBEAR_SVR_LOCALSTREAMFWD 0
#define DROPBEAR_SVR_AGENTFWD 0
#define DROPBEAR_SFTPSERVER 0
#define INETD_MODE 0
#define DO_MOTD 0
#define MAX_UNAUTH_PER_IP 2
#define MAX_UNAUTH_CLIENTS 10
#define MAX_AUTH_TRIES 3
#define UNAUTH_CLOSE_DELAY 30
/* without keys of users its header leaves this out, but dropbearkey calls it */
char *sign_key_fingerprint(const unsigned char *, unsigned int);
END
$MCC $OPT -c -o secret.o "$FILES"
CC=$MCC CFLAGS="$OPT" LDFLAGS="-static -Wl,--gc-sections" ./configure \
	--host=x86_64-linux-musl --enable-static --enable-bundled-libtom \
	--disable-syslog --disable-lastlog --disable-utmp --disable-utmpx \
	--disable-wtmp --disable-wtmpx --disable-pututline \
	--disable-pututxline --disable-loginfunc
make $J CC="$MCC -Werror=implicit-function-declaration" MULTI=1 \
	PROGRAMS="dropbear dropbearkey" LIBS="$PWD/secret.o -lz"
mkdir -p "$P/bin"
cp dropbearmulti "$P/bin/"
endef
