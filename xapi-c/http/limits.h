/*
 * Every limit of the HTTP server in one place.  All times are milliseconds of
 * the monotonic clock.
 */
#ifndef HTTP_LIMITS_H
#define HTTP_LIMITS_H

#define HTTP_MAX_CONNS 2048		/* in all; fewer if the kernel allows
					 * us no descriptors for more */
#define HTTP_FILES 256			/* descriptors for all else */
#define HTTP_MAX_ADDRESSES 16		/* listened on by name */
#define HTTP_MAX_UNKNOWN 256		/* without a valid session so far */
#define HTTP_MAX_PER_ADDRESS 32		/* of those, of one source */
#define HTTP_MAX_UNKNOWN_BYTES (16u << 20)	/* of requests they all sent */
#define HTTP_MAX_KNOWN_BYTES (48u << 20)	/* and that the others sent */
#define HTTP_MAX_REPLY_BYTES (48u << 20)	/* that clients do not take */
#define HTTP_MAX_UNKNOWN_CALLS 8	/* being parsed and authenticated */
#define HTTP_MAX_STREAMS 64		/* imports, exports, consoles */
#define HTTP_SESSION_STREAMS 32		/* of those, of one session */
#define HTTP_WORKERS 8			/* always there */
#define HTTP_MAX_WORKERS 128		/* while others wait for slow calls */
#define HTTP_LATER_MS 200		/* then a call beyond its session's
					 * share of them is tried again */
#define HTTP_WORKER_IDLE_S 30		/* then those beyond HTTP_WORKERS end */
#define HTTP_STACK (1u << 20)		/* of every thread of the server */

#define HTTP_STOP_S 5			/* for calls under way, when we end */

#define HTTP_READ_STEP 16384		/* most that one TLS record holds */
#define HTTP_MAX_HEAD (16u << 10)
#define HTTP_MAX_HEADERS 100
#define HTTP_MAX_PAIRS 100		/* of the query; cookies */
#define HTTP_MAX_BODY (300u << 10)	/* of an RPC */
#define HTTP_QUICK_BODY 2048		/* parsed by the epoll thread itself */
#define HTTP_TURN_CALLS 32		/* of one connection, then others */
#define HTTP_MAX_READERS 4		/* one for each processor */
#define HTTP_LENT_CONNS 64		/* that one reader has at a time */
#define HTTP_LENT_BYTES (4u << 10)	/* of the requests of one of them */
#define HTTP_LENT_CALLS 4		/* getters in a row, then it is lent */
#define HTTP_LENT_MS 1000		/* of silence, then it comes back */

#define HTTP_READ_MS 10000		/* next byte of a head or body */
#define HTTP_HEAD_MS 60000		/* whole head, and TLS handshake */
#define HTTP_BODY_MS 120000		/* whole RPC body */
#define HTTP_IDLE_UNKNOWN_MS 60000	/* between requests */
#define HTTP_IDLE_MS 1800000
#define HTTP_WRITE_MS 60000		/* without any progress; strangers:
					 * whole reply */
#define HTTP_DRAIN_MS 3000		/* after a refusal */
#define HTTP_SURPLUS_MS 2000		/* for a byte too many of an import */
#define HTTP_MAX_PICTURES 2		/* being taken of screens */
#define HTTP_PICTURE_PIXELS (4u << 20)	/* four bytes each */
#define HTTP_PICTURE_MS 10000		/* for a screen to show itself */
#define HTTP_PICTURE_QUIET_MS 300	/* without news, then it is taken */
#define HTTP_MAX_PONGS (64u << 10)	/* to a console's client, unread */
#define HTTP_HANGUP_MS 3000		/* for a console to take the last words */
#define HTTP_KEEP_MS 300000		/* a silent console tells its session */
#define HTTP_CLI_MS 900000		/* a command's client, until it answers:
					 * a stock one says every five minutes
					 * that it is busy */
#define HTTP_UNKNOWN_LENGTH (1LL << 50)	/* that clients make up, or more */
#define HTTP_STREAM_MS 300000		/* read or write of a transfer */
#define HTTP_CANCEL_MS 500		/* then it hears of its task's cancel */

/* TCP's own, for peers that are gone without a word: the kernel asks a silent
 * one, and waits for one that acknowledges nothing as long as a stream does. */
#define HTTP_PROBE_IDLE_S 60
#define HTTP_PROBE_EVERY_S 30
#define HTTP_PROBES 4
#define HTTP_DEAD_MS HTTP_STREAM_MS

#endif
