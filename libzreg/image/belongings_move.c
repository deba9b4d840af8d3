/* SPDX-License-Identifier: Apache-2.0 */
/* Moving what belongs to an image, once the image is there: the destination is asked what it has,
 * then all blobs move side by side, then the manifests, then lists and tags. */
#include "image/belongings.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strings.h"
#include "image/graph.h"
#include "image/parallel.h"
#include "oci/manifest.h"

/* Items, side by side, of one subject. */
typedef struct run {
    size_t begin;
    size_t end;
} run;

typedef struct mover {
    const zreg__belonging_list *list;
    zreg__endpoint *src;
    zreg__endpoint *dst;
    const zreg__transfer_options *options;
    zreg__transfer_stats *moved;
    zreg_cancel *cancel;
    bool *there;   /* of each item: the destination has it */
    bool *covered; /* and that in another manifest, which holds more */
    run *runs;     /* of items with one subject */
    size_t run_count;
} mover;

static void mover_finish(mover *self)
{
    free(self->there);
    free(self->covered);
    free(self->runs);
}

ZREG__DEFINE_AUTO_VALUE(mover, mover_finish)

static const zreg__belonging *item_at(const mover *self, size_t i)
{
    return &self->list->items[i];
}

static void find_runs(mover *self)
{
    for (size_t i = 0; i < self->list->count; i++) {
        if (i == 0 ||
            !zreg_digest_equal(&item_at(self, i)->subject, &item_at(self, i - 1)->subject)) {
            self->runs[self->run_count++].begin = i;
        }
        self->runs[self->run_count - 1].end = i + 1;
    }
}

static zreg_status mover_start(mover *self, const zreg__belonging_list *list, zreg_error *err)
{
    size_t count = list->count + 1;
    self->list = list;
    self->there = zreg__calloc(count, sizeof(bool));
    self->covered = zreg__calloc(count, sizeof(bool));
    self->runs = zreg__calloc(count, sizeof(run));
    if (self->there == NULL || self->covered == NULL || self->runs == NULL) {
        return zreg__fail_nomem(err);
    }
    find_runs(self);
    return ZREG_OK;
}

static zreg_status each(mover *self, size_t count, zreg__parallel_fn work, zreg_error *err)
{
    return zreg__parallel_run(count, zreg__transfer_jobs(self->options), work, NULL, self,
                              self->cancel, err);
}

/* --- what the destination has */

static bool contains(const zreg_strings *digests, const zreg_digest *digest)
{
    for (size_t i = 0; i < zreg_strings_count(digests); i++) {
        if (zreg__str_equal(zreg_strings_at(digests, i), digest->text)) {
            return true;
        }
    }
    return false;
}

/* In a dry run the destination may be no folder yet. */
static zreg_status look_at_list(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    mover *self = user;
    zreg_error why = {.code = ZREG_OK};
    ZREG__AUTO(zreg_strings) zreg_strings *listed = NULL;
    zreg_status status = zreg__endpoint_referrers(
        &listed, self->dst, &item_at(self, self->runs[i].begin)->subject, stop, &why);
    if (status != ZREG_OK) {
        return self->dst->options.dry_run && status == ZREG_NOTFOUND ? ZREG_OK
                                                                     : zreg__fail_again(err, &why);
    }
    for (size_t at = self->runs[i].begin; at < self->runs[i].end; at++) {
        self->there[at] = contains(listed, zreg_manifest_digest(item_at(self, at)->manifest));
    }
    return ZREG_OK;
}

/* Gives "" when there is no such manifest. */
static zreg_status head(zreg_digest *out, zreg__endpoint *endpoint, zreg_cancel *stop,
                        zreg_error *err)
{
    zreg_error why = {.code = ZREG_OK};
    zreg_status status = zreg__endpoint_manifest_head(out, endpoint, NULL, stop, &why);
    if (status == ZREG_NOTFOUND) {
        out->text[0] = '\0';
        return ZREG_OK;
    }
    return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &why);
}

/* A list may outlive what it names. */
static zreg_status look_at_listed(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    mover *self = user;
    return self->there[i] ? zreg__endpoint_manifest_look(&self->there[i], self->dst,
                                                         item_at(self, i)->manifest, stop, err)
                          : ZREG_OK;
}

/* Signatures are made one after another and kept in one manifest: nothing that the destination has
 * may get lost, and nothing of ours may be missing. */
static zreg_status compare_tagged(bool *out_there, zreg__endpoint *beside,
                                  const zreg_manifest *ours, zreg_cancel *stop, zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *theirs = NULL;
    ZREG__TRY(zreg__endpoint_manifest_get(&theirs, beside, NULL, stop, err));
    *out_there = zreg__referrers_holds(theirs, ours);
    if (*out_there || zreg__referrers_holds(ours, theirs)) {
        return ZREG_OK;
    }
    return zreg__fail(
        err, ZREG_CONFLICT,
        "%s holds %s, which has other signatures or attestations than %s at the "
        "source; neither is overwritten: delete that tag, or sign again what is there",
        zreg__endpoint_text(beside), zreg_manifest_digest(theirs)->text,
        zreg_manifest_digest(ours)->text);
}

