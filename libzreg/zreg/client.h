/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A registry client (OCI distribution-spec 1.1): a session that owns connections, tokens and what
 * it has learned about each host. Many threads may use one client at once.
 */
#ifndef ZREG_CLIENT_H
#define ZREG_CLIENT_H

#include <zreg/cancel.h>
#include <zreg/common.h>
#include <zreg/manifest.h>
#include <zreg/ref.h>

ZREG_BEGIN_DECLS

/** A session with registries. */
typedef struct zreg_client zreg_client;

/** A list of strings given out by the library. */
typedef struct zreg_strings zreg_strings;

/** Settings of a client. */
typedef struct zreg_client_options {
    size_t size;
    const char *authfile;        /**< docker config.json; NULL: REGISTRY_AUTH_FILE, or else
                                 XDG_RUNTIME_DIR/containers/auth.json, XDG_CONFIG_HOME or
                                 ~/.config/containers/auth.json, then DOCKER_CONFIG or
                                 ~/.docker/config.json; "": none */
    const char *ca_file;         /**< PEM file of extra authorities for every host, or NULL */
    const char *user_agent;      /**< NULL: "zreg/VERSION" */
    uint32_t connect_timeout_ms; /**< 0: 30,000 */
    uint32_t idle_timeout_ms;    /**< longest silence of a peer; 0: 60,000 */
    uint32_t attempts;           /**< tries of a request that may be repeated; 0: 5, 1: no retry */
    zreg_log_fn log;             /**< NULL: no log */
    void *log_user;
    /** podman's registries.conf(5), version 2, and the files of the folder of that name with ".d": mirrors of
     *  registries, and which are blocked or insecure. NULL: none, or see podman_config; "": none. */
    const char *registries_conf;
    /** containerd's folder of HOST/hosts.toml (docs/hosts.md there): mirrors, and whom to trust; or NULL. */
    const char *hosts_dir;
    /** docker's folder of HOST/ with *.crt, *.cert and *.key: whom to trust, and as whom. NULL, "": as above. */
    const char *certs_dir;
    /** 1: where registries_conf or certs_dir is NULL, the files count that podman would read; 0: none. */
    int podman_config;
    /** 1: mirrors are not asked. 0: manifests and blobs come from the first mirror that gives them, or else from
     *  the registry; those of a repository to which this client writes come from the registry. */
    int no_mirrors;
} zreg_client_options;

/** How to reach one host. */
typedef struct zreg_host_options {
    size_t size;
    const char *ca_pem;          /**< authorities trusted for this host, PEM text, or NULL */
    const char *client_cert_pem; /**< client certificate, PEM text, or NULL */
    const char *client_key_pem;  /**< its private key, PEM text, or NULL */
    int insecure;                /**< 1: accept any certificate */
    int plain_http;              /**< 1: HTTP without TLS; 0: HTTPS, except that a loopback host
                                      is tried over HTTPS first and HTTP second, unless
                                      ca_pem or client_cert_pem is given */
    int http2;                   /**< 1: offer HTTP/2 over TLS, and speak it where the host does,
                                      except to upload large blobs; 0: HTTP/1.1, which costs less */
} zreg_host_options;

/** Interfaces over which tags are listed with their age, and one tag is deleted. */
typedef enum zreg_tag_api {
    ZREG_TAG_API_AUTO = 0, /**< docker.io: HUB; quay.io with a token: QUAY; else OCI */
    ZREG_TAG_API_OCI = 1,  /**< the registry's own protocol, distribution-spec 1.1 */
    ZREG_TAG_API_HUB = 2,  /**< Docker Hub's API; logs in with the registry's user and password */
    ZREG_TAG_API_QUAY = 3, /**< Quay's API; takes an OAuth token */
} zreg_tag_api;

/** How the tags of one host are listed and deleted. */
typedef struct zreg_tag_api_options {
    size_t size;
    zreg_tag_api api;
    const char *url;   /**< where the API answers; NULL: https://hub.docker.com, or for QUAY the
                            registry itself. http:// is for loopback and plain_http hosts only */
    const char *token; /**< bearer token for it, or NULL */
} zreg_tag_api_options;

/** What a client has sent since it was made. Grows at its end; see zreg_client_counters. */
typedef struct zreg_counters {
    uint64_t requests;      /**< all HTTP requests, authentication included */
    uint64_t auth_requests; /**< of these: requests to token services, and requests answered 401 */
    uint64_t blob_requests; /**< of these: requests to /blobs/ paths */
    uint64_t bytes_in;      /**< body bytes received */
    uint64_t bytes_out;     /**< body bytes sent */
    uint64_t connections;   /**< connections opened */
} zreg_counters;

/** Makes a client. Reads no file yet and opens no connection. Errors: INVAL, NOMEM. */
ZREG_API zreg_status zreg_client_new(zreg_client **out, const zreg_client_options *options,
                                     zreg_error *err);

/**
 * Sets the user and password for a host ("docker.io", "127.0.0.1:5000"), before all other sources.
 * A NULL user means anonymous, whatever the authfile says. The texts are copied, and wiped when
 * they are replaced or the client is freed.
 */
ZREG_API zreg_status zreg_client_set_credentials(zreg_client *client, const char *host,
                                                 const char *username, const char *password,
                                                 zreg_error *err);

