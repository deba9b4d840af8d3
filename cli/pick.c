/* SPDX-License-Identifier: Apache-2.0 */
#include "pick.h"

#include "memory.h"
#include "values.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

enum { MAX_DEPTH = 8, MAX_BLOB = 4 << 20, MAX_LISTED = 300 };

zreg_status pick_ref(session *s, zreg_ref **out, const char *text)
{
    if (values_is_local(text)) {
        return session_fail(s, ZREG_INVAL,
                            "\"%s\": %s is for images in registries; zreg inspect and zreg copy "
                            "read other places",
                            text, s->verb->name);
    }
    return zreg_ref_parse(out, text, &s->err);
}

static bool is_word(const char *text, size_t size, const char *word)
{
    return word != NULL && strlen(word) == size && strncmp(text, word, size) == 0;
}

/* "os/architecture[/variant]"; without a variant any will do. */
static bool matches(const zreg_descriptor *child, const char *platform)
{
    const char *architecture = strchr(platform, '/') + 1;
    const char *variant = strchr(architecture, '/');
    size_t size = variant == NULL ? strlen(architecture) : (size_t)(variant - architecture);
    return child->has_platform &&
           is_word(platform, (size_t)(architecture - 1 - platform), child->platform.os) &&
           is_word(architecture, size, child->platform.architecture) &&
           (variant == NULL || is_word(variant + 1, strlen(variant + 1), child->platform.variant));
}

static zreg_status none_matches(session *s, const picked *in, const char *platform)
{
    char list[MAX_LISTED] = "";
    size_t used = 0;
    for (size_t i = 0; i < zreg_manifest_count(in->manifest) && used < sizeof(list) - 64; i++) {
        const zreg_platform *has = &zreg_manifest_at(in->manifest, i)->platform;
        if (has->os != NULL && has->os[0] != '\0') {
            bool bare = has->variant == NULL || has->variant[0] == '\0';
            used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%.12s/%.12s%s%.12s",
                                     used == 0 ? "" : ", ", has->os, has->architecture,
                                     bare ? "" : "/", bare ? "" : has->variant);
        }
    }
    return session_fail(s, ZREG_NOTFOUND, "%s has no image for %s; it has %s",
                        zreg_ref_text(in->ref), platform,
                        used == 0 ? "none with a platform" : list);
}

static zreg_status descend(session *s, picked *in, const char *platform)
{
    zreg_ref *ref = NULL;
    zreg_manifest *child = NULL;
    size_t i = 0;
    while (i < zreg_manifest_count(in->manifest) &&
           !matches(zreg_manifest_at(in->manifest, i), platform)) {
        i++;
    }
    if (i == zreg_manifest_count(in->manifest)) {
        return none_matches(s, in, platform);
    }
    zreg_status status =
        zreg_ref_with_digest(&ref, in->ref, &zreg_manifest_at(in->manifest, i)->digest, &s->err);
    if (status == ZREG_OK) {
        status = zreg_client_manifest_get(&child, s->client, ref, s->cancel, &s->err);
    }
    if (status == ZREG_OK) {
        zreg_manifest_free(in->manifest);
        in->manifest = child;
    }
    zreg_ref_free(ref);
    return status;
}

zreg_status pick_manifest(session *s, picked *out, const char *text, const char *platform)
{
    zreg_status status = pick_ref(s, &out->ref, text);
    if (status == ZREG_OK) {
        status = zreg_client_manifest_get(&out->manifest, s->client, out->ref, s->cancel, &s->err);
    }
    for (int depth = 0; status == ZREG_OK && platform != NULL && depth < MAX_DEPTH &&
                        zreg_manifest_is_index(out->manifest);
         depth++) {
        status = descend(s, out, platform);
    }
    return status;
}

/* What this machine runs, in the words of platforms. */
static const char *machine_architecture(void)
{
    static const char *const words[][2] = {{"x86_64", "amd64"}, {"aarch64", "arm64"},
                                           {"armv7l", "arm"},   {"armv6l", "arm"},
                                           {"i686", "386"},     {"loongarch64", "loong64"}};
    static struct utsname about;
    if (uname(&about) != 0) {
        return "amd64";
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(about.machine, words[i][0]) == 0) {
            return words[i][1];
        }
    }
    return about.machine;
}

zreg_status pick_image(session *s, picked *out, const char *text, const char *platform)
{
    AUTO_FREE char *ours = memory_printf("linux/%s", machine_architecture());
    zreg_status status = pick_manifest(s, out, text, platform == NULL ? ours : platform);
    if (status == ZREG_OK && zreg_manifest_is_index(out->manifest)) {
        return session_fail(s, ZREG_LIMIT, "%s: indexes more than %d deep", text, MAX_DEPTH);
    }
    return status;
}

void pick_finish(picked *it)
{
    zreg_manifest_free(it->manifest);
    zreg_ref_free(it->ref);
}

static zreg_status read_blob(session *s, char *bytes, const zreg_ref *ref,
                             const zreg_descriptor *blob)
{
    zreg_blob_reader *reader = NULL;
    size_t used = 0;
    size_t size = 1;
    zreg_status status = zreg_blob_open(&reader, s->client, ref, &blob->digest, s->cancel, &s->err);
    while (status == ZREG_OK && size > 0 && used <= blob->size_bytes) {
        status = zreg_blob_read(&size, reader, bytes + used, (size_t)blob->size_bytes + 1 - used,
                                &s->err);
        used += status == ZREG_OK ? size : 0;
    }
    zreg_blob_reader_free(reader);
    return status == ZREG_OK && used != blob->size_bytes
               ? session_fail(s, ZREG_CORRUPT, "%s: it has another size than its manifest says",
                              blob->digest.text)
               : status;
}

/* Who sent other bytes may have been a mirror, which is not asked again. */
zreg_status pick_blob(session *s, char **out, const zreg_ref *ref, const zreg_descriptor *blob)
{
    if (blob->size_bytes > MAX_BLOB) {
        return session_fail(s, ZREG_LIMIT, "%s: it is larger than %d bytes; zreg blob reads it",
                            blob->digest.text, MAX_BLOB);
    }
    char *bytes = memory_array((size_t)blob->size_bytes + 2, 1);
    zreg_status status = read_blob(s, bytes, ref, blob);
    if (status == ZREG_CORRUPT) {
        memset(bytes, 0, (size_t)blob->size_bytes + 2);
        status = read_blob(s, bytes, ref, blob);
    }
    if (status != ZREG_OK) {
        free(bytes);
        return status;
    }
    *out = bytes;
    return ZREG_OK;
}
