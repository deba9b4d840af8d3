/* SPDX-License-Identifier: Apache-2.0 */
/** Status codes, errors, memory and version: what every other header builds on. */
#ifndef ZREG_COMMON_H
#define ZREG_COMMON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define ZREG_BEGIN_DECLS extern "C" {
#define ZREG_END_DECLS }
#else
#define ZREG_BEGIN_DECLS
#define ZREG_END_DECLS
#endif

/** Marks a function that programs may call. */
#define ZREG_API __attribute__((visibility("default")))

/** Initial value of an options struct: its size, and zero (the default) for all else. */
#define ZREG_OPTIONS(type)                                                                         \
    {                                                                                              \
        sizeof(type)                                                                               \
    }

ZREG_BEGIN_DECLS

/** How a call ended, told apart by what a caller does about it. Values never change. */
typedef enum zreg_status {
    ZREG_OK = 0,
    ZREG_NOMEM = 1,        /**< memory ran out */
    ZREG_INVAL = 2,        /**< an argument or a document given by the caller is wrong */
    ZREG_NOTFOUND = 3,     /**< the named thing does not exist, or may not be seen */
    ZREG_DENIED = 4,       /**< credentials are missing, wrong or not sufficient */
    ZREG_EXISTS = 5,       /**< it is there already and may not be replaced */
    ZREG_CONFLICT = 6,     /**< a condition (expected digest, order of changes) does not hold */
    ZREG_CORRUPT = 7,      /**< bytes do not match their digest or size */
    ZREG_LIMIT = 8,        /**< the peer sent, or the caller asked for, more than a limit allows */
    ZREG_NET = 9,          /**< name lookup, connection or TLS failed */
    ZREG_PROTO = 10,       /**< the peer broke the protocol */
    ZREG_TIMEOUT = 11,     /**< the peer was silent for too long */
    ZREG_CANCELLED = 12,   /**< the cancel token was triggered */
    ZREG_CALLBACK = 13,    /**< a callback asked to stop */
    ZREG_UNSUPPORTED = 14, /**< the peer, or this build of the library, cannot do it */
    ZREG_IO = 15,          /**< reading or writing a local file failed */
} zreg_status;

/**
 * What went wrong, in memory of the caller's.
 *
 * Never holds a secret. The size is fixed for the life of the ABI.
 */
typedef struct zreg_error {
    zreg_status code;
    int http_status;        /**< the HTTP status that caused it, or 0 */
    char registry_code[48]; /**< the registry's own code, such as "MANIFEST_UNKNOWN", or "" */
    char message[512];      /**< one line for people: names the thing, says what to do */
} zreg_error;

/**
 * Progress of a long call.
 *
 * Returning non-zero stops the call, which then returns ZREG_CALLBACK. Called on the thread of
 * the call that reports, at most about ten times a second and once at the end. `item` is valid
 * only during the callback. `bytes_total` grows while more work is discovered.
 */
typedef struct zreg_progress {
    const char *phase; /**< "copy", "append", "populate", "publish", "upload", "promote" */
    const char *item;  /**< what was worked on last: a reference or a digest */
    uint64_t bytes_done;
    uint64_t bytes_total;
    uint32_t blobs_done;
    uint32_t blobs_total;
} zreg_progress;

/** Receives progress; see zreg_progress. */
typedef int (*zreg_progress_fn)(const zreg_progress *progress, void *user);

/** How important a log line is. */
typedef enum zreg_log_level {
    ZREG_LOG_DEBUG = 0,
    ZREG_LOG_INFO = 1,
    ZREG_LOG_WARNING = 2,
    ZREG_LOG_ERROR = 3,
} zreg_log_level;

/**
 * Receives one line of log, without a line end, free of secrets.
 *
 * May be called from any thread, several at once. It must not call back into the object that logs.
 */
typedef void (*zreg_log_fn)(zreg_log_level level, const char *line, void *user);

/** The version of the library that is running, such as "0.1.0"; static memory. */
ZREG_API const char *zreg_version(void);

/** The name of a status, such as "NOTFOUND"; static memory; "UNKNOWN" for a value not listed. */
ZREG_API const char *zreg_status_name(zreg_status status);

/** Frees text that the library gave out as `char *`. Accepts NULL. */
ZREG_API void zreg_free(void *memory);

ZREG_END_DECLS

#endif
