/* SPDX-License-Identifier: Apache-2.0 */
#include "promotion_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "gate/record.h"
#include "oci/manifest.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zreg/promote.h>

#define REPOSITORY "registry.example.org/x/y"
#define MAX_STEPS 256
#define MAX_POINTS 65536

static const char *const tag_names[] = {"a", "b"};

typedef struct place {
    int promoter;
    unsigned depth;
    point before; /* the point and the answer that lead here */
    int answer;
    step next;
    point after[MAX_PROMOTERS + 1]; /* by answer; 0: not found out yet */
} place;

static struct {
    int tags;
    bool keep;
    place *places;
    unsigned count; /* from 1 on */
    point begin[MAX_PROMOTERS + 1];
    zreg_client *client;
    zreg_manifest *images[MAX_PROMOTERS + 1];
    zreg_manifest *records[MAX_TAGS][MAX_PROMOTERS + 1];
} all;

/* The promotion that runs at this moment. */
static struct {
    int promoter;
    int answers[MAX_STEPS];
    step steps[MAX_STEPS]; /* that they are the answers to */
    unsigned known;
    unsigned at;
    bool stopped;
    step next;
} now;

/* --- what its requests mean */

static int tag_of(const char *text, const char *prefix)
{
    size_t size = strlen(prefix);
    for (int i = 0; i < all.tags; i++) {
        if (text != NULL && strncmp(text, prefix, size) == 0 &&
            strcmp(text + size, tag_names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

/* A promoter has to do with its own only. */
static int tag_of_temporary(const char *text)
{
    char prefix[24];
    snprintf(prefix, sizeof(prefix), "change_%d_", now.promoter);
    return tag_of(text, prefix);
}

static int value_of(const zreg_digest *digest)
{
    for (int p = 1; p <= MAX_PROMOTERS; p++) {
        if (zreg_digest_equal(digest, zreg_manifest_digest(all.images[p]))) {
            return p;
        }
    }
    fail_msg("%s is nobody's image", digest->text);
    return 0;
}

static step read_of(const zreg_ref *ref)
{
    const char *tag = zreg_ref_tag(ref);
    if (zreg_ref_digest(ref) != NULL) {
        return (step){.kind = READ_DIGEST};
    }
    if (tag_of(tag, "zreg-order_") >= 0) {
        return (step){.kind = READ_RECORD, .tag = tag_of(tag, "zreg-order_")};
    }
    if (tag_of(tag, "") >= 0) {
        return (step){.kind = READ_TAG, .tag = tag_of(tag, "")};
    }
    assert_true(tag_of_temporary(tag) >= 0);
    return (step){.kind = READ_TEMPORARY, .tag = tag_of_temporary(tag)};
}

static step write_of(const zreg_ref *ref, const zreg_manifest *manifest)
{
    zreg__record record;
    step found = read_of(ref);
    if (found.kind == READ_TAG) {
        found.kind = WRITE_TAG;
        found.value = value_of(zreg_manifest_digest(manifest));
        return found;
    }
    assert_int_equal(found.kind, READ_RECORD);
    assert_int_equal(zreg__record_read(&record, manifest, "", NULL), ZREG_OK);
    found.kind = WRITE_RECORD;
    found.value = (int)record.order;
    assert_int_equal(value_of(&record.digest), found.value);
    if (all.records[found.tag][found.value] == NULL) {
        all.records[found.tag][found.value] = zreg__manifest_share(manifest);
    }
    return found;
}

/* --- answers in the client's place */

static bool same_step(const step *a, const step *b)
{
    return a->kind == b->kind && a->tag == b->tag && a->value == b->value;
}

/* The answer to a step; an error when there is none yet, and to all that follow. */
static zreg_status answer_to(int *out, step taken, zreg_error *err)
{
    if (!now.stopped && now.at < now.known) {
        assert_true(same_step(&taken, &now.steps[now.at]));
        *out = now.answers[now.at++];
        return ZREG_OK;
    }
    now.next = now.stopped ? now.next : taken;
    now.stopped = true;
    return zreg__fail(err, ZREG_CANCELLED, "no answer");
}

static zreg_status missing(zreg_error *err)
{
    return zreg__fail(err, ZREG_NOTFOUND, "not there");
}

zreg_status __wrap_zreg_client_manifest_get(zreg_manifest **out, zreg_client *client,
                                            const zreg_ref *ref, zreg_cancel *cancel,
                                            zreg_error *err);
zreg_status __wrap_zreg_client_manifest_head(zreg_digest *out, zreg_client *client,
                                             const zreg_ref *ref, zreg_cancel *cancel,
                                             zreg_error *err);
zreg_status __wrap_zreg_client_manifest_put(zreg_client *client, const zreg_ref *ref,
                                            const zreg_manifest *manifest, zreg_cancel *cancel,
                                            zreg_error *err);
zreg_status __wrap_zreg_client_tag_delete(zreg_client *client, const zreg_ref *ref,
                                          zreg_cancel *cancel, zreg_error *err);
zreg_status __wrap_zreg__cancel_sleep(const zreg_cancel *cancel, uint64_t ms, zreg_error *err);

/* The manifest that an answer stands for, NULL for none. */
static const zreg_manifest *answered(const step *taken, int answer, const zreg_ref *ref)
{
    switch (taken->kind) {
    case READ_DIGEST:
        return all.images[value_of(zreg_ref_digest(ref))];
    case READ_RECORD:
        return answer == 0 ? NULL : all.records[taken->tag][answer];
    case READ_TEMPORARY:
        return answer == 0 ? NULL : all.images[now.promoter];
    default:
        return answer == 0 ? NULL : all.images[answer];
    }
}

zreg_status __wrap_zreg_client_manifest_get(zreg_manifest **out, zreg_client *client,
                                            const zreg_ref *ref, zreg_cancel *cancel,
                                            zreg_error *err)
{
    (void)client;
    (void)cancel;
    int answer = 0;
    const step taken = read_of(ref);
    ZREG__TRY(answer_to(&answer, taken, err));
    const zreg_manifest *found = answered(&taken, answer, ref);
    if (found == NULL) {
        return missing(err);
    }
    *out = zreg__manifest_share(found);
    return ZREG_OK;
}

zreg_status __wrap_zreg_client_manifest_head(zreg_digest *out, zreg_client *client,
                                             const zreg_ref *ref, zreg_cancel *cancel,
                                             zreg_error *err)
{
    zreg_manifest *found = NULL;
    ZREG__TRY(__wrap_zreg_client_manifest_get(&found, client, ref, cancel, err));
    *out = *zreg_manifest_digest(found);
    zreg_manifest_free(found);
    return ZREG_OK;
}

zreg_status __wrap_zreg_client_manifest_put(zreg_client *client, const zreg_ref *ref,
                                            const zreg_manifest *manifest, zreg_cancel *cancel,
                                            zreg_error *err)
{
    (void)client;
    (void)cancel;
    int answer = 0;
    return answer_to(&answer, write_of(ref, manifest), err);
}

zreg_status __wrap_zreg_client_tag_delete(zreg_client *client, const zreg_ref *ref,
                                          zreg_cancel *cancel, zreg_error *err)
{
    (void)client;
    (void)cancel;
    int answer = 0;
    step taken = read_of(ref);
    assert_int_equal(taken.kind, READ_TEMPORARY);
    taken.kind = DELETE_TEMPORARY;
    ZREG__TRY(answer_to(&answer, taken, err));
    return answer == 0 ? missing(err) : ZREG_OK;
}

/* Time passes between any two steps anyway. */
zreg_status __wrap_zreg__cancel_sleep(const zreg_cancel *cancel, uint64_t ms, zreg_error *err)
{
    (void)cancel;
    (void)ms;
    (void)err;
    return ZREG_OK;
}

/* --- points */

static void recall(const place *at)
{
    now.known = at->depth;
    now.at = 0;
    now.stopped = false;
    for (unsigned i = at->depth; i > 0; i--) {
        now.answers[i - 1] = at->answer;
        at = &all.places[at->before];
        now.steps[i - 1] = at->next;
    }
}

static step ended(zreg_status status, const zreg_promoted *promoted)
{
    step end = {.kind = END, .status = status};
    if (status != ZREG_OK) {
        return end;
    }
    for (size_t i = 0; i < zreg_promoted_count(promoted); i++) {
        end.superseded |= (uint64_t)zreg_promoted_at(promoted, i)->superseded << i;
    }
    end.temporary_stays = !zreg_promoted_summary(promoted)->temporary_deleted && !all.keep;
    return end;
}

static step find_out(const place *at)
{
    char change[16];
    zreg_promoted *promoted = NULL;
    const char *tags[MAX_TAGS + 1] = {tag_names[0], all.tags > 1 ? tag_names[1] : NULL, NULL};
    zreg_promote_options options = ZREG_OPTIONS(zreg_promote_options);
    snprintf(change, sizeof(change), "%d", at->promoter);
    options.change = change;
    options.order = (uint64_t)at->promoter;
    options.keep = all.keep;
    options.no_verify = 1; /* it only reads what nobody writes */
    now.promoter = at->promoter;
    recall(at);
    zreg_status status =
        zreg_promote(&promoted, all.client, REPOSITORY, tags, &options, NULL, NULL);
    step end = ended(status, promoted);
    zreg_promoted_free(promoted);
    assert_int_equal(now.at, now.known);
    return now.stopped ? now.next : end;
}

static point add(const place *new)
{
    assert_true(all.count < MAX_POINTS && new->depth < MAX_STEPS);
    all.places[all.count] = *new;
    all.places[all.count].next = find_out(new);
    return all.count++;
}

point steps_begin(int p)
{
    if (all.begin[p] == 0) {
        all.begin[p] = add(&(place){.promoter = p});
    }
    return all.begin[p];
}

const step *steps_at(point at)
{
    return &all.places[at].next;
}

point steps_after(point at, int answer)
{
    const place *here = &all.places[at];
    if (here->after[answer] == 0) {
        point next = add(&(place){
            .promoter = here->promoter, .depth = here->depth + 1, .before = at, .answer = answer});
        all.places[at].after[answer] = next;
    }
    return all.places[at].after[answer];
}

unsigned steps_count(void)
{
    return all.count - 1;
}

/* --- the images */

static zreg_manifest *image_of(int p)
{
    char text[512];
    zreg_manifest *made = NULL;
    snprintf(text, sizeof(text),
             "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
             "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"size\":%d,"
             "\"digest\":\"sha256:"
             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"},\"layers\":[]}",
             p);
    assert_int_equal(zreg_manifest_parse(&made, text, strlen(text), NULL, NULL), ZREG_OK);
    return made;
}

void steps_start(int tags, bool keep)
{
    memset(&all, 0, sizeof(all));
    all.tags = tags;
    all.keep = keep;
    all.count = 1;
    all.places = calloc(MAX_POINTS, sizeof(place));
    assert_non_null(all.places);
    assert_int_equal(zreg_client_new(&all.client, NULL, NULL), ZREG_OK);
    for (int p = 1; p <= MAX_PROMOTERS; p++) {
        all.images[p] = image_of(p);
    }
}

void steps_finish(void)
{
    for (int p = 1; p <= MAX_PROMOTERS; p++) {
        zreg_manifest_free(all.images[p]);
        for (int tag = 0; tag < MAX_TAGS; tag++) {
            zreg_manifest_free(all.records[tag][p]);
        }
    }
    zreg_client_free(all.client);
    free(all.places);
}
