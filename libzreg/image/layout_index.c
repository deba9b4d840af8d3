/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/layout.h"
#include "oci/compose.h"
#include "oci/descriptor.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "oci/referrers.h"
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>

#define REF_NAME "org.opencontainers.image.ref.name"
#define CONTAINERD_NAME "io.containerd.image.name"

static zreg_status check_case(const zreg__json *index, zreg_error *err)
{
    const zreg__json *entries = zreg__json_get(index, "manifests");
    ZREG__TRY(zreg__manifest_check_case(index, "index.json", err));
    for (size_t i = 0; i < zreg__json_length(entries); i++) {
        ZREG__TRY(zreg__descriptor_check_case(zreg__json_at(entries, i), "index.json", err));
    }
    return ZREG_OK;
}

zreg_status zreg__layout_index_load(zreg__json **out, const zreg__layout *layout, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(ZREG__MAX_MANIFEST_BYTES);
    ZREG__AUTO(zreg__json) zreg__json *index = NULL;
    ZREG__TRY(zreg__layout_read(&text, layout, "index.json", err));
    ZREG__TRY(zreg__json_parse(&index, text.data, text.size, "index.json", err));
    ZREG__TRY(check_case(index, err));
    if (!zreg__json_is_array(zreg__json_get(index, "manifests"))) {
        return zreg__fail(err, ZREG_INVAL, "index.json has no list \"manifests\"");
    }
    *out = zreg__steal(&index);
    return ZREG_OK;
}

const char *zreg__layout_index_tag(const zreg__json *entry)
{
    return zreg__json_text(zreg__json_get(entry, "annotations"), REF_NAME);
}

static bool has_digest(const zreg__json *entry, const zreg_digest *digest)
{
    return zreg__str_equal(zreg__json_text(entry, "digest"), digest->text);
}

static zreg_status read_entry(zreg__layout_entry *out, const zreg__json *entry, zreg_error *err)
{
    const char *digest = zreg__json_text(entry, "digest");
    const char *type = zreg__json_text(entry, "mediaType");
    ZREG__TRY(zreg_digest_parse(&out->digest, digest != NULL ? digest : "", err));
    if (!zreg__json_u64(entry, "size", &out->size_bytes)) {
        return zreg__fail(err, ZREG_INVAL, "index.json: the size of %s is missing or wrong",
                          digest);
    }
    if (!zreg__str_copy(out->media_type, sizeof(out->media_type), type != NULL ? type : "")) {
        return zreg__fail(err, ZREG_INVAL, "index.json: the media type of %s is too long", digest);
    }
    return ZREG_OK;
}

/* The names there are, for a message; of an image without one its number. */
static zreg_status list_tags(zreg__buf *to, const zreg__json *entries)
{
    for (size_t i = 0; i < zreg__json_length(entries); i++) {
        const zreg__json *annotations = zreg__json_get(zreg__json_at(entries, i), "annotations");
        const char *full = zreg__json_text(annotations, CONTAINERD_NAME);
        const char *tag = full != NULL ? full : zreg__json_text(annotations, REF_NAME);
        const char *comma = to->size > 0 ? ", " : "";
        ZREG__TRY(tag != NULL ? zreg__buf_printf(to, NULL, "%s%s", comma, tag)
                              : zreg__buf_printf(to, NULL, "%s@%zu", comma, i));
    }
    return ZREG_OK;
}

static zreg_status fail_find(size_t found, const zreg__json *entries, const char *tag,
                             zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf tags = ZREG__BUF(300);
    (void)list_tags(&tags, entries);
    const char *there = tags.size > 0 ? zreg__buf_cstr(&tags) : "none";
    if (found > 1) {
        return zreg__fail(err, ZREG_INVAL,
                          "several images; add :NAME or :@NUMBER to say which; there is: %s",
                          there);
    }
    return tag != NULL
               ? zreg__fail(err, ZREG_NOTFOUND, "no tag \"%s\"; the tags are: %s", tag, there)
               : zreg__fail(err, ZREG_NOTFOUND, "the layout holds no such image");
}

/* Signatures and the like stand beside the images that they belong to. */
static bool belongs_to_another(const zreg__layout *layout, const zreg__json *entry)
{
    zreg__layout_entry read;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    const char *tag = zreg__layout_index_tag(entry);
    if (tag != NULL && zreg__referrers_is_digest_tag(tag)) {
        return true;
    }
    return read_entry(&read, entry, NULL) == ZREG_OK &&
           zreg__layout_manifest(&manifest, layout, &read.digest, NULL, NULL) == ZREG_OK &&
           zreg_manifest_subject(manifest) != NULL;
}

