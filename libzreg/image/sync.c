/* SPDX-License-Identifier: Apache-2.0 */
/* zreg_sync: tags are listed, looked at on both sides, and copied where they differ. */
#include "base/cancel.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "base/strings.h"
#include "image/endpoint.h"
#include "image/parallel.h"
#include "image/sync_source.h"
#include "image/synced.h"
#include "image/transfer.h"
#include "oci/reference.h"
#include "registry/client.h"
#include <fnmatch.h>
#include <string.h>

typedef struct sync_run {
    zreg_sync_options options;
    zreg_client *client;
    zreg__place *from;
    zreg__place *to;
    const char *src; /* as the caller wrote them: no default tag is in them */
    const char *dst;
    zreg__sync_source source;
    zreg_synced *result;  /* the caller's */
    zreg_progress before; /* the sums of the copies that are done */
    zreg_progress last;   /* the running one's last report */
    const char *item;     /* the tag that is copied */
    zreg_cancel *cancel;
} sync_run;

static void run_finish(sync_run *run)
{
    zreg__place_free(run->from);
    zreg__place_free(run->to);
    zreg__sync_source_finish(&run->source);
}

ZREG__DEFINE_AUTO_VALUE(sync_run, run_finish)

static bool fits_one(const char *const *patterns, const char *tag)
{
    for (; patterns != NULL && *patterns != NULL; patterns++) {
        if (fnmatch(*patterns, tag, 0) == 0) {
            return true;
        }
    }
    return false;
}

static bool fits(const sync_run *run, const char *tag)
{
    const char *const *wanted = run->options.tags;
    bool all = wanted == NULL || *wanted == NULL;
    return (all || fits_one(wanted, tag)) && !fits_one(run->options.exclude, tag);
}

/* A tag there would be left out in silence. */
static zreg_status check_repository(const char *text, const char *of, zreg_error *err)
{
    const char *slash = text == NULL ? NULL : strrchr(text, '/');
    const char *name = slash == NULL ? text : slash;
    if (zreg__str_empty(text)) {
        return zreg__fail(err, ZREG_INVAL, "sync: name a repository as the %s", of);
    }
    bool is_local = zreg__str_starts(text, "oci:") || zreg__str_starts(text, "oci-archive:");
    if (!is_local && strpbrk(name, ":@") != NULL) {
        return zreg__fail(err, ZREG_INVAL,
                          "sync: \"%s\" has a tag or a digest; write the %s as "
                          "HOST[:PORT]/REPOSITORY, and which tags by patterns",
                          text, of);
    }
    return ZREG_OK;
}

static bool names_no_image(const zreg__place *place)
{
    return place->tag == NULL && place->digest.text[0] == '\0' &&
           place->number == ZREG__PLACE_NO_NUMBER;
}

static bool is_one_place(const zreg__place *a, const zreg__place *b)
{
    if (a->kind != b->kind || a->kind != ZREG__PLACE_REGISTRY) {
        return a->kind == b->kind && zreg__str_equal(a->path, b->path);
    }
    return zreg__client_same_host(zreg_ref_host(a->ref), zreg_ref_host(b->ref)) &&
           zreg__str_equal(zreg_ref_repository(a->ref), zreg_ref_repository(b->ref));
}

static zreg_status check_places(const sync_run *run, zreg_error *err)
{
    const zreg__place *from = run->from;
    const zreg__place *to = run->to;
    if (from->kind == ZREG__PLACE_ARCHIVE || !names_no_image(from)) {
        return zreg__fail(err, ZREG_INVAL,
                          "sync: the source \"%s\" is neither HOST[:PORT]/REPOSITORY nor oci:DIR "
                          "or oci-archive:FILE; which tags is told by patterns",
                          run->src);
    }
    if (is_one_place(from, to)) {
        return zreg__fail(err, ZREG_INVAL, "sync: source and destination are both %s", run->dst);
    }
    if (to->kind == ZREG__PLACE_REGISTRY) {
        return ZREG_OK;
    }
    if (to->kind != ZREG__PLACE_LAYOUT || !names_no_image(to)) {
        return zreg__fail(err, ZREG_INVAL,
                          "sync: the destination \"%s\" is neither HOST[:PORT]/REPOSITORY nor "
                          "oci:DIR",
                          run->dst);
    }
    return run->options.delete_others
               ? zreg__fail(err, ZREG_INVAL, "sync: %s: no tags are deleted in a layout", run->dst)
               : ZREG_OK;
}

