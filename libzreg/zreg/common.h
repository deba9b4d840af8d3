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

/** Initial value of a struct whose first field is its size: that, and zero (in options: the
 *  default) for all else. */
#ifdef __cplusplus
extern "C++" {
template <typename type> inline type zreg_sized()
{
    type sized = type();
    sized.size = sizeof(type);
    return sized;
}
}
#define ZREG_OPTIONS(type) zreg_sized<type>()
#else
#define ZREG_OPTIONS(type)                                                                         \
    {                                                                                              \
        .size = sizeof(type)                                                                       \
    }
#endif

ZREG_BEGIN_DECLS

/** How a call ended, told apart by what a caller does about it. Values never change. */
typedef enum zreg_status {
    ZREG_OK = 0,
    ZREG_NOMEM = 1,        /**< memory ran out */
    ZREG_INVAL = 2,        /**< an argument or a document given by the caller is wrong */
    ZREG_NOTFOUND = 3,     /**< the named thing does not exist, or may not be seen */
    ZREG_DENIED = 4,       /**< credentials are missing, wrong or not sufficient */
    ZREG_CONFLICT = 5,     /**< a condition (expected digest, order of changes) does not hold */
    ZREG_CORRUPT = 6,      /**< bytes do not match their digest or size */
    ZREG_LIMIT = 7,        /**< something is larger, or there are more of it, than a limit allows */
    ZREG_LOOKUP = 8,       /**< no address was found for the name of a host */
    ZREG_NET = 9,          /**< no connection, or it was lost */
    ZREG_TLS = 10,         /**< TLS could not be agreed on, or the peer's certificate not trusted */
    ZREG_PROTO = 11,       /**< the peer broke the protocol */
    ZREG_PEER = 12,        /**< the peer itself failed (HTTP 5xx) */
    ZREG_BUSY = 13,        /**< the peer wants to be asked later (HTTP 429, 503) */
    ZREG_TIMEOUT = 14,     /**< the peer was silent for too long, or the call's deadline passed */
    ZREG_CANCELLED = 15,   /**< the cancel token was triggered */
    ZREG_CALLBACK = 16,    /**< a callback asked to stop */
    ZREG_UNSUPPORTED = 17, /**< the peer, or this build of the library, cannot do it */
    ZREG_IO = 18,          /**< the system refused: reading or writing a file, opening a socket */
} zreg_status;

/**
 * What went wrong, in memory of the caller's.
 *
 * Each function that takes one clears it first, so it needs no initial value. Never holds a secret.
 * The size is fixed for the life of the ABI: a field that is added takes its room from `reserved`.
 */
typedef struct zreg_error {
    int http_status; /**< the HTTP status that caused it, or 0 */
    zreg_status code;
    int os_error;            /**< IO: the system's errno, or 0 */
    int retryable;           /**< 1: the same call may well succeed later; 0: not as things are. The
                                  library has then tried `attempts` times */
    uint64_t retry_after_ms; /**< how long the peer wants to be left alone; 0: it did not tell */
    char registry_code[48];  /**< the registry's own code, such as "MANIFEST_UNKNOWN", or "" */
    char about[256];         /**< the HOST:PORT or the file that it was met at, or "" */
    char message[512];       /**< one line for people: names the thing, says what to do */
    uint64_t reserved[16];
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