static zreg_status look_at_tag(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    mover *self = user;
    const zreg__belonging *item = item_at(self, i);
    zreg_digest found;
    ZREG__AUTO(zreg__endpoint) zreg__endpoint *beside = NULL;
    ZREG__TRY(zreg__endpoint_beside(&beside, self->dst, item->tag.text, err));
    ZREG__TRY(head(&found, beside, stop, err));
    self->there[i] = zreg_digest_equal(&found, zreg_manifest_digest(item->manifest));
    if (found.text[0] == '\0' || self->there[i]) {
        return ZREG_OK;
    }
    ZREG__TRY(compare_tagged(&self->covered[i], beside, item->manifest, stop, err));
    self->there[i] = self->covered[i];
    return ZREG_OK;
}

/* --- moving the rest */

static void count_items(zreg__belongings_stats *stats, const mover *self)
{
    for (size_t i = 0; i < self->list->count; i++) {
        *(self->there[i] ? &stats->skipped : &stats->copied) += 1;
    }
}

/* A manifest that is there may lack its blobs, as far as anybody knows who forces the copy. */
static bool is_wanted(const mover *self, size_t i)
{
    return !self->there[i] || (self->options->force && !self->covered[i]);
}

static zreg_status plan_wanted(zreg__plan **out, const mover *self, zreg_error *err)
{
    size_t left_out = 0;
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    ZREG__TRY(zreg__plan_new_rootless(&plan, err));
    for (size_t i = 0; i < self->list->count; i++) {
        if (is_wanted(self, i)) {
            ZREG__TRY(zreg__endpoint_offer(self->src, item_at(self, i)->manifest, err));
            ZREG__TRY(zreg__plan_begin_with(plan, item_at(self, i)->manifest, err));
        }
    }
    ZREG__TRY(
        zreg__graph_complete(plan, &left_out, self->src, NULL, self->options, self->cancel, err));
    *out = zreg__steal(&plan);
    return ZREG_OK;
}

static zreg_status move_wanted(mover *self, zreg__transfer_put_fn put, zreg_error *err)
{
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    size_t count = 0;
    ZREG__TRY(plan_wanted(&plan, self, err));
    const zreg_descriptor *const *blobs = zreg__plan_blobs(plan, &count);
    ZREG__TRY(zreg__transfer_blobs(self->moved, self->src, self->dst, blobs, count, self->options,
                                   self->cancel, err));
    return zreg__transfer_manifests(self->moved, self->dst, plan, put, self, self->options,
                                    self->cancel, err);
}

static zreg_status list_run(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    const mover *self = user;
    const run *at = &self->runs[i];
    size_t count = 0;
    ZREG__AUTO_FREE const zreg_manifest **added = zreg__calloc(at->end - at->begin, sizeof(*added));
    if (added == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t k = at->begin; k < at->end; k++) {
        if (!self->there[k]) {
            added[count++] = item_at(self, k)->manifest;
        }
    }
    return count == 0 ? ZREG_OK
                      : zreg__endpoint_referrers_add(self->dst, &item_at(self, at->begin)->subject,
                                                     added, count, stop, err);
}

static zreg_status put_tag(const mover *self, const zreg__belonging *item, zreg_cancel *stop,
                           zreg_error *err)
{
    ZREG__AUTO(zreg__endpoint) zreg__endpoint *beside = NULL;
    ZREG__TRY(zreg__endpoint_beside(&beside, self->dst, item->tag.text, err));
    return zreg__endpoint_manifest_put(beside, item->manifest, true, stop, err);
}

/* Under each of its tags, or by digest what is part of another manifest. */
static zreg_status put_tagged(void *user, const zreg_manifest *manifest, zreg_cancel *stop,
                              zreg_error *err)
{
    const mover *self = user;
    size_t tags = 0;
    for (size_t i = 0; i < self->list->count; i++) {
        const zreg__belonging *item = item_at(self, i);
        if (!self->there[i] && zreg_digest_equal(zreg_manifest_digest(item->manifest),
                                                 zreg_manifest_digest(manifest))) {
            ZREG__TRY(put_tag(self, item, stop, err));
            tags++;
        }
    }
    return tags > 0 ? ZREG_OK : zreg__endpoint_manifest_put(self->dst, manifest, false, stop, err);
}

static zreg_status move_referrers(zreg__belongings_stats *stats, mover *self, zreg_error *err)
{
    ZREG__TRY(each(self, self->run_count, look_at_list, err));
    ZREG__TRY(each(self, self->list->count, look_at_listed, err));
    count_items(stats, self);
    ZREG__TRY(move_wanted(self, NULL, err));
    return each(self, self->run_count, list_run, err);
}

static zreg_status move_tagged(zreg__belongings_stats *stats, mover *self, zreg_error *err)
{
    ZREG__TRY(each(self, self->list->count, look_at_tag, err));
    count_items(stats, self);
    return move_wanted(self, put_tagged, err);
}

zreg_status zreg__belongings_move(zreg__belongings_stats *stats, zreg__transfer_stats *moved,
                                  const zreg__belongings *what, zreg__endpoint *src,
                                  zreg__endpoint *dst, const zreg__transfer_options *options,
                                  zreg_cancel *cancel, zreg_error *err)
{
    const mover both = {
        .src = src, .dst = dst, .options = options, .moved = moved, .cancel = cancel};
    ZREG__AUTO(mover) mover referrers = both;
    ZREG__AUTO(mover) mover tagged = both;
    ZREG__TRY(mover_start(&referrers, &what->referrers, err));
    ZREG__TRY(mover_start(&tagged, &what->tagged, err));
    ZREG__TRY(move_referrers(stats, &referrers, err));
    return move_tagged(stats, &tagged, err);
}
