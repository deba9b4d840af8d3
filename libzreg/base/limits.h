/* SPDX-License-Identifier: Apache-2.0 */
/** Every limit on what a peer or a document may make the library hold, in one place. */
#ifndef ZREG_BASE_LIMITS_H
#define ZREG_BASE_LIMITS_H

#define ZREG__KIB ((size_t)1024)
#define ZREG__MIB (1024 * ZREG__KIB)

#define ZREG__MAX_MANIFEST_BYTES (4 * ZREG__MIB)
#define ZREG__MAX_CONFIG_BYTES (8 * ZREG__MIB) /* the config blob of an image, when read whole */
#define ZREG__MAX_TAGS_PAGE_BYTES (4 * ZREG__MIB)
#define ZREG__MAX_TAGS_PAGES 10000
#define ZREG__MAX_TAGS 1000000
#define ZREG__MAX_CATALOG 100000 /* repositories of one host */
#define ZREG__MAX_TOKEN_BODY_BYTES (64 * ZREG__KIB)
#define ZREG__MAX_ERROR_BODY_BYTES (64 * ZREG__KIB)
#define ZREG__MAX_HEADER_BYTES (256 * ZREG__KIB)
#define ZREG__MAX_REDIRECTS 5
#define ZREG__MAX_LAYERS 4096
#define ZREG__MAX_INDEX_CHILDREN 4096
#define ZREG__MAX_INDEX_DEPTH 8
#define ZREG__MAX_GRAPH_NODES 100000
#define ZREG__MAX_GRAPH_BYTES (256 * ZREG__MIB) /* the manifests of one image together */
#define ZREG__MAX_REFERRERS 1000                /* what belongs to one image, all together */
#define ZREG__MAX_REFERRERS_DEPTH 8
#define ZREG__MAX_REFERRERS_PAGES 1000
#define ZREG__MAX_JSON_BYTES (64 * ZREG__MIB) /* the most that any document may have */
#define ZREG__MAX_JSON_DEPTH 32
#define ZREG__MAX_JSON_GROWTH 32   /* times the size of its text, what a document takes in memory */
#define ZREG__MAX_JSON_NUMBER 1024 /* characters */
#define ZREG__MAX_ZUUL_BYTES (32 * ZREG__MIB) /* one answer of Zuul's API */
#define ZREG__MAX_ARTIFACTS_BYTES (16 * ZREG__MIB)
#define ZREG__MAX_ARTIFACTS 10000
#define ZREG__MAX_ITEMS 1000 /* of Zuul's queue, ahead of one item */
#define ZREG__MAX_ORIGIN_BYTES 1024
#define ZREG__MAX_ORIGIN_NAMES 100000 /* tags and digests whose origin a server knows */
#define ZREG__MAX_SERVED_IMAGES 10000 /* in an access log, and as many names that are not here */
#define ZREG__MAX_AUTHFILE_BYTES (1 * ZREG__MIB)
#define ZREG__MAX_SETTINGS_BYTES (1 * ZREG__MIB) /* a file that says how to reach registries */
#define ZREG__MAX_SETTINGS_FILES 256             /* such files in one folder */
#define ZREG__MAX_MIRROR_RULES 4096              /* registries that they say something of */
#define ZREG__MAX_MIRRORS 32                     /* of one registry */
#define ZREG__MAX_MIRROR_NOTES 4096              /* what a client remembers of its mirrors */
#define ZREG__MAX_NOTICES 256                    /* of registries, that a client tells */
#define ZREG__MAX_WARNING_BYTES 4096             /* of one such, as the specification has it */
#define ZREG__MAX_PEM_BYTES (4 * ZREG__MIB)
#define ZREG__MAX_HTPASSWD_BYTES (4 * ZREG__MIB)
#define ZREG__MAX_PASSWORD 512    /* as crypt(3) has it */
#define ZREG__MIN_TOKEN_KEY 16    /* bytes of a secret that signs tokens */
#define ZREG__MAX_TOKEN_ACCESS 64 /* entries that a token of a token service may grant */
#define ZREG__MAX_PROOFS 1024     /* passwords that a server remembers to be right */
#define ZREG__MAX_MOUNTS_SENT 512 /* mounts whose callers were just sent for another token */
#define ZREG__MAX_THROTTLED 4096  /* addresses whose wrong passwords a server counts */
#define ZREG__MAX_NODE_FILE_BYTES (4 * ZREG__MIB) /* a file of an engine, such as daemon.json */
#define ZREG__MAX_HOST_RECORD_BYTES (64 * ZREG__MIB)
#define ZREG__MAX_NODE_FILES 1024
#define ZREG__MAX_HOST_NAMESPACES 64
#define ZREG__MAX_CHALLENGES 8
#define ZREG__MAX_SCOPES 32
#define ZREG__MAX_SCOPES_ASKED 128   /* parameters of a request for a token to a server */
#define ZREG__MAX_PATTERN 256        /* of tags to clean up, of repositories with rights */
#define ZREG__MAX_OPEN_UPLOADS 10000 /* that a server counts */
#define ZREG__MAX_RULES 10000        /* of a server's rights */
#define ZREG__MAX_RULE_TEXTS 100000  /* names or patterns in one of them, members of a group */
#define ZREG__MAX_REPOSITORY 255
#define ZREG__MAX_TAG 128
#define ZREG__MAX_PROMOTED_TAGS 64 /* tags of one promotion; a bit mask holds them */
#define ZREG__MAX_HOST 255
#define ZREG__MAX_URL 8192
#define ZREG__MAX_MEDIA_TYPE 127
#define ZREG__MAX_BLOB_BYTES ((uint64_t)1 << 45) /* 32 TiB; sizes above are absurd */
/* An archive from a pipe or a gzip stream, which goes into a temporary file: a small stream may hold
 * much. What is larger is read from a file. */
