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

ZREG_BEGIN_DECLS

/** A running registry. */
typedef struct zreg_server zreg_server;

/** What may be done without credentials. */
typedef enum zreg_anonymous {
    ZREG_ANONYMOUS_DEFAULT = 0, /**< buildset: pull; else: none with users, push without */
    ZREG_ANONYMOUS_NONE = 1,
    ZREG_ANONYMOUS_PULL = 2,
    ZREG_ANONYMOUS_PUSH = 3, /**< pull and push */
} zreg_anonymous;

/** What a success answer promises to survive. Each survives kill -9 of the process. */
typedef enum zreg_durability {
    ZREG_DURABILITY_DEFAULT = 0,  /**< buildset: none; else: full */
    ZREG_DURABILITY_FULL = 1,     /**< power loss: blobs, manifests and tags are synced */
    ZREG_DURABILITY_MANIFEST = 2, /**< power loss, once the manifest was accepted */
    ZREG_DURABILITY_NONE = 3,     /**< nothing is synced */
} zreg_durability;

/**
 * Receives one line of the access log: a JSON object with the keys time, id, remote, user,
 * method, path, repository, reference, digest, status, bytes, received, ms, source. The source is
 * "artifact" when the content came from a change ahead, as populate told, else "local"; then change,
 * build and artifact (its URL) say which one, and "also" lists further artifacts with this digest.
 * Called from server threads, several at once, which wait for it: it must not block.
 */
typedef void (*zreg_access_fn)(const char *json_line, void *user);

/** Settings of a server. */
typedef struct zreg_server_options {
    size_t size;
    const char *root;   /**< folder of the store; made if missing. Buildset: NULL is a new temporary
                             folder, removed at stop */
    const char *listen; /**< "ADDRESS:PORT", "[V6]:PORT"; port 0 picks one; NULL: "127.0.0.1:0" */
    const char *tls_cert_pem; /**< certificate chain, PEM text; NULL: no TLS (buildset: made) */
    const char *tls_key_pem;  /**< its private key, PEM text */
    const char *htpasswd;     /**< users: text of an htpasswd file (bcrypt or crypt hashes) */
    zreg_anonymous anonymous;
    zreg_durability durability;
    int buildset;              /**< 1: makes certificate, one random user, token key and root */
    int plain_http;            /**< buildset: 1 leaves out TLS */
    const char *const *names;  /**< buildset: further DNS names and addresses in the certificate */
    uint32_t threads;          /**< event threads; 0: one per processor, at most 8 */
    uint32_t token_lifetime_s; /**< of bearer tokens; 0: 3,600 */
    zreg_log_fn log;
    void *log_user;
    zreg_access_fn access;
    void *access_user;
    const char *const *read_only; /**< names of users in `htpasswd` that may pull only, or NULL */
} zreg_server_options;

/**
 * Starts a server; when it returns, the server answers.
 *
 * Errors: INVAL (an address, certificate or htpasswd line), IO (the root; the address is
 * taken), UNSUPPORTED, NOMEM.
 */
ZREG_API zreg_status zreg_server_start(zreg_server **out, const zreg_server_options *options,
                                       zreg_error *err);

/** The address to connect to, without brackets, such as "127.0.0.1". */
ZREG_API const char *zreg_server_host(const zreg_server *server);

/** The port. */
ZREG_API uint16_t zreg_server_port(const zreg_server *server);

/** "HOST:PORT" as it stands in a reference, with brackets for IPv6. */
ZREG_API const char *zreg_server_address(const zreg_server *server);

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
 * with zreg_free.
 */
ZREG_API zreg_status zreg_server_connection(char **out_json, const zreg_server *server,
                                            zreg_error *err);

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
