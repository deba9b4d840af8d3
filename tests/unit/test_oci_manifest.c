/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include <string.h>

#define D "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define D512                                                                                       \
    "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"                      \
    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"

/* Documents are written with ' for " to stay readable. */
#define V2 "'schemaVersion':2"
#define TYPE(type) "'mediaType':'" type "'"
#define DESCRIPTOR(type) "{'mediaType':'" type "','digest':'" D "','size':7}"
#define CONFIG "'config':" DESCRIPTOR(ZREG__TYPE_OCI_CONFIG)
#define DOCKER_CONFIG "'config':" DESCRIPTOR(ZREG__TYPE_DOCKER_CONFIG)
#define LAYER DESCRIPTOR(ZREG__TYPE_OCI_LAYER_GZIP)
#define LAYERS "'layers':[" LAYER "]"
#define CHILD DESCRIPTOR(ZREG__TYPE_OCI_MANIFEST)
#define MANIFESTS "'manifests':[" CHILD "]"

static char *json(const char *text)
{
    char *copy = zreg__strdup(text);
    for (char *at = copy; *at != '\0'; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    return copy;
}

static zreg_status parse(zreg_manifest **out, const char *text, const char *type, zreg_error *err)
{
    ZREG__AUTO_FREE char *document = json(text);
    return zreg_manifest_parse(out, document, strlen(document), type, err);
}

static void an_image_manifest_is_read_in_full(void **state)
{
    (void)state;
    ZREG__AUTO_FREE char *text = json("{" V2 "," TYPE(
        ZREG__TYPE_OCI_MANIFEST) "," CONFIG ", 'layers':[" LAYER
                                 ",{'mediaType':'a/b','digest':'" D512 "','size':0}],"
                                 "'subject':" CHILD
                                 ",'artifactType':'application/x','annotations':{'k':'v','e':''}}");
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    assert_int_equal(zreg_manifest_parse(&manifest, text, strlen(text), NULL, NULL), ZREG_OK);
    assert_int_equal(zreg_manifest_is_index(manifest), 0);
    assert_string_equal(zreg_manifest_media_type(manifest), ZREG__TYPE_OCI_MANIFEST);
    assert_string_equal(zreg_manifest_config(manifest)->media_type, ZREG__TYPE_OCI_CONFIG);
    assert_int_equal(zreg_manifest_config(manifest)->size_bytes, 7);
    assert_int_equal(zreg_manifest_count(manifest), 2);
    assert_string_equal(zreg_manifest_at(manifest, 0)->digest.text, D);
    assert_string_equal(zreg_manifest_at(manifest, 1)->digest.text, D512);
    assert_int_equal(zreg_manifest_at(manifest, 1)->has_platform, 0);
    assert_null(zreg_manifest_at(manifest, 2));
    assert_string_equal(zreg_manifest_subject(manifest)->media_type, ZREG__TYPE_OCI_MANIFEST);
    assert_string_equal(zreg_manifest_artifact_type(manifest), "application/x");
    assert_string_equal(zreg_manifest_annotation(manifest, "k"), "v");
    assert_string_equal(zreg_manifest_annotation(manifest, "e"), "");
    assert_null(zreg_manifest_annotation(manifest, "x"));
}

static void bytes_and_digest_are_those_that_came(void **state)
{
    (void)state;
    ZREG__AUTO_FREE char *text = json("\n { " V2 " ,\t" CONFIG "," LAYERS "}\n ");
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    zreg_digest digest;
    size_t size = 0;
    assert_int_equal(zreg_manifest_parse(&manifest, text, strlen(text), NULL, NULL), ZREG_OK);
    const void *bytes = zreg_manifest_bytes(manifest, &size);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(bytes, text, size);
    zreg_digest_of(&digest, NULL, text, size, NULL);
    assert_string_equal(zreg_manifest_digest(manifest)->text, digest.text);
}

static void an_index_is_read_in_full(void **state)
{
    (void)state;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    assert_int_equal(
        parse(&manifest,
              "{" V2
              "," TYPE(ZREG__TYPE_DOCKER_LIST) ",'manifests':[{'mediaType':'a/b','digest':'" D
                                               "','size':9,'platform':{'os':'linux','architecture':"
                                               "'arm64','variant':'v8',"
                                               "'os.version':'1','features':[]},'artifactType':'x/"
                                               "y'}," CHILD "]}",
              NULL, NULL),
        ZREG_OK);
    assert_int_equal(zreg_manifest_is_index(manifest), 1);
    assert_null(zreg_manifest_config(manifest));
    assert_null(zreg_manifest_subject(manifest));
    assert_string_equal(zreg_manifest_artifact_type(manifest), "");
    const zreg_descriptor *child = zreg_manifest_at(manifest, 0);
    assert_int_equal(child->has_platform, 1);
    assert_string_equal(child->platform.os, "linux");
    assert_string_equal(child->platform.architecture, "arm64");
    assert_string_equal(child->platform.variant, "v8");
    assert_string_equal(child->platform.os_version, "1");
    assert_string_equal(child->artifact_type, "x/y");
    assert_int_equal(zreg_manifest_at(manifest, 1)->has_platform, 0);
}

static void the_type_is_found_wherever_it_stands(void **state)
{
    (void)state;
    const struct {
        const char *content_type, *document, *wanted;
    } rows[] = {
        {NULL, "{" V2 "," CONFIG "," LAYERS "}", ZREG__TYPE_OCI_MANIFEST},
        {NULL, "{" V2 "," DOCKER_CONFIG "," LAYERS "}", ZREG__TYPE_DOCKER_MANIFEST},
        {NULL, "{" V2 "," MANIFESTS "}", ZREG__TYPE_OCI_INDEX},
        {NULL, "{" V2 ",'manifests':[]}", ZREG__TYPE_OCI_INDEX},
        {NULL, "{" V2 ",'manifests':null}", ZREG__TYPE_OCI_INDEX},
        {NULL, "{" V2 "," CONFIG ",'layers':null}", ZREG__TYPE_OCI_MANIFEST},
        {NULL, "{" V2 "," CONFIG "}", ZREG__TYPE_OCI_MANIFEST},
        {NULL, "{" V2 "," DOCKER_CONFIG "}", ZREG__TYPE_DOCKER_MANIFEST},
        {NULL, "{" V2 ",'mediaType':null," CONFIG "," LAYERS "}", ZREG__TYPE_OCI_MANIFEST},
        {"", "{" V2 "," MANIFESTS "}", ZREG__TYPE_OCI_INDEX},
        {"application/json", "{" V2 "," CONFIG "," LAYERS "}", ZREG__TYPE_OCI_MANIFEST},
        {"text/plain; charset=utf-8", "{" V2 "," MANIFESTS "}", ZREG__TYPE_OCI_INDEX},
        {"application/octet-stream",
         "{" V2 "," TYPE(ZREG__TYPE_DOCKER_MANIFEST) "," CONFIG "," LAYERS "}",
         ZREG__TYPE_DOCKER_MANIFEST},
        {ZREG__TYPE_DOCKER_MANIFEST, "{" V2 "," CONFIG "," LAYERS "}", ZREG__TYPE_DOCKER_MANIFEST},
        {ZREG__TYPE_DOCKER_LIST, "{" V2 "," MANIFESTS "}", ZREG__TYPE_DOCKER_LIST},
        {ZREG__TYPE_OCI_INDEX " ; charset=utf-8",
         "{" V2 "," TYPE(ZREG__TYPE_OCI_INDEX) "," MANIFESTS "}", ZREG__TYPE_OCI_INDEX},
        {"Application/VND.oci.image.index.v1+JSON", "{" V2 "," MANIFESTS "}", ZREG__TYPE_OCI_INDEX},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
        zreg_error err;
        if (parse(&manifest, rows[i].document, rows[i].content_type, &err) != ZREG_OK) {
            fail_msg("%s: %s", rows[i].document, err.message);
        }
        assert_string_equal(zreg_manifest_media_type(manifest), rows[i].wanted);
    }
}

static void documents_that_could_be_read_in_two_ways_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *content_type, *document;
    } rows[] = {
        {NULL, "{" V2 "," CONFIG "," LAYERS "," MANIFESTS "}"},
        {NULL, "{" V2 "," LAYERS "," MANIFESTS "}"},
        {NULL, "{" V2 "," CONFIG "," MANIFESTS "}"},
        {ZREG__TYPE_OCI_INDEX, "{" V2 "," CONFIG ",'layers':[]," MANIFESTS "}"},
        {NULL, "{" V2 "," TYPE(ZREG__TYPE_OCI_MANIFEST) "," CONFIG "," LAYERS "," MANIFESTS "}"},
        {ZREG__TYPE_OCI_INDEX, "{" V2 "," CONFIG "," LAYERS "}"},
        {ZREG__TYPE_OCI_MANIFEST, "{" V2 "," MANIFESTS "}"},
        {NULL, "{" V2 "," TYPE(ZREG__TYPE_OCI_INDEX) "," CONFIG "," LAYERS "}"},
        {NULL, "{" V2 "," TYPE(ZREG__TYPE_DOCKER_MANIFEST) "," MANIFESTS "}"},
        {ZREG__TYPE_OCI_INDEX, "{" V2 "," TYPE(ZREG__TYPE_OCI_MANIFEST) "," CONFIG "," LAYERS "}"},
        {ZREG__TYPE_OCI_MANIFEST,
         "{" V2 "," TYPE(ZREG__TYPE_DOCKER_MANIFEST) "," CONFIG "," LAYERS "}"},
        {"image/png", "{" V2 "," TYPE(ZREG__TYPE_OCI_MANIFEST) "," CONFIG "," LAYERS "}"},
        {NULL, "{" V2 "," CONFIG "," LAYERS ",'layers':[]}"},
        {NULL, "{" V2 "," CONFIG "," LAYERS ",'l\\u0061yers':[]}"},
        {NULL, "{" V2 ",'schemaVersion':2," MANIFESTS "}"},
        {NULL, "{" V2 "," MANIFESTS "}{}"},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        zreg_manifest *manifest = NULL;
        zreg_error err;
        if (parse(&manifest, rows[i].document, rows[i].content_type, &err) != ZREG_INVAL) {
            fail_msg("taken: %s", rows[i].document);
        }
        assert_string_not_equal(err.message, "");
        assert_null(manifest);
    }
}