static zreg_status open_run(sync_run *run, const char *src, const char *dst, zreg_error *err)
{
    ZREG__TRY(check_repository(src, "source", err));
    ZREG__TRY(check_repository(dst, "destination", err));
    ZREG__TRY(zreg__place_parse(&run->from, src, err));
    ZREG__TRY(zreg__place_parse(&run->to, dst, err));
    ZREG__TRY(check_places(run, err));
    return run->to->kind == ZREG__PLACE_REGISTRY
               ? zreg__client_writes(run->client, run->to->ref, err) /* its mirrors are not it */
               : ZREG_OK;
}

static zreg_status list_source(sync_run *run, zreg_error *err)
{
    const zreg__sync_source *source = &run->source;
    ZREG__TRY(zreg__sync_source_list(&run->source, run->client, run->from, run->cancel, err));
    for (size_t i = 0; i < zreg_strings_count(source->tags); i++) {
        const char *tag = zreg_strings_at(source->tags, i);
        ZREG__TRY(fits(run, tag) ? zreg__synced_add(run->result, tag, err) : ZREG_OK);
    }
    return ZREG_OK;
}

/* `dst`: as it is looked at by who writes it, which finds no other name than this one. */
static zreg_status look_at(zreg_digest *out, const sync_run *run, const zreg__place *place,
                           bool dst, const char *tag, zreg_cancel *stop, zreg_error *err)
{
    const zreg__endpoint_options options = {.client = run->client, .write = dst, .dry_run = dst};
    ZREG__AUTO(zreg__endpoint) zreg__endpoint *endpoint = NULL;
    ZREG__AUTO_FREE char *text = NULL;
    ZREG__TRY(zreg__place_tagged(&text, place, tag, err));
    ZREG__TRY(zreg__endpoint_open(&endpoint, text, &options, err));
    return zreg__endpoint_manifest_head(out, endpoint, NULL, stop, err);
}

/* The digest that a tag of the destination has; "" when there is none, or that is not told. */
static void look_there(zreg_digest *out, const sync_run *run, const char *tag, zreg_cancel *stop)
{
    zreg_error why = {ZREG_OK};
    if (look_at(out, run, run->to, true, tag, stop, &why) != ZREG_OK) {
        out->text[0] = '\0'; /* a copy finds out why */
    }
}

/* Works on one tag, whose row no other thread touches; the error of one is no reason to stop. */
static zreg_status look(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    sync_run *run = user;
    zreg_synced_tag *tag = &run->result->items[i];
    const char *name = zreg__sync_source_name(&run->source, tag->tag);
    zreg_error why = {ZREG_OK};
    zreg_status status =
        name[0] == '\0'
            ? zreg__fail(&why, ZREG_INVAL, "%s has several images of this tag", run->src)
            : look_at(&tag->digest, run, run->from, false, name, stop, &why);
    ZREG__TRY(zreg__cancel_check(stop, err));
    if (status != ZREG_OK) {
        tag->digest.text[0] = '\0';
        return zreg__synced_failed(tag, status, why.message, err);
    }
    look_there(&tag->before, run, tag->tag, stop);
    if (zreg_digest_equal(&tag->digest, &tag->before)) {
        tag->state = ZREG_SYNC_PRESENT;
    }
    return zreg__cancel_check(stop, err);
}

static int report(const zreg_progress *now, void *user)
{
    sync_run *run = user;
    run->last = *now;
    const zreg_progress sum = {.phase = "sync",
                               .item = run->item,
                               .bytes_done = run->before.bytes_done + now->bytes_done,
                               .bytes_total = run->before.bytes_total + now->bytes_total,
                               .blobs_done = run->before.blobs_done + now->blobs_done,
                               .blobs_total = run->before.blobs_total + now->blobs_total};
    return run->options.progress(&sum, run->options.progress_user);
}

