/* SPDX-License-Identifier: Apache-2.0 */
#include "image/place.h"

#include "base/compiler.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/reference.h"
#include <stdlib.h>
#include <string.h>

static zreg_status parse_registry(zreg__place *place, const char *text, zreg_error *err)
{
    ZREG__TRY(zreg_ref_parse(&place->ref, text, err));
    place->text = zreg__strdup(zreg_ref_text(place->ref));
    return place->text != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

static zreg_status set_path(zreg__place *place, const char *path, size_t size, const char *text,
                            zreg_error *err)
{
    if (size == 0) {
        return zreg__fail(err, ZREG_INVAL, "place \"%s\": no path after the first colon", text);
    }
    place->path = zreg__strndup(path, size);
    place->text = zreg__strdup(text);
    return place->path != NULL && place->text != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

/* What org.opencontainers.image.ref.name may be (image-spec, annotations.md). */
static bool is_name(zreg__span text)
{
    if (zreg__reference_is_tag(text)) {
        return true;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (!zreg__is_alnum(text.text[i]) && strchr("-._:@/+", text.text[i]) == NULL) {
            return false;
        }
    }
    return text.size > 0 && zreg__is_alnum(text.text[0]) &&
           zreg__is_alnum(text.text[text.size - 1]);
}

/* "@3": the fourth image that there is. */
static bool take_number(zreg__place *place, const char *name)
{
    uint64_t number = 0;
    if (name[0] != '@' || !zreg__span_u64(zreg__span_of(name + 1), &number) ||
        number >= ZREG__PLACE_NO_NUMBER) {
        return false;
    }
    place->number = (size_t)number;
    return true;
}

/* NAME of "PATH:NAME". */
static zreg_status set_name(zreg__place *place, const char *name, size_t size, const char *text,
                            zreg_error *err)
{
    if (!is_name((zreg__span){name, size})) {
        return zreg__fail(err, ZREG_INVAL,
                          "place \"%s\": \"%.*s\" is not a tag, and no name of an image", text,
                          (int)(size < 200 ? size : 200), name);
    }
    place->tag = zreg__strndup(name, size);
    return place->tag != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

static zreg_status parse_named(zreg__place *place, const char *rest, const char *end,
                               const char *text, zreg_error *err)
{
    const char *colon = memchr(rest, ':', (size_t)(end - rest));
    if (colon != NULL) {
        ZREG__TRY(set_name(place, colon + 1, (size_t)(end - colon - 1), text, err));
    }
    return set_path(place, rest, (size_t)((colon != NULL ? colon : end) - rest), text, err);
}

/* oci:DIR[:NAME][@DIGEST] */
static zreg_status parse_layout(zreg__place *place, const char *rest, const char *text,
                                zreg_error *err)
{
    const char *end = rest + strlen(rest);
    const char *at = strrchr(rest, '@');
    if (at > rest && at[-1] == ':' && take_number(place, at)) {
        return set_path(place, rest, (size_t)(at - rest - 1), text, err);
    }
    if (at == NULL || strchr(at, ':') == NULL || strchr(at, '/') != NULL) {
        return parse_named(place, rest, end, text, err);
    }
    ZREG__TRY(zreg_digest_parse(&place->digest, at + 1, err));
    return parse_named(place, rest, at, text, err);
}

/* REF: what is the name of an image in it, and what pins it. */
static zreg_status set_ref(zreg__place *place, const char *text, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__AUTO(zreg_ref) zreg_ref *name = NULL;
    ZREG__TRY(zreg_ref_parse(&ref, text, err));
    const char *tag = zreg_ref_tag(ref);
    const zreg_digest *pinned = zreg_ref_digest(ref);
    if (pinned != NULL) {
        place->digest = *pinned;
    }
    if (tag == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg_ref_with_tag(&name, ref, tag, err));
    place->tag = zreg__strdup(zreg_ref_text(name));
    return place->tag != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

static zreg_status parse_archive(zreg__place *place, const char *rest, const char *text,
                                 zreg_error *err)
{
    size_t path_size = strcspn(rest, ":");
    if (rest[path_size] == ':' && !take_number(place, rest + path_size + 1)) {
        ZREG__TRY(set_ref(place, rest + path_size + 1, err));
    }
    return set_path(place, rest, path_size, text, err);
}

/* docker-daemon:REF; an ID is told from a name as skopeo has it. */
static zreg_status parse_daemon(zreg__place *place, const char *rest, const char *text,
                                zreg_error *err)
{
    zreg_digest id;
    if (zreg__str_starts(rest, "sha256:")) {
        ZREG__TRY(zreg_digest_parse(&id, rest, err));
        return set_path(place, rest, strlen(rest), text, err);
    }
    if (strchr(rest, '@') != NULL) {
        return zreg__fail(err, ZREG_INVAL,
                          "place \"%.200s\": a daemon has images by name or ID, and no digests of "
                          "manifests; write docker-daemon:NAME:TAG or docker-daemon:sha256:ID",
                          text);
    }
    ZREG__TRY(set_ref(place, rest, err));
    if (place->tag == NULL) {
        return zreg__fail(err, ZREG_INVAL,
                          "place \"%.200s\": no image is named; write docker-daemon:NAME:TAG",
                          text);
    }
    return set_path(place, place->tag, strlen(place->tag), text, err);
}

/* What is written before a place. */
typedef struct prefix {
    const char *text;
    zreg__place_kind kind;
    zreg_status (*parse)(zreg__place *place, const char *rest, const char *text, zreg_error *err);
} prefix;

static const prefix prefixes[] = {
    {"oci:", ZREG__PLACE_LAYOUT, parse_layout},
    {"oci-archive:", ZREG__PLACE_OCI_ARCHIVE, parse_layout},
    {"docker-archive:", ZREG__PLACE_ARCHIVE, parse_archive},
    {"docker-daemon:", ZREG__PLACE_DAEMON, parse_daemon},
};

/* What other tools have, and how it is done here. */
static const char *const elsewhere[][2] = {
    {"containers-storage:", "images of podman and buildah are read and written as archives: podman "
                            "save --format oci-archive IMAGE | zreg copy oci-archive:- DST, or "
                            "zreg copy SRC oci-archive:FILE:IMAGE and podman load -i FILE"},
    {"dir:",
     "a folder of skopeo's own form is neither read nor written; skopeo copies it from and to "
     "oci:DIR:TAG"},
    {"https://", "an image is named without a scheme: HOST[:PORT]/REPOSITORY:TAG"},
    {"http://", "an image is named without a scheme: HOST[:PORT]/REPOSITORY:TAG; a host without "
                "TLS is told by an option"},
    {"ocidir://", "an OCI layout is written oci:DIR:TAG"},
    {"oci://", "an OCI layout is written oci:DIR:TAG, an image of a registry without a scheme"},
    {"ostree:", "an image in an OSTree repository is not read; copy it to oci:DIR:TAG first"},
    {"sif:", "a Singularity image is not read; copy it to oci:DIR:TAG first"},
    {"tarball:", "an image of tar files is made by zreg append"},
    {"file:", "a folder is written oci:DIR:TAG, a file oci-archive:FILE or docker-archive:FILE"},
};

/* "dir:5000/x" names a host and a port. */
static bool is_port(const char *rest)
{
    size_t digits = strspn(rest, "0123456789");
    return digits > 0 && digits <= 5 && rest[digits] == '/';
}

static zreg_status check_elsewhere(const char *text, zreg_error *err)
{
    for (size_t i = 0; i < ZREG__COUNT(elsewhere); i++) {
        const char *name = elsewhere[i][0];
        if (zreg__str_starts(text, name) && !is_port(text + strlen(name))) {
            return zreg__fail(err, ZREG_UNSUPPORTED, "place \"%.200s\": %s", text, elsewhere[i][1]);
        }
    }
    return ZREG_OK;
}

static zreg_status parse(zreg__place *place, const char *text, zreg_error *err)
{
    ZREG__TRY(check_elsewhere(text, err));
    for (size_t i = 0; i < ZREG__COUNT(prefixes); i++) {
        size_t size = strlen(prefixes[i].text);
        if (zreg__str_starts(text, prefixes[i].text) && !is_port(text + size)) {
            place->kind = prefixes[i].kind;
            return prefixes[i].parse(place, text + size, text, err);
        }
    }
    return parse_registry(place, text, err);
}

zreg_status zreg__place_parse(zreg__place **out, const char *text, zreg_error *err)
{
    ZREG__AUTO(zreg__place) zreg__place *place = zreg__new(zreg__place);
    if (place == NULL) {
        return zreg__fail_nomem(err);
    }
    if (zreg__str_empty(text)) {
        return zreg__fail(err, ZREG_INVAL,
                          "no place is given; write HOST/REPOSITORY:TAG or oci:DIR:TAG");
    }
    place->number = ZREG__PLACE_NO_NUMBER;
    ZREG__TRY(parse(place, text, err));
    *out = zreg__steal(&place);
    return ZREG_OK;
}

const zreg_digest *zreg__place_digest(const zreg__place *place)
{
    if (place->kind == ZREG__PLACE_REGISTRY) {
        return zreg_ref_digest(place->ref);
    }
    return place->digest.text[0] != '\0' ? &place->digest : NULL;
}

static zreg_status ref_tagged(char **out, const zreg_ref *ref, const char *tag, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *tagged = NULL;
    ZREG__TRY(zreg_ref_with_tag(&tagged, ref, tag, err));
    *out = zreg__strdup(zreg_ref_text(tagged));
    return *out != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

zreg_status zreg__place_tagged(char **out, const zreg__place *place, const char *tag,
                               zreg_error *err)
{
    switch (place->kind) {
    case ZREG__PLACE_REGISTRY:
        return ref_tagged(out, place->ref, tag, err);
    case ZREG__PLACE_LAYOUT:
        *out = zreg__asprintf("oci:%s:%s", place->path, tag);
        return *out != NULL ? ZREG_OK : zreg__fail_nomem(err);
    case ZREG__PLACE_OCI_ARCHIVE:
        *out = zreg__asprintf("oci-archive:%s:%s", place->path, tag);
        return *out != NULL ? ZREG_OK : zreg__fail_nomem(err);
    case ZREG__PLACE_ARCHIVE:
    case ZREG__PLACE_DAEMON:
        break;
    }
    return zreg__fail(err, ZREG_UNSUPPORTED, "%s: %s has no further tags", place->text,
                      place->kind == ZREG__PLACE_DAEMON ? "an image of a daemon" : "an archive");
}

void zreg__place_free(zreg__place *place)
{
    if (place == NULL) {
        return;
    }
    zreg_ref_free(place->ref);
    free(place->text);
    free(place->path);
    free(place->tag);
    free(place);
}