static void malformed_documents_are_refused(void **state)
{
    (void)state;
    const char *const rows[] = {
        " ",
        "{",
        "[]",
        "null",
        "'x'",
        "2",
        "{}",
        "{" V2 "}",
        "{" V2 "," LAYERS "}",
        "{" V2 "," TYPE(ZREG__TYPE_OCI_INDEX) "}",
        "{" MANIFESTS "}",
        "{'schemaVersion':'2'," MANIFESTS "}",
        "{'schemaVersion':2.0," MANIFESTS "}",
        "{'schemaVersion':3," MANIFESTS "}",
        "{'schemaVersion':-2," MANIFESTS "}",
        "{" V2 ",'mediaType':7," MANIFESTS "}",
        "{" V2 ",'manifests':{}}",
        "{" V2 ",'manifests':'x'}",
        "{" V2 ",'manifests':[null]}",
        "{" V2 ",'manifests':['x']}",
        "{" V2 "," CONFIG ",'layers':{}}",
        "{" V2 ",'config':[]," LAYERS "}",
        "{" V2 ",'config':{}," LAYERS "}",
        "{" V2 "," MANIFESTS ",'subject':7}",
        "{" V2 "," MANIFESTS ",'subject':{}}",
        "{" V2 "," MANIFESTS ",'annotations':[]}",
        "{" V2 "," MANIFESTS ",'annotations':{'a':1}}",
        "{" V2 "," MANIFESTS ",'artifactType':1}",
        "{" V2 "," MANIFESTS ",'x':'\xff'}",
        "{" V2 "," MANIFESTS ",'x':'\\u0000'}",
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        zreg_manifest *manifest = NULL;
        zreg_error err;
        if (parse(&manifest, rows[i], NULL, &err) != ZREG_INVAL) {
            fail_msg("not INVAL: %s", rows[i]);
        }
        assert_string_not_equal(err.message, "");
        assert_null(manifest);
    }
    assert_int_equal(zreg_manifest_parse(&(zreg_manifest *){NULL}, NULL, 0, NULL, NULL),
                     ZREG_INVAL);
}

