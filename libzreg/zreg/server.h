/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A registry server in this process (OCI distribution-spec 1.1).
 *
 * Many servers may run at once. Each has its own threads, which end in zreg_server_stop. In a
 * library built with --disable-server every call returns UNSUPPORTED.
 */
#ifndef ZREG_SERVER_H
#define ZREG_SERVER_H

#include <zreg/common.h>
#include <zreg/server_options.h>

ZREG_BEGIN_DECLS

/** A running registry. What it says of itself may be asked for by any thread, and lives as long as it. */
typedef struct zreg_server zreg_server;

/**
 * Starts a server; when it returns, the server answers.
 *
 * Errors: INVAL (an address, certificate, key, htpasswd line, rule, pattern or limit; a root is missing; the
 * htpasswd text names the user that buildset mode makes), LIMIT (the htpasswd text, rules or groups are too
 * large), IO (the root; the address is taken), UNSUPPORTED, NOMEM.
 */
ZREG_API zreg_status zreg_server_start(zreg_server **out, const zreg_server_options *options,
                                       zreg_error *err);

/** The address to connect to, without brackets, such as "127.0.0.1". */
ZREG_API const char *zreg_server_host(const zreg_server *server);

/** The port. */
ZREG_API uint16_t zreg_server_port(const zreg_server *server);

/** "HOST:PORT" as it stands in a reference, with brackets for IPv6. */
ZREG_API const char *zreg_server_address(const zreg_server *server);

/** "HOST:PORT" of options.metrics_listen, or NULL. */
ZREG_API const char *zreg_server_metrics_address(const zreg_server *server);

/** The user made in buildset mode ("zuul"), or NULL. */
ZREG_API const char *zreg_server_username(const zreg_server *server);

/** The password made in buildset mode, or NULL. A secret. */
ZREG_API const char *zreg_server_password(const zreg_server *server);

/** The certificate as PEM text, or NULL without TLS. */
ZREG_API const char *zreg_server_certificate(const zreg_server *server);

/** SHA-256 of the certificate as "AB:CD:...", or NULL without TLS. */
ZREG_API const char *zreg_server_fingerprint(const zreg_server *server);

/**
 * The connection record as Zuul's jobs share it: a JSON object with host, port, username,
 * password, cert, fingerprint. It holds the password: return it as secret data only. Free it
 * with zreg_free. Errors: NOMEM.
 */
ZREG_API zreg_status zreg_server_connection(char **out_json, const zreg_server *server,
                                            zreg_error *err);

/**
 * Exchanges certificates, users, rights and keys of tokens while the server runs: those of `options`
 * (tls_cert_pem, tls_key_pem, htpasswd, read_only, rules, groups, immutable_tags, no_writes, no_deletes,
 * token_keys, those of the token service, tls_client_*, and anonymous unless it is DEFAULT) take the place
 * of the ones that it has; nothing else of them is looked at. No connection ends: the certificate is shown
 * to those that begin from now on, rights count for requests that begin from now on. Tokens of users who
 * are gone end, and none of our own grants more than its user may do now. zreg_server_certificate and
 * _fingerprint keep what they told.
 * Any thread may call it. After an error all is as it was. Errors: INVAL (a certificate, key, token
 * key, htpasswd line, rule or pattern; a buildset registry; TLS, users, rules, a token service or a
 * CA of clients where there were none, or the reverse; a forked child), CANCELLED (it was stopped),
 * LIMIT, NOMEM.
 */
ZREG_API zreg_status zreg_server_reload(zreg_server *server, const zreg_server_options *options,
                                        zreg_error *err);

/**
 * Whether each event thread comes round within `timeout_ms`: what a watchdog wants to know. /readyz tells
 * of the store. Any thread may call it. Errors: TIMEOUT, CANCELLED (it was stopped, or is ending), INVAL (a
 * forked child).
 */
ZREG_API zreg_status zreg_server_check(zreg_server *server, uint32_t timeout_ms, zreg_error *err);

/**
 * Takes no new connection, gives running requests up to `grace_ms` to end, then closes them, joins
 * all threads and, in buildset mode with a temporary root, removes the root. A copy that reads or
 * writes inside the server ends with CANCELLED.
 *
 * Any thread may call it, at any time and again: the shortest grace counts, and each call returns when
 * the server has stopped. UINT32_MAX is as long as the requests take. Within a callback of this
 * server it is refused. Errors: INVAL (within its callback, in a forked child), IO (the root).
 */
ZREG_API zreg_status zreg_server_stop(zreg_server *server, uint32_t grace_ms, zreg_error *err);

/**
 * Frees the server, stopping it without grace when it still runs. Accepts NULL. Within a callback of
 * this server it returns at once, and the server ends, on a thread of its own, once the callback has
 * returned: what its callbacks use must live until then.
 */
ZREG_API void zreg_server_free(zreg_server *server);

ZREG_END_DECLS

#endif
