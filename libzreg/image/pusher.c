/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A blob is not asked for with HEAD before it is pushed: a mount from the destination's own
 * repository answers the same question and, when the answer is no, is the upload session already.
 * Where another repository may hold the blob, the mount is from there.
 * Registries that ignore mounts would be sent what they have, so before many bytes are sent one
 * HEAD makes sure, and a registry caught ignoring a mount is asked by HEAD from then on.
 */
#include "image/pusher.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/strings.h"
#include "oci/reference.h"
#include "registry/client.h"

/* Sending this much takes longer than a HEAD. */
#define WORTH_A_HEAD_BYTES (4 * ZREG__MIB)

void zreg__pusher_init(zreg__pusher *self)
{
    pthread_mutex_init(&self->first_push, NULL);
    pthread_mutex_init(&self->lock, NULL);
}

zreg_status zreg__pusher_open(zreg__pusher *self, zreg_client *client, const zreg_ref *ref,
                              const char *const *mount_from, zreg_error *err)
{
    self->client = client;
    self->ref = ref;
    ZREG__TRY(zreg__strings_new(&self->mount_from, err));
    ZREG__TRY(zreg__strings_new(&self->missing, err));
    for (size_t i = 0; mount_from != NULL && mount_from[i] != NULL; i++) {
        ZREG__TRY(zreg__strings_add(self->mount_from, mount_from[i], ZREG__MAX_SCOPES, err));
        ZREG__TRY(zreg__client_expect(client, ref, "pull,push", mount_from[i], err));
    }
    return ZREG_OK;
}

/* What one push needs to know. */
typedef struct push {
    zreg__pusher *self;
    const zreg_digest *digest;
    uint64_t size_bytes;
    zreg_cancel *cancel;
} push;

static zreg_status head(bool *out_there, const push *p, const zreg_ref *ref, zreg_error *err)
{
    uint64_t size = 0;
    zreg_error why = {.code = ZREG_OK};
    zreg_status status = zreg_blob_head(&size, p->self->client, ref, p->digest, p->cancel, &why);
    /* What has another size is not the blob: pushed anew it becomes it. */
    *out_there = status == ZREG_OK && (p->size_bytes == UINT64_MAX || p->size_bytes == size);
    return status == ZREG_OK || status == ZREG_NOTFOUND ? ZREG_OK : zreg__fail_again(err, &why);
}

static zreg_status mount(zreg_blob_writer **out, const push *p, const char *from, zreg_error *err)
{
    return zreg__blob_mount_or_create(out, p->self->client, p->self->ref, p->digest, p->size_bytes,
                                      from, p->cancel, err);
}

static zreg_status push_after_head(zreg_blob_writer **out, zreg__endpoint_blob_state *out_state,
                                   const push *p, zreg_error *err)
{
    bool there = false;
    ZREG__TRY(head(&there, p, p->self->ref, err));
    *out_state = there ? ZREG__BLOB_PRESENT : ZREG__BLOB_WANTED;
    return there ? ZREG_OK : mount(out, p, NULL, err);
}

/* A registry that answers a mount of what it does not have with an error, not with a session. */
static bool mount_refused(zreg_status status)
{
    return status == ZREG_INVAL || status == ZREG_NOTFOUND || status == ZREG_UNSUPPORTED ||
           status == ZREG_PROTO || status == ZREG_DENIED;
}

/* `from` holds the blob, so only a registry without mounts will want its bytes. */
static zreg_status push_by_mount(zreg_blob_writer **out, zreg__endpoint_blob_state *out_state,
                                 const push *p, const char *from, zreg_error *err)
{
    zreg_error why = {.code = ZREG_OK};
    zreg_status status = mount(out, p, from, &why);
    if (mount_refused(status)) {
        ZREG__TRY(mount(out, p, NULL, err));
    } else if (status != ZREG_OK) {
        return zreg__fail_again(err, &why);
    }
    *out_state = *out == NULL ? ZREG__BLOB_MOUNTED : ZREG__BLOB_WANTED;
    return ZREG_OK;
}

