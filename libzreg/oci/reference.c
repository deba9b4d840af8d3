/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/reference.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include <string.h>

struct zreg_ref {
    char *host;
    char *repository;
    char *tag; /* NULL when there is none */
    char *text;
    char *canonical_name;
    zreg_digest digest; /* text "" when there is none */
};

static const char docker_io[] = "docker.io";
static const char library[] = "library/";

/* Names under which docker.io is known too. */
static const char *const docker_io_aliases[] = {"index.docker.io", "registry-1.docker.io"};

/* The host in its one spelling, in new memory. NULL: memory ran out. */
static char *normal_host(zreg__span host)
{
    char *normal = zreg__strndup(host.text, host.size);
    for (size_t i = 0; normal != NULL && i < host.size; i++) {
        normal[i] = zreg__to_lower(normal[i]);
    }
    for (size_t i = 0; normal != NULL && i < ZREG__COUNT(docker_io_aliases); i++) {
        if (zreg__str_equal(normal, docker_io_aliases[i])) {
            free(normal);
            return zreg__strdup(docker_io);
        }
    }
    return normal;
}

/* The repository with the "library/" that docker.io gives to names of one word. */
static char *normal_repository(const char *host, zreg__span repository)
{
    bool one_word = memchr(repository.text, '/', repository.size) == NULL;
    bool official = one_word && zreg__str_equal(host, docker_io);
    return zreg__asprintf("%s%.*s", official ? library : "", (int)repository.size, repository.text);
}

static char *full_text(const zreg_ref *ref)
{
    return zreg__asprintf("%s/%s%s%s%s%s", ref->host, ref->repository, ref->tag ? ":" : "",
                          ref->tag ? ref->tag : "", ref->digest.text[0] ? "@" : "",
                          ref->digest.text);
}

static char *canonical_name(const char *host, const char *repository)
{
    bool is_docker_io = zreg__str_equal(host, docker_io);
    return zreg__asprintf("%s%s%s", is_docker_io ? "" : host, is_docker_io ? "" : "/", repository);
}

/* The parts of a reference as they stand in its text; what is unset has text NULL. */
typedef struct ref_parts {
    zreg__span host;
    zreg__span repository;
    zreg__span tag;
    const zreg_digest *digest;
} ref_parts;

static zreg_status check_parts(const ref_parts *parts, zreg_error *err)
{
    if (!zreg__reference_is_host(parts->host)) {
        return zreg__fail(
            err, ZREG_INVAL,
            "host \"%.*s\": write NAME, ADDRESS or [V6-ADDRESS], with :PORT if needed",
            (int)parts->host.size, parts->host.text);
    }
    if (!zreg__reference_is_repository(parts->repository)) {
        return zreg__fail(err, ZREG_INVAL,
                          "repository \"%.*s\": write at most %d lower-case letters, digits and "
                          "single . _ - between them, parts joined by /",
                          (int)parts->repository.size,
                          parts->repository.size > 0 ? parts->repository.text : "",
                          ZREG__MAX_REPOSITORY);
    }
    if (parts->tag.text != NULL && !zreg__reference_is_tag(parts->tag)) {
        return zreg__fail(err, ZREG_INVAL,
                          "tag \"%.*s\": write at most %d letters, digits, _ . - and begin with "
                          "none of . -",
                          (int)parts->tag.size, parts->tag.text, ZREG__MAX_TAG);
    }
    return ZREG_OK;
}

static zreg_status make(zreg_ref **out, const ref_parts *parts, zreg_error *err)
{
    ZREG__TRY(check_parts(parts, err));
    ZREG__AUTO(zreg_ref) zreg_ref *ref = zreg__new(zreg_ref);
    if (ref == NULL) {
        return zreg__fail_nomem(err);
    }
    if (parts->digest != NULL) {
        ref->digest = *parts->digest;
    }
    ref->host = normal_host(parts->host);
    ref->repository = ref->host ? normal_repository(ref->host, parts->repository) : NULL;
    ref->tag = parts->tag.text ? zreg__strndup(parts->tag.text, parts->tag.size) : NULL;
    if (ref->repository == NULL || (parts->tag.text != NULL && ref->tag == NULL)) {
        return zreg__fail_nomem(err);
    }
    if (strlen(ref->repository) > ZREG__MAX_REPOSITORY) {
        return zreg__fail(err, ZREG_INVAL, "repository \"%.300s\": longer than %d characters",
                          ref->repository, ZREG__MAX_REPOSITORY);
    }
    ref->text = full_text(ref);
    ref->canonical_name = canonical_name(ref->host, ref->repository);
    if (ref->text == NULL || ref->canonical_name == NULL) {
        return zreg__fail_nomem(err);
    }
    *out = zreg__steal(&ref);
    return ZREG_OK;
}

zreg_status zreg__reference_new(zreg_ref **out, const char *host, const char *repository,
                                const char *tag, const zreg_digest *digest, zreg_error *err)
{
    if (tag == NULL && digest == NULL) {
        return zreg__fail(err, ZREG_INVAL, "reference to %s/%s: neither tag nor digest",
                          host ? host : "", repository ? repository : "");
    }
    ref_parts given = {zreg__span_of(host), zreg__span_of(repository), zreg__span_of(tag), digest};
    return make(out, &given, err);
}

/* Docker's rule: what comes before the first slash is a host when no repository could look so. */
static bool looks_like_host(zreg__span first)
{
    return memchr(first.text, '.', first.size) != NULL ||
           memchr(first.text, ':', first.size) != NULL ||
           zreg__span_is_nocase(first, "localhost") || (first.size > 0 && first.text[0] == '[');
}

