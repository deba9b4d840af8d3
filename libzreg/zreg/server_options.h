/* SPDX-License-Identifier: Apache-2.0 */
/** The settings of a registry server (<zreg/server.h>): rights, limits, logs. */
#ifndef ZREG_SERVER_OPTIONS_H
#define ZREG_SERVER_OPTIONS_H

#include <zreg/common.h>

ZREG_BEGIN_DECLS

/** What may be done without credentials. */
typedef enum zreg_anonymous {
    ZREG_ANONYMOUS_DEFAULT = 0, /**< buildset: pull; else none with users, a token service or
                                     a CA of clients, push without; a reload: as it was */
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
 * Called from server threads, several at once, which wait for it: it must not block. The line lives as long
 * as the call.
 */
typedef void (*zreg_access_fn)(const char *json_line, void *user);

/**
 * Receives one line of the audit log: a JSON object with the keys time, id (as in the access log),
 * remote, user, action, repository, reference, digest, outcome; null where there is none. An action is
 * "push-manifest", "push-blob", "mount-blob", "delete-manifest", "delete-tag", "delete-blob",
 * "cancel-upload" or "reload"; an outcome "done", "denied" (also for credentials that are wrong) or
 * "failed" (perhaps in part). Each tag of a push has a line of its own, and so has a manifest that was stored
 * without its tag: what was done is "done", whatever became of the rest. What this process itself stores by
 * a copy or promotion has no id. Called as zreg_access_fn is, and on the threads that reload or copy.
 */
typedef void (*zreg_audit_fn)(const char *json_line, void *user);

/** What may be done with a repository; none implies another. */
typedef enum zreg_server_right {
    ZREG_SERVER_PULL = 1,
    ZREG_SERVER_PUSH = 2,
    ZREG_SERVER_DELETE = 4,
    ZREG_SERVER_CATALOG = 8, /**< to see it in the catalog, with the right to pull */
} zreg_server_right;

/** Grants rights to callers on repositories. What a caller may do is what all rules together grant. */
typedef struct zreg_server_rule {
    size_t size;
    /** "anyone" (without credentials too), "users" (who has proved a name), "user:NAME", "group:NAME"; ends
     *  with NULL. */
    const char *const *who;
    /** Patterns for whole names, as the catalog shows them: "*" is any text without a slash, "**" any text;
     *  ends with NULL. */
    const char *const *repositories;
    uint32_t rights; /**< of zreg_server_right, added up */
} zreg_server_rule;

/** A group of users. */
typedef struct zreg_server_group {
    size_t size;
    const char *name;
    const char *const *members; /**< names of users; ends with NULL */
} zreg_server_group;

/**
 * What the peers of a server may take; 0: as said. What goes beyond is answered, where there is still
 * somebody to read it, with the status at the end. Times are milliseconds.
 */
typedef struct zreg_server_limits {
    size_t size;
    uint32_t request_line_bytes; /**< 0: 8,192; 65,536 at most. 414 */
    uint32_t head_bytes;  /**< request line and header fields; 0: 40,960; 65,536 at most. 431 */
    uint32_t head_fields; /**< 0: 100, which is the most. 431 */
    uint64_t body_bytes;  /**< of one request, of which a blob may take many; 0: 32 TiB. 413 */
    uint32_t head_ms;     /**< a TLS handshake, and a head from its first byte; 0: 20,000. 408 */
    uint32_t body_ms;     /**< in each such time `least_bytes` of a body come; 0: 30,000. 408 */
    uint32_t answer_ms;   /**< and as many of an answer go; 0: 30,000. Closed */
    uint32_t least_bytes; /**< of `body_ms` and `answer_ms`; 0: 30,720 */
    uint32_t idle_ms;     /**< between two requests; 0: 120,000. Closed */
    uint32_t total_ms;    /**< from a head to the end of its answer, looked at when `body_ms` or
                             `answer_ms` are over; 0: as long as it moves. 408, or closed */
    uint32_t connections; /**< 0: 4,096; no more than the descriptors allow. 503; TLS: closed */
    /** Those of an IPv4 address, or a /64 of IPv6; behind a trusted proxy requests at a time; 0: half of all.
     *  503; TLS: closed. */
    uint32_t connections_per_address;
    /** Memory for bodies and answers, all together, of which an address has no more than it leaves for
     *  others; 0: 128 MiB; 8 MiB at least. 503. */
    uint64_t held_bytes;
} zreg_server_limits;

/**
 * Settings of a server; 0 and NULL are what is usual. Lists end with NULL. All is copied: only what the
 * callbacks use has to live on.
 */
typedef struct zreg_server_options {
    size_t size;
    const char *root;   /**< folder of the store; made if missing. Buildset: NULL is a new temporary
                             folder, removed at stop */
    const char *listen; /**< "ADDRESS:PORT", "[V6]:PORT"; port 0 picks one; NULL: "127.0.0.1:0" */
    const char *tls_cert_pem; /**< certificate chain, PEM text; NULL: no TLS (buildset: made) */
    const char *tls_key_pem;  /**< its private key, PEM text; a secret */
    const char *htpasswd; /**< text of an htpasswd file (bcrypt or crypt hashes); NULL: no users */
    zreg_anonymous anonymous; /**< what may be done without credentials, unless there are `rules` */
    zreg_durability durability; /**< what a success answer promises to survive */
    int buildset;               /**< 1: makes certificate, one random user, token key and root */
    int plain_http;             /**< buildset: 1 leaves out TLS */
    const char *const *names;   /**< buildset: further DNS names and addresses in the certificate */
    uint32_t threads;           /**< event threads, 8 at most; 0: one per processor */
    uint32_t token_lifetime_s;  /**< seconds that our own bearer tokens are good for; 0: 3,600 */
    zreg_log_fn log;            /**< called from server threads, several at once; NULL: no log */
    void *log_user;
    zreg_access_fn access; /**< NULL: no access log */
    void *access_user;
    const char *const *read_only; /**< names of users in `htpasswd` that may pull only, or NULL */
    const char *public_url;       /**< how clients reach it where a proxy stands before it, such as
                                       "https://registry.example.org" or with a path that the proxy takes
                                       away; NULL: as they say themselves, by their Host header */
    int shadow;         /**< 1: engines ask it in place of other registries, so "x", "library/x" and
                             "docker.io/library/x" are one repository, as are "quay.io/y" and "y" asked
                             for with ?ns=quay.io; 0: three, as everywhere. Buildset: always 1 */
    int sparse_indexes; /**< 1: an index may name manifests that are not here, such as those of
                             platforms that were left out, and an image layers; 0: all are pushed
                             before it */
    /** Who may do what, and nothing else is granted: `anonymous` and `read_only` are left out. NULL: anyone as
     *  `anonymous` says, users all, readers pull. */
    const zreg_server_rule *const *rules;
    const zreg_server_group *const *groups; /**< that rules name */
    /** Patterns "REPOSITORIES[:TAGS]": once set, such a tag is neither moved nor deleted, nor what it is made
     *  of; or NULL. */
    const char *const *immutable_tags;
    int no_writes;  /**< 1: read-only; every request that changes anything is refused */
    int no_deletes; /**< 1: no manifest, tag or blob is deleted */
    /** Uploads that a user, or an address without one (of IPv6: a /64), may have open; one counts until it ends
     *  or an hour passes without it; 0: any number. */
    uint32_t uploads_per_user;
    zreg_audit_fn audit; /**< NULL: no audit log */
    void *audit_user;
    const zreg_server_limits *limits; /**< NULL: as usual */
    /** Addresses and networks ("10.0.0.0/8") of proxies that are believed whom they speak for, by Forwarded
     *  or X-Forwarded-For, -Proto, -Host, -Prefix; or NULL. */
    const char *const *trusted_proxies;
    int proxy_protocol; /**< 1: those begin each connection with the PROXY protocol, version 2 */
    /** Secrets of at least 16 bytes, 8 at most: bearer tokens are signed with the first and outlive the server,
     *  those of any are accepted; NULL: a random one of this run. */
    const char *const *token_keys;
    /** URL of a token service outside, which decides who may do what by its tokens, whatever `rules` say; then
     *  the next three are wanted, and no token of our own is made or taken. NULL: none. */
    const char *token_realm;
    const char *token_service; /**< the name by which it knows this server: tokens are for it */
    const char *token_issuer;  /**< its own name: tokens are of it */
    /** Its public keys or certificates, PEM text: RSA of 2048 bits and more for RS256, EC on P-256 for ES256;
     *  at most 8. */
    const char *token_trust_pem;
    /** Signs certificates of clients, PEM text: who shows one is the user that its common name says (without
     *  one: its first DNS or e-mail name) and needs no password; NULL: clients are asked for none. */
    const char *tls_client_ca_pem;
    int tls_client_required; /**< 1: a client that shows none is turned away */
    int metrics; /**< 1: GET /metrics is answered with the rest, for everybody, in Prometheus' text
                      format. It names no image and no user */
    const char *metrics_listen; /**< "ADDRESS:PORT" of a port of its own, in plain HTTP without
                                     users, for /metrics, /healthz and /readyz; NULL: none */
    int listen_descriptor; /**< a TCP socket that listens already, in place of `listen`, such as one that
                                systemd opened. It stays the caller's, and serves on in another process
                                after this server; 0: none */
} zreg_server_options;

ZREG_END_DECLS

#endif