/* Among several entries, where none was named. */
static size_t find_images(const zreg__json **out, const zreg__layout *layout,
                          const zreg__json *entries)
{
    size_t count = 0;
    for (size_t i = 0; i < zreg__json_length(entries) && count < 2; i++) {
        const zreg__json *entry = zreg__json_at(entries, i);
        if (!belongs_to_another(layout, entry)) {
            *out = entry;
            count++;
        }
    }
    return count;
}

static size_t find_digest(const zreg__json **out, const zreg__json *entries,
                          const zreg_digest *digest)
{
    size_t count = 0;
    for (size_t i = 0; i < zreg__json_length(entries); i++) {
        const zreg__json *entry = zreg__json_at(entries, i);
        if (digest == NULL || has_digest(entry, digest)) {
            *out = count == 0 ? entry : *out;
            count++;
        }
    }
    return count;
}

/* How a name may be meant, the closest first. */
typedef enum name_match {
    NAME_AS_WRITTEN,
    NAME_SAME_REFERENCE,
    NAME_TAG_ALONE, /* the tag of a name that is a whole reference */
    NAME_OTHER,
} name_match;

static bool is_same_reference(const char *name, const char *wanted)
{
    ZREG__AUTO(zreg_ref) zreg_ref *a = NULL;
    ZREG__AUTO(zreg_ref) zreg_ref *b = NULL;
    return !zreg__reference_is_tag(zreg__span_of(wanted)) &&
           !zreg__reference_is_tag(zreg__span_of(name)) &&
           zreg_ref_parse(&a, name, NULL) == ZREG_OK &&
           zreg_ref_parse(&b, wanted, NULL) == ZREG_OK &&
           zreg__str_equal(zreg_ref_text(a), zreg_ref_text(b));
}

static bool has_tag(const char *name, const char *wanted)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    return strchr(name, ':') != NULL && zreg_ref_parse(&ref, name, NULL) == ZREG_OK &&
           zreg__str_equal(zreg_ref_tag(ref), wanted);
}

static name_match match_name(const char *name, const char *wanted)
{
    if (zreg__str_equal(name, wanted)) {
        return NAME_AS_WRITTEN;
    }
    if (is_same_reference(name, wanted)) {
        return NAME_SAME_REFERENCE;
    }
    return has_tag(name, wanted) ? NAME_TAG_ALONE : NAME_OTHER;
}

static const char *const name_keys[] = {REF_NAME, CONTAINERD_NAME};

/* Finding and replacing both go by this. */
static name_match match_entry(const zreg__json *entry, const char *wanted)
{
    const zreg__json *annotations = zreg__json_get(entry, "annotations");
    name_match best = NAME_OTHER;
    for (size_t i = 0; i < ZREG__COUNT(name_keys); i++) {
        const char *name = zreg__json_text(annotations, name_keys[i]);
        name_match match = name != NULL ? match_name(name, wanted) : NAME_OTHER;
        best = match < best ? match : best;
    }
    return best;
}

