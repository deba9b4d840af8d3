/* SPDX-License-Identifier: Apache-2.0 */
#include "image/place.h"

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

/* A tag follows the last colon, unless a slash comes after that colon. */
static zreg_status parse_layout_tag(zreg__place *place, const char *rest, const char *text,
                                    zreg_error *err)
{
    const char *colon = strrchr(rest, ':');
    if (colon == NULL || strchr(colon, '/') != NULL) {
        return set_path(place, rest, strlen(rest), text, err);
    }
    if (!zreg__reference_is_tag(zreg__span_of(colon + 1))) {
        return zreg__fail(err, ZREG_INVAL, "place \"%s\": \"%s\" is not a tag", text, colon + 1);
    }
    place->tag = zreg__strdup(colon + 1);
    if (place->tag == NULL) {
        return zreg__fail_nomem(err);
    }
    return set_path(place, rest, (size_t)(colon - rest), text, err);
}

static zreg_status parse_layout(zreg__place *place, const char *text, zreg_error *err)
{
    const char *rest = text + strlen("oci:");
    const char *at = strrchr(rest, '@');
    place->kind = ZREG__PLACE_LAYOUT;
    if (at == NULL || strchr(at, ':') == NULL || strchr(at, '/') != NULL) {
        return parse_layout_tag(place, rest, text, err);
    }
    ZREG__TRY(zreg_digest_parse(&place->digest, at + 1, err));
    return set_path(place, rest, (size_t)(at - rest), text, err);
}

static zreg_status parse_archive(zreg__place *place, const char *text, zreg_error *err)
{
    const char *rest = text + strlen("docker-archive:");
    size_t path_size = strcspn(rest, ":");
    place->kind = ZREG__PLACE_ARCHIVE;
    if (rest[path_size] == ':') {
        ZREG__TRY(zreg_ref_parse(&place->ref, rest + path_size + 1, err));
    }
    return set_path(place, rest, path_size, text, err);
}

static zreg_status parse(zreg__place *place, const char *text, zreg_error *err)
{
    if (zreg__str_starts(text, "oci:")) {
        return parse_layout(place, text, err);
    }
    if (zreg__str_starts(text, "docker-archive:")) {
        return parse_archive(place, text, err);
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
    case ZREG__PLACE_ARCHIVE:
        break;
    }
    return zreg__fail(err, ZREG_UNSUPPORTED, "%s: an archive has no further tags", place->text);
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