static void add_up(sync_run *run)
{
    run->before.bytes_done += run->last.bytes_done;
    run->before.bytes_total += run->last.bytes_total;
    run->before.blobs_done += run->last.blobs_done;
    run->before.blobs_total += run->last.blobs_total;
    run->last = (zreg_progress){0};
}

static zreg_status copy_tag(sync_run *run, zreg_synced_tag *tag, zreg_error *err)
{
    zreg_copy_options options = ZREG_OPTIONS(zreg_copy_options);
    zreg_copy_result copied;
    ZREG__AUTO_FREE char *src = NULL;
    ZREG__AUTO_FREE char *dst = NULL;
    options.platforms = run->options.platforms;
    options.jobs = run->options.jobs;
    options.with_referrers = run->options.with_referrers;
    options.force = run->options.force;
    options.dry_run = run->options.dry_run;
    options.progress = run->options.progress == NULL ? NULL : report;
    options.progress_user = run;
    run->item = tag->tag;
    ZREG__TRY(
        zreg__place_tagged(&src, run->from, zreg__sync_source_name(&run->source, tag->tag), err));
    ZREG__TRY(zreg__place_tagged(&dst, run->to, tag->tag, err));
    zreg_status status = zreg_copy(&copied, run->client, src, dst, &options, run->cancel, err);
    add_up(run);
    ZREG__TRY(status);
    tag->digest = copied.digest;
    tag->bytes = copied.bytes;
    bool same = zreg_digest_equal(&tag->digest, &tag->before) && copied.referrers_copied == 0 &&
                copied.blobs_copied + copied.blobs_mounted == 0;
    tag->state = same ? ZREG_SYNC_PRESENT : ZREG_SYNC_COPIED;
    return ZREG_OK;
}

static bool is_settled(const sync_run *run, const zreg_synced_tag *tag)
{
    bool by_digest =
        run->options.platforms == NULL && !run->options.with_referrers && !run->options.force;
    return !zreg__synced_waits(tag) && (by_digest || tag->state != ZREG_SYNC_PRESENT);
}

static bool stops(const sync_run *run, zreg_status status)
{
    return status == ZREG_NOMEM || status == ZREG_CALLBACK || zreg_cancel_triggered(run->cancel);
}

static zreg_status note_failure(sync_run *run, zreg_synced_tag *tag, const zreg_error *why,
                                zreg_error *err)
{
    ZREG__TRY(zreg__synced_failed(tag, why->code, why->message, err));
    return stops(run, why->code) ? zreg__fail_again(err, why) : ZREG_OK;
}

static zreg_status copy_all(sync_run *run, zreg_error *err)
{
    for (size_t i = 0; i < run->result->count; i++) {
        zreg_synced_tag *tag = &run->result->items[i];
        zreg_error why = {ZREG_OK};
        if (!is_settled(run, tag) && copy_tag(run, tag, &why) != ZREG_OK) {
            ZREG__TRY(note_failure(run, tag, &why, err));
        }
    }
    return ZREG_OK;
}

static zreg_status delete_tag(sync_run *run, zreg_synced_tag *tag, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__TRY(zreg_ref_with_tag(&ref, run->to->ref, tag->tag, err));
    if (run->options.dry_run) {
        return zreg_client_manifest_head(&tag->before, run->client, ref, run->cancel, err);
    }
    zreg_status status = zreg_client_tag_delete(run->client, ref, run->cancel, err);
    return status == ZREG_NOTFOUND ? ZREG_OK : status;
}

static zreg_status name_all(zreg__map **out, const zreg_strings *tags, zreg_error *err)
{
    ZREG__AUTO(zreg__map) zreg__map *names = NULL;
    ZREG__TRY(zreg__map_new(&names, NULL, err));
    for (size_t i = 0; i < zreg_strings_count(tags); i++) {
        ZREG__TRY(zreg__map_set(names, zreg_strings_at(tags, i), names, err));
    }
    *out = zreg__steal(&names);
    return ZREG_OK;
}