/** Sets how a host is reached; the texts are copied. Set it before the first use of the host. */
ZREG_API zreg_status zreg_client_set_host(zreg_client *client, const char *host,
                                          const zreg_host_options *options, zreg_error *err);

/**
 * Both, by the connection record of a buildset registry, {"host", "port", "username", "password", "cert"} as JSON (what
 * else it has is not looked at). `options` may say more of the host; its ca_pem counts before the record's "cert".
 * `out` gets HOST:PORT; zreg_free it. Errors: INVAL (with the member named, never its value).
 */
ZREG_API zreg_status zreg_client_set_connection(char **out, zreg_client *client, const char *json,
                                                size_t size, const zreg_host_options *options,
                                                zreg_error *err);

/**
 * Sets which interface zreg_client_tag_delete, zreg_promote and zreg_cleanup_tags use at a host; the texts are
 * copied, the token is wiped with the client. Set it before the first use of the host. Errors: INVAL.
 */
ZREG_API zreg_status zreg_client_set_tag_api(zreg_client *client, const char *host,
                                             const zreg_tag_api_options *options, zreg_error *err);

/** zreg_client_counters for a caller whose zreg_counters has `out_size` bytes: call that one. */
ZREG_API void zreg_client_counters_sized(zreg_counters *out, size_t out_size,
                                         const zreg_client *client, const char *host);

/** What was sent to one host, or to all when `host` is NULL, so far. Threads may still be sending. */
static inline void zreg_client_counters(zreg_counters *out, const zreg_client *client,
                                        const char *host)
{
    zreg_client_counters_sized(out, sizeof(*out), client, host);
}

/** Asks the host whether it speaks the protocol (GET /v2/) and accepts the credentials. */
ZREG_API zreg_status zreg_client_ping(zreg_client *client, const char *host, zreg_cancel *cancel,
                                      zreg_error *err);

/**
 * Fetches a manifest; by digest it is verified, by tag its digest is computed.
 * Errors: NOTFOUND, DENIED, CORRUPT (bytes or Docker-Content-Digest do not match), LIMIT, NET,
 * PROTO, TIMEOUT, CANCELLED, and those of zreg_manifest_parse.
 */
ZREG_API zreg_status zreg_client_manifest_get(zreg_manifest **out, zreg_client *client,
                                              const zreg_ref *ref, zreg_cancel *cancel,
                                              zreg_error *err);

/** The digest of a manifest by HEAD, or by GET where the registry's HEAD does not tell it. */
ZREG_API zreg_status zreg_client_manifest_head(zreg_digest *out, zreg_client *client,
                                               const zreg_ref *ref, zreg_cancel *cancel,
                                               zreg_error *err);

/** Stores exactly the manifest's bytes under the tag or digest of `ref`. */
ZREG_API zreg_status zreg_client_manifest_put(zreg_client *client, const zreg_ref *ref,
                                              const zreg_manifest *manifest, zreg_cancel *cancel,
                                              zreg_error *err);

/** Deletes a manifest by the digest of `ref`, and with it every tag on that digest. */
ZREG_API zreg_status zreg_client_manifest_delete(zreg_client *client, const zreg_ref *ref,
                                                 zreg_cancel *cancel, zreg_error *err);

/**
 * Deletes the one tag of `ref`, over the interface of zreg_client_set_tag_api or the registry's
 * own (distribution-spec 1.1, "Deleting tags"); never the image, so its other tags stay. A registry
 * that deletes manifests only is given an empty image under the tag, which then is deleted by its
 * digest; that it deletes any is found out before, and if it fails the tag is given back.
 * Errors: NOTFOUND, DENIED, UNSUPPORTED (the registry deletes neither tags nor manifests), CONFLICT
 * (the tag was set to another image meanwhile, and is left).
 */
ZREG_API zreg_status zreg_client_tag_delete(zreg_client *client, const zreg_ref *ref,
                                            zreg_cancel *cancel, zreg_error *err);

/** Lists all tags of a repository, over as many pages as it takes. The tag of `ref` is ignored. */
ZREG_API zreg_status zreg_client_tags(zreg_strings **out, zreg_client *client, const zreg_ref *ref,
                                      zreg_cancel *cancel, zreg_error *err);

/**
 * Lists the repositories of a host, over as many pages as it takes: those that the credentials may
 * see, as the registry thinks fit. Not part of the distribution-spec but of the Docker Registry HTTP
 * API V2 ("Listing Repositories"), and what is new may come late to it. Errors: UNSUPPORTED (the
 * registry has no catalog for anybody), DENIED, LIMIT (more than 100,000), and those of the client.
 */
ZREG_API zreg_status zreg_client_catalog(zreg_strings **out, zreg_client *client, const char *host,
                                         zreg_cancel *cancel, zreg_error *err);

/** How many strings there are. */
ZREG_API size_t zreg_strings_count(const zreg_strings *strings);

/** String number `i`, or NULL past the end. */
ZREG_API const char *zreg_strings_at(const zreg_strings *strings, size_t i);

/** Frees the list. Accepts NULL. */
ZREG_API void zreg_strings_free(zreg_strings *strings);

/** Closes all connections and frees the client; streams still open keep what they need. */
ZREG_API void zreg_client_free(zreg_client *client);

ZREG_END_DECLS

#endif