#define ZREG__MAX_SPOOL_BYTES ((uint64_t)64 << 30)
#define ZREG__MAX_ZSTD_WINDOW_LOG 27 /* 128 MiB, as the command zstd takes it */
/* A daemon that packs a large image first sends nothing meanwhile. */
#define ZREG__UNIX_CALL_IDLE_MS ((uint64_t)600000)
#define ZREG__MAX_RETRY_AFTER_S 60
#define ZREG__MAX_JOBS 64
#define ZREG__MAX_TREE_DEPTH 256 /* folders in folders, when a layer is packed */
#define ZREG__MAX_TREE_PATH (64 * ZREG__KIB)
#define ZREG__MAX_LINK_TARGET 4096
#define ZREG__MAX_ROOTFS_ENTRIES 1000000 /* files of an image whose file system is written */
#define ZREG__MAX_ROOTFS_BYTES (128 * ZREG__MIB) /* of their names and of targets of links */
#define ZREG__MAX_ROOTFS_STEPS 32000000  /* names that those of a layer lead through, links too */
#define ZREG__MAX_CONNECTIONS 4096       /* of one server */
#define ZREG__MAX_MONITOR_CONNECTIONS 64 /* of its port for those who watch */
#define ZREG__MAX_DRAIN_BYTES                                                                      \
    (16 * ZREG__MIB) /* of a body that was refused, to keep the connection */
#define ZREG__MIN_FREE_BYTES (64 * ZREG__MIB)    /* with less on its disk a server is not ready */
#define ZREG__MAX_UNREAD_BYTES (128 * ZREG__MIB) /* the same, so that the peer sees the answer */
#define ZREG__MAX_TOO_LARGE_BYTES                                                                  \
    (48 * ZREG__MIB) /* the same, of a body that is refused for its size */

/* Buffers of streams. Two or three of them exist per running transfer. */
#define ZREG__STREAM_BYTES (128 * ZREG__KIB)

#endif