static void bad_descriptors_are_refused_with_their_place(void **state)
{
    (void)state;
    const struct {
        const char *descriptor;
        zreg_status status;
    } rows[] = {
        {"{'digest':'" D "','size':1}", ZREG_INVAL},
        {"{'mediaType':'','digest':'" D "','size':1}", ZREG_INVAL},
        {"{'mediaType':'x','digest':'" D "','size':1}", ZREG_INVAL},
        {"{'mediaType':'/x','digest':'" D "','size':1}", ZREG_INVAL},
        {"{'mediaType':'a/b\\r\\nX: y','digest':'" D "','size':1}", ZREG_INVAL},
        {"{'mediaType':5,'digest':'" D "','size':1}", ZREG_INVAL},
        {"{'mediaType':'a/b','size':1}", ZREG_INVAL},
        {"{'mediaType':'a/b','digest':7,'size':1}", ZREG_INVAL},
        {"{'mediaType':'a/b','digest':'','size':1}", ZREG_INVAL},
        {"{'mediaType':'a/b','digest':'sha256:../../x','size':1}", ZREG_INVAL},
        {"{'mediaType':'a/b','digest':'md5:00','size':1}", ZREG_UNSUPPORTED},
        {"{'mediaType':'a/b','digest':'" D "'}", ZREG_INVAL},
        {"{'mediaType':'a/b','digest':'" D "','size':null}", ZREG_INVAL},
        {"{'mediaType':'a/b','digest':'" D "','size':'1'}", ZREG_INVAL},
        {"{'mediaType':'a/b','digest':'" D "','size':-1}", ZREG_INVAL},
        {"{'mediaType':'a/b','digest':'" D "','size':1.5}", ZREG_INVAL},
        {"{'mediaType':'a/b','digest':'" D "','size':1e3}", ZREG_INVAL},
        {"{'mediaType':'a/b','digest':'" D "','size':4611686018427387904}", ZREG_LIMIT},
        {"{'mediaType':'a/b','digest':'" D "','size':18446744073709551615}", ZREG_INVAL},
        {"{'mediaType':'a/b','digest':'" D "','size':99999999999999999999999}", ZREG_INVAL},
        {"{'mediaType':'a/b','digest':'" D "','size':-99999999999999999999999}", ZREG_INVAL},
        {"{'mediaType':'a/b','digest':'" D "','size':1,'platform':'linux'}", ZREG_INVAL},
        {"{'mediaType':'a/b','digest':'" D "','size':1,'platform':{'os':7}}", ZREG_INVAL},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO_FREE char *document =
            zreg__asprintf("{" V2 "," CONFIG ",'layers':[" LAYER ",%s]}", rows[i].descriptor);
        zreg_manifest *manifest = NULL;
        zreg_error err;
        if (parse(&manifest, document, NULL, &err) != rows[i].status) {
            fail_msg("%s: %s", rows[i].descriptor, zreg_status_name(err.code));
        }
        assert_non_null(strstr(err.message, "layer 2"));
        assert_null(manifest);
    }
}