static bool has_name(const zreg__json *entry)
{
    const zreg__json *annotations = zreg__json_get(entry, "annotations");
    for (size_t i = 0; i < ZREG__COUNT(name_keys); i++) {
        if (zreg__json_text(annotations, name_keys[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Where a name is to be written, only what has it as it is written counts: the rest gives way, or is
 * another name. Several images may share a name only where they are one, or where it stands there as it was given:
 * then the first counts, as it always did. */
static size_t find_named(const zreg__json **out, const zreg__json *entries, const char *tag,
                         bool to_write)
{
    name_match best = NAME_OTHER;
    size_t others = 0;
    for (size_t i = 0; i < zreg__json_length(entries); i++) {
        const zreg__json *entry = zreg__json_at(entries, i);
        name_match match = match_entry(entry, tag);
        if (match < best) {
            best = match;
            others = 0;
            *out = entry;
        } else if (match == best && match != NAME_OTHER) {
            others +=
                !zreg__str_equal(zreg__json_text(*out, "digest"), zreg__json_text(entry, "digest"));
        }
    }
    if (best == NAME_OTHER || (to_write && best != NAME_AS_WRITTEN)) {
        return 0;
    }
    return best == NAME_AS_WRITTEN ? 1 : 1 + others;
}

zreg_status zreg__layout_index_find(zreg__layout_entry *out, const zreg__layout *layout,
                                    const char *tag, const zreg_digest *digest, bool to_write,
                                    zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *index = NULL;
    ZREG__TRY(zreg__layout_index_load(&index, layout, err));
    const zreg__json *entries = zreg__json_get(index, "manifests");
    const zreg__json *found = NULL;
    bool by_name = digest == NULL && tag != NULL;
    size_t count =
        by_name ? find_named(&found, entries, tag, to_write) : find_digest(&found, entries, digest);
    if (count > 1 && tag == NULL && digest == NULL && find_images(&found, layout, entries) == 1) {
        count = 1;
    }
    if (count == 0 || (count > 1 && digest == NULL)) {
        return fail_find(count, entries, by_name ? tag : NULL, err);
    }
    return read_entry(out, found, err);
}

zreg_status zreg__layout_index_at(zreg__layout_entry *out, const zreg__layout *layout, size_t i,
                                  zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *index = NULL;
    ZREG__TRY(zreg__layout_index_load(&index, layout, err));
    const zreg__json *entries = zreg__json_get(index, "manifests");
    if (i >= zreg__json_length(entries)) {
        return zreg__fail(err, ZREG_NOTFOUND, "no image number %zu; there are %zu, from 0", i,
                          zreg__json_length(entries));
    }
    return read_entry(out, zreg__json_at(entries, i), err);
}

/* An entry gives way to a new one of its name, or without names to the same digest. */
static bool is_replaced(const zreg__json *entry, const zreg_digest *digest, const char *tag)
{
    return (tag != NULL && match_entry(entry, tag) <= NAME_SAME_REFERENCE) ||
           (!has_name(entry) && has_digest(entry, digest));
}

/* What has a name needs no entry without one. */
static bool is_listed_by_name(const zreg__json *index, const zreg_digest *digest)
{
    const zreg__json *entries = zreg__json_get(index, "manifests");
    for (size_t i = 0; i < zreg__json_length(entries); i++) {
        const zreg__json *entry = zreg__json_at(entries, i);
        if (has_name(entry) && has_digest(entry, digest)) {
            return true;
        }
    }
    return false;
}

zreg_status zreg__layout_index_entry(zreg__json **out, const zreg_manifest *manifest,
                                     const char *tag, zreg_error *err)
{
    zreg_descriptor entry = zreg__compose_name(manifest);
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    bool is_full = tag != NULL && !zreg__reference_is_tag(zreg__span_of(tag)) &&
                   zreg_ref_parse(&ref, tag, NULL) == ZREG_OK;
    const char *const annotations[] = {REF_NAME, tag, is_full ? CONTAINERD_NAME : NULL,
                                       is_full ? zreg_ref_text(ref) : NULL, NULL};
    entry.annotations = tag != NULL ? annotations : NULL;
    return zreg__compose_descriptor(out, &entry, err);
}

static zreg_status replace(zreg__json *index, const zreg_manifest *manifest, const char *tag,
                           zreg_error *err)
{
    zreg__json *old = zreg__json_get(index, "manifests");
    ZREG__AUTO(zreg__json) zreg__json *entries = zreg__json_new_array();
    ZREG__AUTO(zreg__json) zreg__json *added = NULL;
    ZREG__TRY(zreg__layout_index_entry(&added, manifest, tag, err));
    for (size_t i = 0; i < zreg__json_length(old); i++) {
        zreg__json *entry = zreg__json_at(old, i);
        if (!is_replaced(entry, zreg_manifest_digest(manifest), tag)) {
            ZREG__TRY(zreg__json_add_shared(entries, entry, err));
        }
    }
    ZREG__TRY(zreg__json_add(entries, zreg__steal(&added), err));
    return zreg__json_set(index, "manifests", zreg__steal(&entries), err);
}

static zreg_status add_locked(int layout, const char *path, const zreg_manifest *manifest,
                              const char *tag, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *index = NULL;
    ZREG__AUTO_FREE char *text = NULL;
    ZREG__AUTO_FREE char *file = zreg__asprintf("%s/index.json", path);
    if (file == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__layout_index_load(&index, &(zreg__layout){.fd = layout}, err));
    if (tag == NULL && is_listed_by_name(index, zreg_manifest_digest(manifest))) {
        return ZREG_OK;
    }
    ZREG__TRY(replace(index, manifest, tag, err));
    ZREG__TRY(zreg__json_print(&text, index, err));
    return zreg__file_write(file, text, strlen(text), 0644, false, err);
}

/* Other programs may write the index too. */
zreg_status zreg__layout_index_add(int layout, const char *path, const zreg_manifest *manifest,
                                   const char *tag, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__TRY(zreg__fd_lock(layout, "the folder", cancel, err));
    zreg_status status = add_locked(layout, path, manifest, tag, err);
    (void)flock(layout, LOCK_UN);
    return status;
}
