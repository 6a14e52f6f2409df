# OpenSSL: TLS of xapi.  Kernel TLS on; old protocols and ciphers out.  Its option
# -static would take the threads out, too: locks, and an error queue for each.
openssl_SOURCE := -o openssl 3.5.* 3.5.6-1~deb13u2
openssl_LICENCE := Apache-2.0
openssl_NEEDS := musl
define openssl_BUILD
CC=$MCC ./Configure linux-x86_64 --prefix=/usr --openssldir=/etc/ssl \
	--libdir=lib threads no-shared no-tests enable-ktls no-engine no-dso \
	no-module no-legacy no-async no-ssl3 no-ssl3-method no-tls1 no-tls1_1 \
	no-dtls no-comp no-idea no-rc2 no-rc4 no-rc5 no-md2 no-md4 no-mdc2 \
	no-bf no-cast no-camellia no-seed no-aria no-sm2 no-sm3 no-sm4 \
	no-whirlpool no-rmd160 no-des no-dsa no-srp no-psk no-srtp no-gost \
	no-ec2m no-cms no-ts no-ct no-cmp no-ocb no-afalgeng no-ui-console \
	no-quic no-slh-dsa no-ml-dsa no-deprecated no-docs no-apps $OPT
make $J build_libs
mkdir -p "$P/lib/pkgconfig" "$P/include/openssl"
cp libcrypto.a libssl.a "$P/lib/"
cp include/openssl/*.h "$P/include/openssl/"
v=$(sed -n 's/^# define OPENSSL_VERSION_STR "\(.*\)"/\1/p' include/openssl/opensslv.h)
for n in crypto ssl; do
	r=
	[ $n = crypto ] || r=libcrypto
	cat >"$P/lib/pkgconfig/lib$n.pc" <<EOF
prefix=
Name: lib$n
Description: OpenSSL lib$n
Version: $v
Requires: $r
Libs: -L\${prefix}/lib -l$n
Cflags: -I\${prefix}/include
EOF
done
cat >"$P/lib/pkgconfig/openssl.pc" <<EOF
Name: OpenSSL
Description: OpenSSL
Version: $v
Requires: libssl libcrypto
EOF
endef