#define LAYER_WITH(more) "{'mediaType':'a/b','digest':'" D "','size':1," more "}"

/* What is not needed to copy them: read, but not taken from those who push. */
static void documents_that_others_wrote_carelessly_are_read_but_not_taken(void **state)
{
    (void)state;
    const char *const rows[] = {
        "{" V2 "," CONFIG ",'layers':[" LAYER_WITH("'urls':'https://h'") "]}",
        "{" V2 "," CONFIG ",'layers':[" LAYER_WITH("'urls':['https://h',7]") "]}",
        "{" V2 "," CONFIG ",'layers':[" LAYER_WITH("'data':7") "]}",
        "{" V2 "," CONFIG ",'layers':[" LAYER_WITH("'data':'e'") "]}",
        "{" V2 "," CONFIG ",'layers':[" LAYER_WITH("'annotations':{'a':null}") "]}",
        "{" V2 ",'manifests':[" LAYER_WITH("'platform':{'os.features':'x'}") "]}",
        "{" V2 ",'manifests':[" LAYER_WITH("'platform':{'features':[7]}") "]}",
        "{" V2 "," CONFIG "," LAYERS ",'annotations':{'a':null}}",
        "{" V2 "," MANIFESTS ",'subject':" LAYER_WITH("'urls':{}") "}",
        "{" V2 "," CONFIG "}",
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
        zreg_error err = {.code = ZREG_OK};
        if (parse(&manifest, rows[i], NULL, &err) != ZREG_OK) {
            fail_msg("%s: %s", rows[i], err.message);
        }
        if (zreg__manifest_check_strictly(manifest, &err) != ZREG_INVAL) {
            fail_msg("taken: %s", rows[i]);
        }
    }
}

