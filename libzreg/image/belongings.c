/* SPDX-License-Identifier: Apache-2.0 */
/* Finding what belongs to an image, in rounds: what belongs to the image and its children, what
 * belongs to that, and so on. Each digest is asked about once. */
#include "image/belongings.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/strings.h"
#include "image/parallel.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "registry/client.h"
#include <stdatomic.h>

/* What is asked about one digest: the list of its referrers, and each of cosign's tags. */
#define ASKS (1 + ZREG__COSIGN_KINDS)

/* An answer: digests that were listed, or the manifest of a tag; neither when there is nothing. */
typedef struct answer {
    zreg_strings *listed;
    zreg_manifest *tagged;
} answer;

/* A manifest that was listed as a referrer. */
typedef struct candidate {
    const zreg_digest *subject;
    zreg_digest digest;
    zreg_manifest *manifest;
} candidate;

typedef struct search {
    zreg__endpoint *src;
    const zreg__transfer_options *options;
    zreg_cancel *cancel;
    zreg__belongings found;
    _Atomic size_t bytes; /* of all manifests that were fetched */
    zreg__map *known;     /* digests that are or were asked about */
    zreg_digest *asked;   /* the same in order; those of this round begin at `first` */
    size_t first;
    size_t count;
    size_t capacity;
    answer *answers;       /* ASKS for each digest of this round */
    candidate *candidates; /* of this round */
    size_t candidate_count;
} search;

static void finish_round(search *self)
{
    size_t answers = self->answers != NULL ? ASKS * (self->count - self->first) : 0;
    for (size_t i = 0; i < answers; i++) {
        zreg_strings_free(self->answers[i].listed);
        zreg_manifest_free(self->answers[i].tagged);
    }
    for (size_t i = 0; i < self->candidate_count; i++) {
        zreg_manifest_free(self->candidates[i].manifest);
    }
    free(self->answers);
    free(self->candidates);
    self->answers = NULL;
    self->candidates = NULL;
    self->candidate_count = 0;
}

static void search_finish(search *self)
{
    finish_round(self);
    zreg__belongings_finish(&self->found);
    zreg__map_free(self->known);
    free(self->asked);
}

ZREG__DEFINE_AUTO_VALUE(search, search_finish)

static void list_finish(zreg__belonging_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        zreg_manifest_free(list->items[i].manifest);
    }
    free(list->items);
}

void zreg__belongings_finish(zreg__belongings *what)
{
    list_finish(&what->referrers);
    list_finish(&what->tagged);
}

static zreg_status fail_number(const search *self, zreg_error *err)
{
    return zreg__fail(err, ZREG_LIMIT,
                      "%s: more than %d signatures and other referrers belong to it",
                      zreg__endpoint_text(self->src), ZREG__MAX_REFERRERS);
}

/* --- what to ask about */

static zreg_status ask_about(search *self, const zreg_digest *digest, zreg_error *err)
{
    if (zreg__map_get(self->known, digest->text) != NULL) {
        return ZREG_OK;
    }
    if (self->count == ZREG__MAX_GRAPH_NODES) {
        return zreg__fail(err, ZREG_LIMIT, "%s names more than %d manifests",
                          zreg__endpoint_text(self->src), ZREG__MAX_GRAPH_NODES);
    }
    ZREG__TRY(zreg__map_set(self->known, digest->text, self, err));
    ZREG__TRY(zreg__array_room((void **)&self->asked, &self->capacity, self->count,
                               sizeof(zreg_digest), err));
    self->asked[self->count++] = *digest;
    return ZREG_OK;
}

static zreg_status ask_about_children(search *self, const zreg_manifest *index, unsigned depth,
                                      zreg_error *err);

/* An index within an index is rare, and read here although the copy reads it too. */
static zreg_status ask_about_child(search *self, const zreg_descriptor *child, unsigned depth,
                                   zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *inner = NULL;
    bool known = zreg__map_get(self->known, child->digest.text) != NULL;
    ZREG__TRY(ask_about(self, &child->digest, err));
    if (known || zreg__mediatype_kind_of(zreg__span_of(child->media_type)) != ZREG__KIND_INDEX) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__endpoint_manifest_get(&inner, self->src, &child->digest, self->cancel, err));
    return ask_about_children(self, inner, depth + 1, err);
}

static zreg_status ask_about_children(search *self, const zreg_manifest *index, unsigned depth,
                                      zreg_error *err)
{
    if (depth > ZREG__MAX_INDEX_DEPTH) {
        return zreg__fail(err, ZREG_LIMIT, "indexes are nested more than %d deep",
                          ZREG__MAX_INDEX_DEPTH);
    }
    for (size_t i = 0; zreg_manifest_is_index(index) && i < zreg_manifest_count(index); i++) {
        ZREG__TRY(ask_about_child(self, zreg_manifest_at(index, i), depth, err));
    }
    return ZREG_OK;
}