/* Cuts the host from the front of HOST/REPOSITORY; text NULL when there is none. */
static zreg__span cut_host(zreg__span *name)
{
    zreg__span rest = *name;
    zreg__span first = zreg__span_cut(&rest, '/');
    if (rest.text == NULL || first.size == 0 || !looks_like_host(first)) {
        return (zreg__span){NULL, 0};
    }
    *name = rest;
    return first;
}

static zreg_status parse_parts(zreg_ref **out, zreg__span text, const zreg_digest *digest,
                               zreg_error *err)
{
    ref_parts found = {.digest = digest};
    found.host = cut_host(&text);
    if (found.host.text == NULL) {
        found.host = zreg__span_of(docker_io);
    }
    found.repository = zreg__span_cut(&text, ':');
    found.tag = text;
    if (found.tag.text == NULL && digest == NULL) {
        found.tag = zreg__span_of("latest");
    }
    return make(out, &found, err);
}

zreg_status zreg_ref_parse(zreg_ref **out, const char *text, zreg_error *err)
{
    zreg__error_clear(err);
    if (zreg__str_empty(text)) {
        return zreg__fail(err, ZREG_INVAL, "empty reference; write HOST/REPOSITORY:TAG");
    }
    static const char scheme[] = "docker://";
    zreg__span name = zreg__span_of(text + (zreg__str_starts(text, scheme) ? strlen(scheme) : 0));
    const char *at = memchr(name.text, '@', name.size);
    zreg_digest digest;
    if (at != NULL) {
        zreg_status status = zreg_digest_parse(&digest, at + 1, err);
        if (status != ZREG_OK) {
            return zreg__error_prefix(err, status, "reference \"%.100s\"", text);
        }
        name.size = (size_t)(at - name.text);
    }
    zreg_status status = parse_parts(out, name, at != NULL ? &digest : NULL, err);
    return status == ZREG_OK ? ZREG_OK
                             : zreg__error_prefix(err, status, "reference \"%.200s\"", text);
}

zreg_status zreg_ref_with_tag(zreg_ref **out, const zreg_ref *ref, const char *tag, zreg_error *err)
{
    zreg__error_clear(err);
    if (tag == NULL) {
        return zreg__fail(err, ZREG_INVAL, "%s: no tag given", ref->text);
    }
    return zreg__reference_new(out, ref->host, ref->repository, tag, NULL, err);
}

zreg_status zreg_ref_with_digest(zreg_ref **out, const zreg_ref *ref, const zreg_digest *digest,
                                 zreg_error *err)
{
    zreg_digest checked;
    ZREG__TRY(zreg_digest_parse(&checked, digest ? digest->text : NULL, err));
    return zreg__reference_new(out, ref->host, ref->repository, NULL, &checked, err);
}

const char *zreg_ref_host(const zreg_ref *ref)
{
    return ref->host;
}

const char *zreg_ref_repository(const zreg_ref *ref)
{
    return ref->repository;
}

const char *zreg_ref_tag(const zreg_ref *ref)
{
    return ref->tag;
}

const zreg_digest *zreg_ref_digest(const zreg_ref *ref)
{
    return ref->digest.text[0] != '\0' ? &ref->digest : NULL;
}

const char *zreg_ref_reference(const zreg_ref *ref)
{
    return ref->digest.text[0] != '\0' ? ref->digest.text : ref->tag;
}

const char *zreg_ref_text(const zreg_ref *ref)
{
    return ref->text;
}

const char *zreg_ref_canonical_name(const zreg_ref *ref)
{
    return ref->canonical_name;
}

void zreg_ref_free(zreg_ref *ref)
{
    if (ref != NULL) {
        free(ref->host);
        free(ref->repository);
        free(ref->tag);
        free(ref->text);
        free(ref->canonical_name);
        free(ref);
    }
}

/* `text` without "HOST/" at its front when that names `host`, as mirrors with a path prefix ask. */
static zreg__span without_host(zreg__span text, const char *host)
{
    zreg__span rest = text;
    zreg__span first = zreg__span_cut(&rest, '/');
    ZREG__AUTO_FREE char *normal = rest.text != NULL ? normal_host(first) : NULL;
    return normal != NULL && zreg__str_equal(normal, host) ? rest : text;
}

zreg_status zreg__reference_canonical(char **out, zreg__span repository, const char *namespace_host,
                                      zreg_error *err)
{
    zreg__span name = repository;
    zreg__span host = namespace_host != NULL ? zreg__span_of(namespace_host) : cut_host(&name);
    if (host.text == NULL) {
        host = zreg__span_of(docker_io);
    }
    ZREG__AUTO_FREE char *normal = normal_host(host);
    if (normal == NULL) {
        return zreg__fail_nomem(err);
    }
    if (namespace_host != NULL) {
        name = without_host(name, normal);
    }
    ref_parts found = {.host = zreg__span_of(normal), .repository = name};
    ZREG__TRY(check_parts(&found, err));
    if (zreg__str_equal(normal, docker_io) && cut_host(&name).text != NULL) {
        return zreg__fail(err, ZREG_INVAL,
                          "\"%.*s\" of docker.io would be taken for that of another host",
                          (int)found.repository.size, found.repository.text);
    }
    ZREG__AUTO_FREE char *full = normal_repository(normal, name);
    char *canonical = full != NULL ? canonical_name(normal, full) : NULL;
    if (canonical == NULL) {
        return zreg__fail_nomem(err);
    }
    *out = canonical;
    return ZREG_OK;
}