static void an_annotation_that_is_null_is_empty(void **state)
{
    (void)state;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    assert_int_equal(
        parse(&manifest, "{" V2 "," MANIFESTS ",'annotations':{'a':null}}", NULL, NULL), ZREG_OK);
    assert_string_equal(zreg_manifest_annotation(manifest, "a"), "");
    assert_null(zreg_manifest_annotation(manifest, "b"));
    assert_string_equal(zreg_manifest_annotations(manifest)[1], "");
}

#define EMPTY_DIGEST "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define CONFIG_WITH(data, size)                                                                    \
    "{" V2 ",'config':{'mediaType':'a/b','digest':'" EMPTY_DIGEST "','size':" size ",'data':" data \
    "},'layers':[]}"

static void data_is_used_only_when_it_is_the_blob(void **state)
{
    (void)state;
    const struct {
        const char *document;
        zreg_status status;
    } rows[] = {
        {CONFIG_WITH("'e30='", "2"), ZREG_OK},       {CONFIG_WITH("'e30='", "3"), ZREG_NOTFOUND},
        {CONFIG_WITH("'e3w='", "2"), ZREG_NOTFOUND}, {CONFIG_WITH("'%%'", "2"), ZREG_NOTFOUND},
        {CONFIG_WITH("7", "2"), ZREG_NOTFOUND},      {CONFIG_WITH("null", "2"), ZREG_NOTFOUND},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
        ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(100);
        assert_int_equal(parse(&manifest, rows[i].document, NULL, NULL), ZREG_OK);
        assert_int_equal(
            zreg__manifest_inline(&bytes, manifest, zreg_manifest_config(manifest), NULL),
            rows[i].status);
        assert_string_equal(zreg__buf_cstr(&bytes), rows[i].status == ZREG_OK ? "{}" : "");
    }
}

static void an_opaque_manifest_is_its_bytes(void **state)
{
    (void)state;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    zreg_digest digest;
    size_t size = 0;
    assert_int_equal(zreg_digest_of(&digest, "sha512", "<x/>", 4, NULL), ZREG_OK);
    assert_int_equal(zreg__manifest_opaque(&manifest, "<y/>", 4, "a/b", &digest, NULL),
                     ZREG_CORRUPT);
    assert_int_equal(zreg__manifest_opaque(&manifest, "<x/>", 4, "a/b", &digest, NULL), ZREG_OK);
    assert_string_equal(zreg_manifest_media_type(manifest), "a/b");
    assert_memory_equal(zreg_manifest_bytes(manifest, &size), "<x/>", 4);
    assert_int_equal(size, 4);
    assert_true(zreg__manifest_is_opaque(manifest));
    assert_false(zreg_manifest_is_index(manifest));
    assert_null(zreg_manifest_config(manifest));
    assert_int_equal(zreg_manifest_count(manifest), 0);
    assert_null(zreg_manifest_annotation(manifest, "a"));
}

static void schema_1_and_foreign_types_are_unsupported(void **state)
{
    (void)state;
    const struct {
        const char *content_type, *document;
    } rows[] = {
        {NULL, "{'schemaVersion':1,'name':'x','tag':'t','fsLayers':[],'history':[]}"},
        {NULL, "{'schemaVersion':1}"},
        {NULL, "{" V2 "," CONFIG "," LAYERS ",'fsLayers':[]}"},
        {"application/vnd.docker.distribution.manifest.v1+prettyjws",
         "{'schemaVersion':1,'fsLayers':[]}"},
        {"application/vnd.docker.distribution.manifest.v1+json", "{" V2 "," MANIFESTS "}"},
        {"application/vnd.example", "{" V2 "," CONFIG "," LAYERS "}"},
        {NULL, "{" V2 "," TYPE("application/vnd.oci.artifact.manifest.v1+json") ",'blobs':[]}"},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        zreg_manifest *manifest = NULL;
        zreg_error err;
        if (parse(&manifest, rows[i].document, rows[i].content_type, &err) != ZREG_UNSUPPORTED) {
            fail_msg("taken: %s", rows[i].document);
        }
        assert_null(manifest);
    }
}

/* "{...,'layers':[D,D,...]}" with `count` layers. */
static char *with_layers(size_t count)
{
    ZREG__AUTO_FREE char *head = json("{" V2 "," CONFIG ",'layers':[" LAYER);
    ZREG__AUTO_FREE char *next = json("," LAYER);
    size_t step = strlen(next);
    char *text = zreg__calloc(1, strlen(head) + count * step + 3);
    char *at = text + strlen(head);
    memcpy(text, head, strlen(head));
    for (size_t i = 1; i < count; i++, at += step) {
        memcpy(at, next, step);
    }
    memcpy(at, "]}", 3);
    return text;
}

