/* SPDX-License-Identifier: Apache-2.0 */
/* What an OCI layout holds that belongs to its images: index.json is read once, for all subjects. */
#include "image/layout.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/strings.h"
#include "oci/manifest.h"
#include "oci/referrers.h"

typedef struct walk {
    const zreg__layout *layout;
    bool to_write;
    zreg__map *by_subject;
    size_t looked_at;
    zreg_cancel *cancel;
} walk;

static void walk_finish(walk *self)
{
    zreg__map_free(self->by_subject);
}

ZREG__DEFINE_AUTO_VALUE(walk, walk_finish)

static void free_strings(void *strings)
{
    zreg_strings_free(strings);
}

static bool contains(const zreg_strings *strings, const char *text)
{
    for (size_t i = 0; i < zreg_strings_count(strings); i++) {
        if (zreg__str_equal(zreg_strings_at(strings, i), text)) {
            return true;
        }
    }
    return false;
}

static zreg_status referrers_of(zreg_strings **out, walk *self, const zreg_digest *subject,
                                zreg_error *err)
{
    ZREG__AUTO(zreg_strings) zreg_strings *made = NULL;
    *out = zreg__map_get(self->by_subject, subject->text);
    if (*out != NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__strings_new(&made, err));
    ZREG__TRY(zreg__map_set(self->by_subject, subject->text, made, err));
    *out = zreg__steal(&made);
    return ZREG_OK;
}

static zreg_status note(walk *self, const zreg_manifest *manifest, zreg_error *err)
{
    const zreg_descriptor *subject = zreg_manifest_subject(manifest);
    const char *digest = zreg_manifest_digest(manifest)->text;
    zreg_strings *known = NULL;
    if (subject == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(referrers_of(&known, self, &subject->digest, err));
    if (contains(known, digest)) {
        return ZREG_OK;
    }
    if (zreg_strings_count(known) == ZREG__MAX_REFERRERS) {
        return zreg__fail(err, ZREG_LIMIT, "referrers of %s: there are more than %d",
                          subject->digest.text, ZREG__MAX_REFERRERS);
    }
    return zreg__strings_add(known, digest, SIZE_MAX, err);
}

/* `*out` stays NULL for what is no manifest that we know, and for what index.json names but the
 * layout does not hold. */
static zreg_status look_at(zreg_manifest **out, walk *self, const zreg_digest *digest,
                           zreg_error *err)
{
    zreg_error why = {.code = ZREG_OK};
    ZREG__TRY(zreg__cancel_check(self->cancel, err));
    if (++self->looked_at > ZREG__MAX_GRAPH_NODES) {
        return zreg__fail(err, ZREG_LIMIT, "index.json names more than %d manifests",
                          ZREG__MAX_GRAPH_NODES);
    }
    zreg_status status = zreg__layout_manifest(out, self->layout, digest, NULL, &why);
    bool unknown = status == ZREG_UNSUPPORTED || status == ZREG_INVAL || status == ZREG_NOTFOUND ||
                   (status == ZREG_CORRUPT && self->to_write);
    return status == ZREG_OK || unknown ? ZREG_OK : zreg__fail_again(err, &why);
}

static zreg_status note_children(walk *self, const zreg_manifest *list, zreg_error *err)
{
    for (size_t i = 0; i < zreg_manifest_count(list); i++) {
        ZREG__AUTO(zreg_manifest) zreg_manifest *child = NULL;
        ZREG__TRY(look_at(&child, self, &zreg_manifest_at(list, i)->digest, err));
        ZREG__TRY(child != NULL ? note(self, child, err) : ZREG_OK);
    }
    return ZREG_OK;
}

static zreg_status note_entry(walk *self, const zreg__json *entry, zreg_error *err)
{
    zreg_digest digest;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    const char *text = zreg__json_text(entry, "digest");
    const char *tag = zreg__layout_index_tag(entry);
    if (text == NULL || zreg_digest_parse(&digest, text, NULL) != ZREG_OK) {
        return ZREG_OK;
    }
    ZREG__TRY(look_at(&manifest, self, &digest, err));
    if (manifest == NULL) {
        return ZREG_OK;
    }
    if (tag != NULL && zreg_manifest_is_index(manifest) && zreg__referrers_is_digest_tag(tag)) {
        return note_children(self, manifest, err);
    }
    return note(self, manifest, err);
}

zreg_status zreg__layout_referrers(zreg__map **out, const zreg__layout *layout, bool to_write,
                                   zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(walk) walk self = {.layout = layout, .to_write = to_write, .cancel = cancel};
    ZREG__AUTO(zreg__json) zreg__json *index = NULL;
    ZREG__TRY(zreg__map_new(&self.by_subject, free_strings, err));
    ZREG__TRY(zreg__layout_index_load(&index, layout, err));
    const zreg__json *entries = zreg__json_get(index, "manifests");
    for (size_t i = 0; i < zreg__json_length(entries); i++) {
        ZREG__TRY(note_entry(&self, zreg__json_at(entries, i), err));
    }
    *out = zreg__steal(&self.by_subject);
    return ZREG_OK;
}