/* A dry run may have made no repository. */
static zreg_status list_destination(zreg_strings **out, const sync_run *run, zreg_error *err)
{
    zreg_error why = {ZREG_OK};
    zreg_status status = zreg_client_tags(out, run->client, run->to->ref, run->cancel, &why);
    if (status == ZREG_NOTFOUND && run->options.dry_run) {
        return zreg__strings_new(out, err);
    }
    return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &why);
}

/* Where nothing fits at the source, a pattern or a name is wrong more likely than all tags are gone. */
static zreg_status delete_others(sync_run *run, zreg_error *err)
{
    ZREG__AUTO(zreg_strings) zreg_strings *there = NULL;
    ZREG__AUTO(zreg__map) zreg__map *names = NULL;
    if (run->result->count == 0) {
        return zreg__fail(err, ZREG_CONFLICT,
                          "sync: %s has no tag that fits; nothing is deleted from %s", run->src,
                          run->dst);
    }
    ZREG__TRY(name_all(&names, run->source.tags, err));
    ZREG__TRY(list_destination(&there, run, err));
    for (size_t i = 0; i < zreg_strings_count(there); i++) {
        const char *tag = zreg_strings_at(there, i);
        zreg_error why = {ZREG_OK};
        if (!fits(run, tag) || zreg__map_get(names, tag) != NULL) {
            continue;
        }
        ZREG__TRY(zreg__synced_add(run->result, tag, err));
        zreg_synced_tag *added = &run->result->items[run->result->count - 1];
        if (delete_tag(run, added, &why) == ZREG_OK) {
            added->state = ZREG_SYNC_DELETED;
        } else {
            ZREG__TRY(note_failure(run, added, &why, err));
        }
    }
    return ZREG_OK;
}

static zreg_status carry_out(sync_run *run, zreg_error *err)
{
    const zreg__transfer_options options = {.jobs = run->options.jobs};
    ZREG__TRY(list_source(run, err));
    ZREG__TRY(zreg__parallel_run(run->result->count, zreg__transfer_jobs(&options), look, NULL, run,
                                 run->cancel, err));
    ZREG__TRY(copy_all(run, err));
    return run->options.delete_others ? delete_others(run, err) : ZREG_OK;
}

/* What is beside an error was not reached, all else failed by itself and is told in one. */
static zreg_status sum_up(const sync_run *run, zreg_status status, zreg_error *err)
{
    const zreg_synced_tag *first = NULL;
    size_t failed = 0;
    for (size_t i = 0; i < run->result->count; i++) {
        zreg_synced_tag *tag = &run->result->items[i];
        if (zreg__synced_waits(tag) &&
            zreg__synced_failed(tag, status, "it was not reached", NULL) != ZREG_OK) {
            return zreg__fail_nomem(err);
        }
        failed += tag->state == ZREG_SYNC_FAILED;
        first = first == NULL && tag->state == ZREG_SYNC_FAILED ? tag : first;
    }
    if (status != ZREG_OK || failed == 0) {
        return status;
    }
    return zreg__fail(err, first->code, "sync: %zu of %zu tags failed; the first, %s: %s", failed,
                      run->result->count, first->tag, first->reason);
}

zreg_status zreg_sync(zreg_synced **out, zreg_client *client, const char *src, const char *dst,
                      const zreg_sync_options *options, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(sync_run)
    sync_run run = {.client = client, .src = src, .dst = dst, .cancel = cancel};
    *out = NULL;
    zreg__error_clear(err);
    ZREG__TRY(zreg__client_check(client, err));
    ZREG__TRY(ZREG__OPTIONS_READ(&run.options, options, err));
    ZREG__TRY(open_run(&run, src, dst, err));
    ZREG__TRY(zreg__synced_new(out, src, dst, run.options.dry_run, err));
    run.result = *out;
    return sum_up(&run, carry_out(&run, err), err);
}