/* --- asking */

/* Manifests stay in memory until they have moved. */
static zreg_status weigh(search *self, const zreg_manifest *manifest, zreg_error *err)
{
    size_t size = 0;
    (void)zreg_manifest_bytes(manifest, &size);
    if (atomic_fetch_add(&self->bytes, size) + size > ZREG__MAX_GRAPH_BYTES) {
        return zreg__fail(err, ZREG_LIMIT,
                          "%s: the manifests of its referrers have more than %zu bytes",
                          zreg__endpoint_text(self->src), ZREG__MAX_GRAPH_BYTES);
    }
    return ZREG_OK;
}

static zreg_status get_tagged(zreg_manifest **out, search *self, const zreg_digest *subject,
                              size_t kind, zreg_cancel *stop, zreg_error *err)
{
    zreg__digest_tag tag = zreg__referrers_cosign_tag(subject, kind);
    ZREG__AUTO(zreg__endpoint) zreg__endpoint *beside = NULL;
    if (tag.text[0] == '\0') {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__endpoint_beside(&beside, self->src, tag.text, err));
    zreg_status status = zreg__endpoint_manifest_get(out, beside, NULL, stop, err);
    if (status == ZREG_NOTFOUND) {
        zreg__error_clear(err);
        return ZREG_OK;
    }
    return status == ZREG_OK ? weigh(self, *out, err) : status;
}

static zreg_status ask(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    search *self = user;
    answer *to = &self->answers[i];
    const zreg_digest *subject = &self->asked[self->first + i / ASKS];
    return i % ASKS == 0 ? zreg__endpoint_referrers(&to->listed, self->src, subject, stop, err)
                         : get_tagged(&to->tagged, self, subject, i % ASKS - 1, stop, err);
}

static zreg_status ask_all(search *self, zreg_error *err)
{
    size_t count = ASKS * (self->count - self->first);
    self->answers = zreg__calloc(count, sizeof(answer));
    return self->answers == NULL ? zreg__fail_nomem(err)
                                 : zreg__parallel_run(count, zreg__transfer_jobs(self->options),
                                                      ask, NULL, self, self->cancel, err);
}

/* --- fetching what was listed */

static zreg_status count_listed(size_t *out, const search *self, zreg_error *err)
{
    *out = 0;
    for (size_t i = 0; i < ASKS * (self->count - self->first); i++) {
        *out += self->answers[i].listed != NULL ? zreg_strings_count(self->answers[i].listed) : 0;
        if (*out > ZREG__MAX_REFERRERS) {
            return fail_number(self, err);
        }
    }
    return ZREG_OK;
}

static bool is_candidate(const search *self, const zreg_digest *subject, const zreg_digest *digest)
{
    for (size_t i = 0; i < self->candidate_count; i++) {
        if (zreg_digest_equal(&self->candidates[i].digest, digest) &&
            zreg_digest_equal(self->candidates[i].subject, subject)) {
            return true;
        }
    }
    return false;
}

static zreg_status add_candidates(search *self, const zreg_digest *subject,
                                  const zreg_strings *listed, zreg_error *err)
{
    for (size_t i = 0; listed != NULL && i < zreg_strings_count(listed); i++) {
        candidate *next = &self->candidates[self->candidate_count];
        ZREG__TRY(zreg_digest_parse(&next->digest, zreg_strings_at(listed, i), err));
        next->subject = subject;
        self->candidate_count += !is_candidate(self, subject, &next->digest);
    }
    return ZREG_OK;
}

static zreg_status fetch(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    search *self = user;
    candidate *at = &self->candidates[i];
    zreg_status status =
        zreg__endpoint_manifest_get(&at->manifest, self->src, &at->digest, stop, err);
    if (status == ZREG_OK) {
        return weigh(self, at->manifest, err);
    }
    return status == ZREG_CANCELLED ? status
                                    : zreg__error_prefix(err, status, "referrer %s of %s",
                                                         at->digest.text, at->subject->text);
}

static zreg_status fetch_listed(search *self, zreg_error *err)
{
    size_t count = 0;
    ZREG__TRY(count_listed(&count, self, err));
    self->candidates = zreg__calloc(count + 1, sizeof(candidate));
    if (self->candidates == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t i = self->first; i < self->count; i++) {
        ZREG__TRY(add_candidates(self, &self->asked[i],
                                 self->answers[ASKS * (i - self->first)].listed, err));
    }
    return zreg__parallel_run(self->candidate_count, zreg__transfer_jobs(self->options), fetch,
                              NULL, self, self->cancel, err);
}

/* --- keeping what belongs */