/* A session is open, but a registry that ignores mounts may have the blob all the same. */
static zreg_status look_before_sending(zreg_blob_writer **out, zreg__endpoint_blob_state *out_state,
                                       const push *p, zreg_error *err)
{
    bool there = false;
    if (p->size_bytes >= WORTH_A_HEAD_BYTES) {
        ZREG__TRY(head(&there, p, p->self->ref, err));
    }
    if (there) {
        p->self->self_mount = ZREG__MOUNT_IGNORED;
        zreg_blob_writer_free(zreg__steal(out));
    }
    *out_state = there ? ZREG__BLOB_PRESENT : ZREG__BLOB_WANTED;
    return ZREG_OK;
}

/* Is it here? A mount from this same repository tells. */
static zreg_status push_by_self_mount(zreg_blob_writer **out, zreg__endpoint_blob_state *out_state,
                                      const push *p, zreg_error *err)
{
    zreg__pusher *self = p->self;
    zreg_error why = {.code = ZREG_OK};
    zreg_status status = mount(out, p, zreg_ref_repository(self->ref), &why);
    if (mount_refused(status)) {
        self->self_mount = ZREG__MOUNT_IGNORED;
        return push_after_head(out, out_state, p, err);
    }
    if (status != ZREG_OK) {
        return zreg__fail_again(err, &why);
    }
    if (*out == NULL) {
        self->self_mount = ZREG__MOUNT_WORKS;
        *out_state = ZREG__BLOB_PRESENT;
        return ZREG_OK;
    }
    if (self->self_mount == ZREG__MOUNT_WORKS) {
        *out_state = ZREG__BLOB_WANTED;
        return ZREG_OK;
    }
    return look_before_sending(out, out_state, p, err);
}

static zreg_status sibling_has(bool *out, const push *p, const char *repository, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *sibling = NULL;
    ZREG__TRY(zreg__reference_new(&sibling, zreg_ref_host(p->self->ref), repository, "latest", NULL,
                                  err));
    return head(out, p, sibling, err);
}

/* The first of `mount_from` that has the blob; the last one is not asked but tried. */
static zreg_status choose_sibling(const char **out, const push *p, zreg_error *err)
{
    size_t count = zreg_strings_count(p->self->mount_from);
    bool there = false;
    *out = NULL;
    for (size_t i = 0; i < count && !there; i++) {
        *out = zreg_strings_at(p->self->mount_from, i);
        ZREG__TRY(i + 1 == count ? ZREG_OK : sibling_has(&there, p, *out, err));
    }
    return ZREG_OK;
}

static zreg_status push_from_sibling(zreg_blob_writer **out, zreg__endpoint_blob_state *out_state,
                                     const push *p, const char *sibling, zreg_error *err)
{
    zreg_error why = {.code = ZREG_OK};
    zreg_status status = mount(out, p, sibling, &why);
    if (mount_refused(status)) {
        return push_after_head(out, out_state, p, err);
    }
    if (status != ZREG_OK) {
        return zreg__fail_again(err, &why);
    }
    *out_state = ZREG__BLOB_MOUNTED;
    return *out == NULL ? ZREG_OK : look_before_sending(out, out_state, p, err);
}

/* Where a mount said nothing of what is here, that is asked first. */
static zreg_status push_where_mounts_lie(zreg_blob_writer **out,
                                         zreg__endpoint_blob_state *out_state, const push *p,
                                         zreg_error *err)
{
    const char *sibling = NULL;
    bool there = false;
    ZREG__TRY(head(&there, p, p->self->ref, err));
    if (there) {
        *out_state = ZREG__BLOB_PRESENT;
        return ZREG_OK;
    }
    ZREG__TRY(choose_sibling(&sibling, p, err));
    ZREG__TRY(mount(out, p, sibling, err));
    *out_state = *out == NULL ? ZREG__BLOB_MOUNTED : ZREG__BLOB_WANTED;
    return ZREG_OK;
}

/* Another repository of this host that the session brought the blob to. */
static bool knows_home(char to[ZREG__MAX_REPOSITORY + 1], const zreg__pusher *self,
                       const zreg_digest *digest)
{
    return zreg__homes_find(to, zreg__client_homes(self->client), zreg_ref_host(self->ref),
                            digest) &&
           !zreg__str_equal(to, zreg_ref_repository(self->ref));
}