static void documents_are_bounded(void **state)
{
    (void)state;
    zreg_manifest *manifest = NULL;
    ZREG__AUTO_FREE char *most = with_layers(ZREG__MAX_LAYERS);
    assert_int_equal(zreg_manifest_parse(&manifest, most, strlen(most), NULL, NULL), ZREG_OK);
    assert_int_equal(zreg_manifest_count(manifest), ZREG__MAX_LAYERS);
    zreg_manifest_free(manifest);
    manifest = NULL;

    ZREG__AUTO_FREE char *many = with_layers(ZREG__MAX_LAYERS + 1);
    assert_int_equal(zreg_manifest_parse(&manifest, many, strlen(many), NULL, NULL), ZREG_LIMIT);

    ZREG__AUTO_FREE char *big = zreg__calloc(1, ZREG__MAX_MANIFEST_BYTES + 1);
    memset(big, ' ', ZREG__MAX_MANIFEST_BYTES + 1);
    assert_int_equal(zreg_manifest_parse(&manifest, big, ZREG__MAX_MANIFEST_BYTES + 1, NULL, NULL),
                     ZREG_LIMIT);
    memset(big, '[', 100000);
    assert_int_equal(zreg_manifest_parse(&manifest, big, 100000, NULL, NULL), ZREG_INVAL);
    assert_null(manifest);
}

static void verified_parsing_compares_before_it_reads(void **state)
{
    (void)state;
    ZREG__AUTO_FREE char *text = json("{" V2 "," MANIFESTS "}");
    const char *const algorithms[] = {"sha256", "sha512"};
    for (size_t i = 0; i < ZREG__COUNT(algorithms); i++) {
        zreg_digest digest;
        ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
        zreg_digest_of(&digest, algorithms[i], text, strlen(text), NULL);
        assert_int_equal(
            zreg__manifest_parse_verified(&manifest, text, strlen(text), NULL, &digest, NULL),
            ZREG_OK);
        assert_string_equal(zreg_manifest_digest(manifest)->text, digest.text);

        zreg_manifest *none = NULL;
        zreg_error err = {0};
        zreg_digest_of(&digest, algorithms[i], "x", 1, NULL);
        assert_int_equal(zreg__manifest_parse_verified(&none, "{", 1, NULL, &digest, &err),
                         ZREG_CORRUPT);
        assert_non_null(strstr(err.message, digest.text));
        assert_null(none);
    }
}

static void a_shared_manifest_lives_until_its_last_holder(void **state)
{
    (void)state;
    zreg_manifest *manifest = NULL;
    assert_int_equal(parse(&manifest, "{" V2 "," MANIFESTS "}", NULL, NULL), ZREG_OK);
    zreg_manifest *shared = zreg__manifest_share(manifest);
    zreg_manifest_free(manifest);
    assert_string_equal(zreg_manifest_at(shared, 0)->digest.text, D);
    zreg_manifest_free(shared);
    zreg_manifest_free(NULL);
}

static void an_artifact_without_a_type_has_that_of_its_config(void **state)
{
    (void)state;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    assert_int_equal(parse(&manifest, "{" V2 "," CONFIG "," LAYERS "}", NULL, NULL), ZREG_OK);
    assert_string_equal(zreg_manifest_artifact_type(manifest), ZREG__TYPE_OCI_CONFIG);
}

static void platforms_match_by_their_parts(void **state)
{
    (void)state;
    const struct {
        zreg_platform platform;
        const char *wanted;
        bool matches;
    } rows[] = {
        {{"linux", "amd64", "", ""}, "linux/amd64", true},
        {{"linux", "amd64", "", ""}, "linux/arm64", false},
        {{"linux", "amd64", "", ""}, "windows/amd64", false},
        {{"linux", "amd64", "", ""}, "linux/amd64/v2", false},
        {{"linux", "amd64", "v2", ""}, "linux/amd64", true},
        {{"linux", "arm", "v6", ""}, "linux/arm", true},
        {{"linux", "arm", "v6", ""}, "linux/arm/v6", true},
        {{"linux", "arm", "v6", ""}, "linux/arm/v7", false},
        {{"linux", "arm", "", ""}, "linux/arm/v7", true},
        {{"linux", "arm64", "", ""}, "linux/arm64/v8", true},
        {{"linux", "arm64", "v9", ""}, "linux/arm64/v8", false},
        {{"", "", "", ""}, "linux/amd64", false},
        {{"linux", "amd64", "", ""}, "linux", false},
        {{"linux", "amd64", "", ""}, "linux/amd64/", false},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        assert_int_equal(zreg__platform_matches(&rows[i].platform, rows[i].wanted),
                         rows[i].matches);
    }
    assert_false(zreg__platform_matches(NULL, "linux/amd64"));
}

