/* All the libraries of the daemons in one program.  Only check.sh compiles this. */
#define _GNU_SOURCE
#include <crypt.h>
#include <string.h>
#include <libxml/parser.h>
#include <openssl/ssl.h>
#include <sqlite3.h>

#ifdef OPENSSL_NO_KTLS
#error no kernel TLS
#endif

int
main(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	sqlite3 *db;
	xmlDoc *doc;

	if (ctx == NULL)
		return 1;
	SSL_CTX_set_options(ctx, SSL_OP_ENABLE_KTLS);
	if (sqlite3_open(":memory:", &db) != SQLITE_OK)
		return 2;
	doc = xmlReadMemory("<a/>", 4, NULL, NULL, XML_PARSE_NONET);
	if (doc == NULL)
		return 3;
	if (strncmp(crypt("pw", "$6$saltsalt$"), "$6$saltsalt$", 12) != 0)
		return 4;
	return 0;
}