static void warn(const search *self, const zreg_manifest *manifest, const zreg_digest *subject)
{
    const zreg_descriptor *named = zreg_manifest_subject(manifest);
    zreg_client *client = self->src->options.client;
    if (client != NULL) {
        zreg__log_line(zreg__client_log(client), ZREG_LOG_WARNING,
                       "%s: %s is listed as belonging to %s, but names %s; it is left out",
                       zreg__endpoint_text(self->src), zreg_manifest_digest(manifest)->text,
                       subject->text, named != NULL ? named->digest.text : "no subject");
    }
}

static zreg_status keep(search *self, zreg__belonging_list *list, const zreg_manifest *manifest,
                        const zreg_digest *subject, const zreg__digest_tag *tag, zreg_error *err)
{
    if (self->found.referrers.count + self->found.tagged.count == ZREG__MAX_REFERRERS) {
        return fail_number(self, err);
    }
    ZREG__TRY(zreg__array_room((void **)&list->items, &list->capacity, list->count,
                               sizeof(zreg__belonging), err));
    list->items[list->count++] = (zreg__belonging){
        .subject = *subject, .manifest = zreg__manifest_share(manifest), .tag = *tag};
    return ZREG_OK;
}

/* Cosign's manifests name no subject; what does must name the right one. */
static zreg_status keep_tagged(search *self, size_t i, zreg_error *err)
{
    const zreg_manifest *manifest = self->answers[i].tagged;
    const zreg_digest *subject = &self->asked[self->first + i / ASKS];
    if (manifest == NULL) {
        return ZREG_OK;
    }
    if (zreg_manifest_subject(manifest) != NULL && !zreg__referrers_refers(manifest, subject)) {
        warn(self, manifest, subject);
        return ZREG_OK;
    }
    zreg__digest_tag tag = zreg__referrers_cosign_tag(subject, i % ASKS - 1);
    return keep(self, &self->found.tagged, manifest, subject, &tag, err);
}

static zreg_status keep_listed(search *self, const candidate *at, zreg_error *err)
{
    static const zreg__digest_tag none = {""};
    if (!zreg__referrers_refers(at->manifest, at->subject)) {
        warn(self, at->manifest, at->subject);
        return ZREG_OK;
    }
    return keep(self, &self->found.referrers, at->manifest, at->subject, &none, err);
}

static zreg_status keep_round(search *self, zreg_error *err)
{
    for (size_t i = 0; i < self->candidate_count; i++) {
        ZREG__TRY(keep_listed(self, &self->candidates[i], err));
    }
    for (size_t i = 0; i < ASKS * (self->count - self->first); i++) {
        ZREG__TRY(keep_tagged(self, i, err));
    }
    return ZREG_OK;
}

static zreg_status ask_about_list(search *self, const zreg__belonging_list *list, size_t from,
                                  zreg_error *err)
{
    for (size_t i = from; i < list->count; i++) {
        ZREG__TRY(ask_about(self, zreg_manifest_digest(list->items[i].manifest), err));
    }
    return ZREG_OK;
}

static zreg_status search_round(search *self, zreg_error *err)
{
    size_t referrers = self->found.referrers.count;
    size_t tagged = self->found.tagged.count;
    ZREG__TRY(ask_all(self, err));
    ZREG__TRY(fetch_listed(self, err));
    ZREG__TRY(keep_round(self, err));
    finish_round(self);
    self->first = self->count;
    ZREG__TRY(ask_about_list(self, &self->found.referrers, referrers, err));
    return ask_about_list(self, &self->found.tagged, tagged, err);
}

static zreg_status search_all(search *self, zreg_error *err)
{
    for (unsigned depth = 0; self->first < self->count; depth++) {
        if (depth > ZREG__MAX_REFERRERS_DEPTH) {
            return zreg__fail(err, ZREG_LIMIT,
                              "%s: referrers of referrers, more than %d deep, belong to it",
                              zreg__endpoint_text(self->src), ZREG__MAX_REFERRERS_DEPTH);
        }
        ZREG__TRY(search_round(self, err));
    }
    return ZREG_OK;
}

zreg_status zreg__belongings_find(zreg__belongings *out, zreg__endpoint *src,
                                  const zreg_manifest *root, bool made,
                                  const zreg__transfer_options *options, zreg_cancel *cancel,
                                  zreg_error *err)
{
    ZREG__AUTO(search) search self = {.src = src, .options = options, .cancel = cancel};
    ZREG__TRY(zreg__map_new(&self.known, NULL, err));
    ZREG__TRY(made ? ZREG_OK : ask_about(&self, zreg_manifest_digest(root), err));
    ZREG__TRY(ask_about_children(&self, root, 0, err));
    ZREG__TRY(search_all(&self, err));
    *out = self.found;
    self.found = (zreg__belongings){0};
    return ZREG_OK;
}