static void the_text_of_a_platform_is_checked(void **state)
{
    (void)state;
    const char *const good[] = {"linux/amd64", "linux/arm/v7", "windows/amd64", "a/b_c-1.0"};
    const char *const bad[] = {NULL,
                               "",
                               "linux",
                               "linux/",
                               "/amd64",
                               "a//b",
                               "linux/arm/v7/x",
                               "linux/am d64",
                               "linux/arm/v7/",
                               "/",
                               "linux/amd64\n"};
    for (size_t i = 0; i < ZREG__COUNT(good); i++) {
        assert_int_equal(zreg__platform_check(good[i], NULL), ZREG_OK);
    }
    for (size_t i = 0; i < ZREG__COUNT(bad); i++) {
        zreg_error err = {0};
        assert_int_equal(zreg__platform_check(bad[i], &err), ZREG_INVAL);
    }
}

static void kinds_of_media_types(void **state)
{
    (void)state;
    const struct {
        const char *type;
        zreg__mediatype_kind kind;
    } rows[] = {
        {ZREG__TYPE_OCI_MANIFEST, ZREG__KIND_IMAGE},
        {ZREG__TYPE_DOCKER_MANIFEST "; charset=utf-8", ZREG__KIND_IMAGE},
        {" " ZREG__TYPE_OCI_INDEX "\t", ZREG__KIND_INDEX},
        {ZREG__TYPE_DOCKER_LIST, ZREG__KIND_INDEX},
        {"application/vnd.docker.distribution.manifest.v1+json", ZREG__KIND_SCHEMA1},
        {"application/vnd.docker.distribution.manifest.v1+prettyjws", ZREG__KIND_SCHEMA1},
        {ZREG__TYPE_OCI_CONFIG, ZREG__KIND_UNKNOWN},
        {ZREG__TYPE_OCI_MANIFEST "x", ZREG__KIND_UNKNOWN},
        {"", ZREG__KIND_UNKNOWN},
        {NULL, ZREG__KIND_UNKNOWN},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        assert_int_equal(zreg__mediatype_kind_of(zreg__span_of(rows[i].type)), rows[i].kind);
    }
    assert_non_null(strstr(zreg__mediatype_accept, ZREG__TYPE_OCI_INDEX));
    assert_null(strstr(zreg__mediatype_accept, "v1+prettyjws"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_manifest_is_read_in_full),
        cmocka_unit_test(bytes_and_digest_are_those_that_came),
        cmocka_unit_test(an_index_is_read_in_full),
        cmocka_unit_test(the_type_is_found_wherever_it_stands),
        cmocka_unit_test(documents_that_could_be_read_in_two_ways_are_refused),
        cmocka_unit_test(malformed_documents_are_refused),
        cmocka_unit_test(bad_descriptors_are_refused_with_their_place),
        cmocka_unit_test(documents_that_others_wrote_carelessly_are_read_but_not_taken),
        cmocka_unit_test(an_annotation_that_is_null_is_empty),
        cmocka_unit_test(data_is_used_only_when_it_is_the_blob),
        cmocka_unit_test(an_opaque_manifest_is_its_bytes),
        cmocka_unit_test(schema_1_and_foreign_types_are_unsupported),
        cmocka_unit_test(documents_are_bounded),
        cmocka_unit_test(verified_parsing_compares_before_it_reads),
        cmocka_unit_test(a_shared_manifest_lives_until_its_last_holder),
        cmocka_unit_test(an_artifact_without_a_type_has_that_of_its_config),
        cmocka_unit_test(platforms_match_by_their_parts),
        cmocka_unit_test(the_text_of_a_platform_is_checked),
        cmocka_unit_test(kinds_of_media_types),
    };

    return cmocka_run_group_tests_name("oci manifest", tests, NULL, NULL);
}
