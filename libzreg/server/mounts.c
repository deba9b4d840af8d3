/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mounts.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "server/access.h"
#include "server/call.h"
#include "server/proofs.h"
#include "server/server.h"
#include "server/target.h"
#include <pthread.h>

/* Of repositories, when a client names none to mount from: some milliseconds. */
#define MAX_LOOKED_INTO 1000
/* For a client to come back with another token, and with its next blobs. */
#define LIFETIME_MS (60 * 1000)

struct zreg__mounts {
    uint8_t key[32];
    pthread_mutex_t lock; /* guards what follows */
    zreg__proofs *sent;   /* callers and blobs that were sent for another token */
};

zreg_status zreg__mounts_new(zreg__mounts **out, zreg_error *err)
{
    zreg__mounts *made = zreg__new(zreg__mounts);
    if (made == NULL) {
        return zreg__fail_nomem(err);
    }
    pthread_mutex_init(&made->lock, NULL);
    ZREG__AUTO(zreg__mounts) zreg__mounts *mounts = made;
    ZREG__TRY(zreg__random(mounts->key, sizeof(mounts->key), err));
    ZREG__TRY(zreg__proofs_new(&mounts->sent, ZREG__MAX_MOUNTS_SENT, LIFETIME_MS, err));
    *out = zreg__steal(&mounts);
    return ZREG_OK;
}

static bool read_blob(zreg_digest *out, const zreg__call *call)
{
    ZREG__AUTO_FREE char *text = zreg__call_query(call, "mount", 0);
    return text != NULL && zreg_digest_parse(out, text, NULL) == ZREG_OK;
}

/* Whether this caller is sent for another token to mount this blob, which he was not just before. */
static bool is_sent(zreg__mounts *mounts, const zreg__call *call, const char *source,
                    const zreg_digest *digest)
{
    uint8_t mac[ZREG__PROOFS_MAC_BYTES];
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(4 * ZREG__KIB);
    if (zreg__buf_printf(&text, NULL, "%llx %s %s %s", (unsigned long long)zreg__call_share(call),
                         call->repository, source, digest->text) != ZREG_OK) {
        return false;
    }
    zreg__hmac_sha256(mac, mounts->key, sizeof(mounts->key), text.data, text.size);
    uint64_t now = zreg__clock_ms();
    pthread_mutex_lock(&mounts->lock);
    bool is_back = zreg__proofs_recall(mounts->sent, mac, now);
    if (!is_back) {
        zreg__proofs_add(mounts->sent, mac, now);
    }
    pthread_mutex_unlock(&mounts->lock);
    return !is_back;
}

bool zreg__mounts_begin(zreg__call *call)
{
    zreg_digest digest;
    ZREG__AUTO_FREE char *source = zreg__target_source(call);
    if (source == NULL || !zreg__access_could_have(call, ZREG__RIGHT_PULL, source) ||
        !read_blob(&digest, call) || !is_sent(call->server->mounts, call, source, &digest)) {
        return true;
    }
    zreg__access_challenge(call);
    return false;
}

static bool may_pull(const char *repository, void *user)
{
    return zreg__access_has(user, ZREG__RIGHT_PULL, repository);
}

/* Where to mount from: the repository that the client names, if it may read that, else any that it may
 * read and that holds the blob, among the first few. */
static bool find_source(char *out, zreg__call *call, zreg__store *store, const zreg_digest *digest)
{
    ZREG__AUTO_FREE char *from = zreg__call_query(call, "from", 0);
    ZREG__AUTO_FREE char *source = zreg__target_source(call);
    if (from == NULL) {
        return zreg__store_blob_find(out, store, digest, may_pull, call, MAX_LOOKED_INTO, NULL) ==
               ZREG_OK;
    }
    return source != NULL && zreg__str_copy(out, ZREG__MAX_REPOSITORY + 1, source) &&
           zreg__access_has(call, ZREG__RIGHT_PULL, source);
}

bool zreg__mounts_try(zreg_digest *out, zreg__call *call, zreg__store *store)
{
    zreg_digest digest;
    char source[ZREG__MAX_REPOSITORY + 1];
    if (!read_blob(&digest, call) || !find_source(source, call, store, &digest) ||
        zreg__store_blob_mount(store, call->repository, source, &digest, NULL) != ZREG_OK) {
        return false;
    }
    *out = digest;
    return true;
}

void zreg__mounts_free(zreg__mounts *mounts)
{
    if (mounts != NULL) {
        zreg__proofs_free(mounts->sent);
        pthread_mutex_destroy(&mounts->lock);
        free(mounts);
    }
}