static bool is_missing(zreg__pusher *self, const zreg_digest *digest)
{
    bool found = false;
    pthread_mutex_lock(&self->lock);
    for (size_t i = 0; !found && i < zreg_strings_count(self->missing); i++) {
        found = zreg__str_equal(zreg_strings_at(self->missing, i), digest->text);
    }
    pthread_mutex_unlock(&self->lock);
    return found;
}

static zreg_status push_in_doubt(zreg_blob_writer **out, zreg__endpoint_blob_state *out_state,
                                 const push *p, zreg_error *err)
{
    if (!is_missing(p->self, p->digest)) {
        return push_after_head(out, out_state, p, err);
    }
    *out_state = ZREG__BLOB_WANTED;
    return mount(out, p, NULL, err);
}

static zreg_status begin(zreg_blob_writer **out, zreg__endpoint_blob_state *out_state,
                         const push *p, const char *from, zreg_error *err)
{
    zreg__pusher *self = p->self;
    if (p->digest == NULL) {
        *out_state = ZREG__BLOB_WANTED;
        return zreg_blob_create(out, self->client, self->ref, NULL, p->size_bytes, p->cancel, err);
    }
    if (self->doubted) {
        return push_in_doubt(out, out_state, p, err);
    }
    if (!zreg__client_mounts(self->client, self->ref)) {
        return push_after_head(out, out_state, p, err);
    }
    if (from != NULL) {
        return push_by_mount(out, out_state, p, from, err);
    }
    char home[ZREG__MAX_REPOSITORY + 1];
    if (knows_home(home, self, p->digest)) {
        return push_by_mount(out, out_state, p, home, err);
    }
    if (self->self_mount == ZREG__MOUNT_IGNORED) {
        return push_where_mounts_lie(out, out_state, p, err);
    }
    const char *sibling = NULL;
    ZREG__TRY(choose_sibling(&sibling, p, err));
    return sibling != NULL ? push_from_sibling(out, out_state, p, sibling, err)
                           : push_by_self_mount(out, out_state, p, err);
}

/* Where pulling is free for all, the first push to a host is the first to be asked for a token: the
 * others wait for it, or each of them would be turned away once. */
zreg_status zreg__pusher_begin(zreg_blob_writer **out, zreg__endpoint_blob_state *out_state,
                               zreg__pusher *self, const zreg_digest *digest, uint64_t size_bytes,
                               const char *from, zreg_cancel *cancel, zreg_error *err)
{
    const push p = {.self = self, .digest = digest, .size_bytes = size_bytes, .cancel = cancel};
    if (!zreg__client_has_pushed(self->client, self->ref)) {
        pthread_mutex_lock(&self->first_push);
        if (!zreg__client_has_pushed(self->client, self->ref)) {
            zreg_status status = begin(out, out_state, &p, from, err);
            zreg__client_learn_pushed(self->client, self->ref);
            pthread_mutex_unlock(&self->first_push);
            return status;
        }
        pthread_mutex_unlock(&self->first_push);
    }
    return begin(out, out_state, &p, from, err);
}

zreg_status zreg__pusher_doubt(zreg__pusher *self, const zreg_strings *missing, zreg_error *err)
{
    zreg_status status = ZREG_OK;
    pthread_mutex_lock(&self->lock);
    for (size_t i = 0; status == ZREG_OK && i < zreg_strings_count(missing); i++) {
        status = zreg__strings_add(self->missing, zreg_strings_at(missing, i),
                                   ZREG__MAX_GRAPH_NODES, err);
    }
    pthread_mutex_unlock(&self->lock);
    self->doubted = true;
    return status;
}

void zreg__pusher_learn(zreg__pusher *self, const zreg_digest *digest)
{
    zreg__homes_learn(zreg__client_homes(self->client), zreg_ref_host(self->ref), digest,
                      zreg_ref_repository(self->ref));
}

void zreg__pusher_finish(zreg__pusher *self)
{
    zreg_strings_free(self->mount_from);
    zreg_strings_free(self->missing);
    pthread_mutex_destroy(&self->first_push);
    pthread_mutex_destroy(&self->lock);
}
