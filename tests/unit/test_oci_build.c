/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and indexes made of descriptors: the bytes that come out, and every refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <zreg.h>

#define D "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define D512                                                                                       \
    "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"                      \
    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
#define EMPTY "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define EMPTY_512                                                                                  \
    "sha512:27c74670adb75075fad058d5ceaf7b20c4e7786c83bae8a32f626f9782af34c9"                      \
    "a33c2046ef60fd2a7878d378e29fec851806bbd9a67878f3a9f1cda4830763fd"
#define EMPTY_TYPE "application/vnd.oci.empty.v1+json"
#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"
#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"
#define CONFIG_TYPE "application/vnd.oci.image.config.v1+json"
#define LAYER_TYPE "application/vnd.oci.image.layer.v1.tar+gzip"
#define EMPTY_JSON                                                                                 \
    "{\"mediaType\":\"" EMPTY_TYPE "\",\"digest\":\"" EMPTY "\",\"size\":2,\"data\":\"e30=\"}"

typedef zreg_status (*builder)(zreg_manifest **out, const zreg_manifest_options *options,
                               zreg_error *err);

static const zreg_descriptor config = {
    .media_type = CONFIG_TYPE, .digest = {D}, .size_bytes = 7023};

static zreg_manifest *build(builder make, const zreg_manifest_options *options)
{
    zreg_manifest *manifest = NULL;
    zreg_error err;
    if (make(&manifest, options, &err) != ZREG_OK) {
        fail_msg("%s: %s", zreg_status_name(err.code), err.message);
    }
    return manifest;
}

static void assert_document(builder make, const zreg_manifest_options *options, const char *wanted)
{
    zreg_manifest *manifest = build(make, options);
    zreg_manifest *parsed = NULL;
    zreg_digest digest;
    size_t size = 0;
    const char *bytes = zreg_manifest_bytes(manifest, &size);
    assert_int_equal(size, strlen(wanted));
    assert_memory_equal(bytes, wanted, size);
    assert_int_equal(zreg_digest_of(&digest, NULL, wanted, strlen(wanted), NULL), ZREG_OK);
    assert_string_equal(zreg_manifest_digest(manifest)->text, digest.text);
    assert_int_equal(zreg_manifest_parse(&parsed, wanted, strlen(wanted), NULL, NULL), ZREG_OK);
    assert_string_equal(zreg_manifest_media_type(parsed), zreg_manifest_media_type(manifest));
    zreg_manifest_free(parsed);
    zreg_manifest_free(manifest);
}

static void an_image_is_written_in_the_order_of_the_specification(void **state)
{
    (void)state;
    static const char *const of_layer[] = {"b", "2", "a", "1", NULL};
    static const char *const of_image[] = {
        "org.example.z", "", "org.example.a", "J\u00f6rg \"x\"", "Org.example.a", "/", NULL};
    const zreg_descriptor layers[] = {
        {.media_type = LAYER_TYPE, .digest = {D}, .size_bytes = 32654, .annotations = of_layer},
        {.media_type = "a/b", .digest = {D512}, .size_bytes = 0, .artifact_type = "x/y"},
    };
    const zreg_descriptor subject = {
        .media_type = MANIFEST_TYPE, .digest = {D}, .size_bytes = 1ull << 45};
    zreg_manifest_options options = ZREG_OPTIONS(zreg_manifest_options);
    options.artifact_type = "application/vnd.example+type";
    options.config = &config;
    options.items = layers;
    options.count = 2;
    options.subject = &subject;
    options.annotations = of_image;
    assert_document(
        zreg_manifest_build_image, &options,
        "{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE "\","
        "\"artifactType\":\"application/vnd.example+type\","
        "\"config\":{\"mediaType\":\"" CONFIG_TYPE "\",\"digest\":\"" D "\",\"size\":7023},"
        "\"layers\":["
        "{\"mediaType\":\"" LAYER_TYPE "\",\"digest\":\"" D "\",\"size\":32654,"
        "\"annotations\":{\"a\":\"1\",\"b\":\"2\"}},"
        "{\"mediaType\":\"a/b\",\"digest\":\"" D512 "\",\"size\":0,\"artifactType\":\"x/y\"}],"
        "\"subject\":{\"mediaType\":\"" MANIFEST_TYPE "\",\"digest\":\"" D
        "\",\"size\":35184372088832},"
        "\"annotations\":{\"Org.example.a\":\"/\",\"org.example.a\":\"J\u00f6rg \\\"x\\\"\","
        "\"org.example.z\":\"\"}}");
}

static void an_index_is_written_in_the_order_of_the_specification(void **state)
{
    (void)state;
    const zreg_descriptor children[] = {
        {.media_type = MANIFEST_TYPE,
         .digest = {D},
         .size_bytes = 1,
         .has_platform = 1,
         .platform = {.os = "windows", .architecture = "arm64", "v8", "10.0"}},
        {.media_type = INDEX_TYPE,
         .digest = {D},
         .size_bytes = 2,
         .artifact_type = "a/b",
         .has_platform = 1,
         .platform = {.os = "linux", .architecture = "amd64"}},
        {.media_type = MANIFEST_TYPE, .digest = {D512}, .size_bytes = 3, .platform = {.os = "no"}},
    };
    static const char *const annotations[] = {"k", "v", NULL};
    zreg_manifest_options options = ZREG_OPTIONS(zreg_manifest_options);
    options.artifact_type = "application/vnd.example.set";
    options.items = children;
    options.count = 3;
    options.subject = &config;
    options.annotations = annotations;
    assert_document(zreg_manifest_build_index, &options,
                    "{\"schemaVersion\":2,\"mediaType\":\"" INDEX_TYPE "\","
                    "\"artifactType\":\"application/vnd.example.set\",\"manifests\":["
                    "{\"mediaType\":\"" MANIFEST_TYPE "\",\"digest\":\"" D "\",\"size\":1,"
                    "\"platform\":{\"architecture\":\"arm64\",\"os\":\"windows\","
                    "\"os.version\":\"10.0\",\"variant\":\"v8\"}},"
                    "{\"mediaType\":\"" INDEX_TYPE "\",\"digest\":\"" D "\",\"size\":2,"
                    "\"artifactType\":\"a/b\","
                    "\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"}},"
                    "{\"mediaType\":\"" MANIFEST_TYPE "\",\"digest\":\"" D512 "\",\"size\":3}],"
                    "\"subject\":{\"mediaType\":\"" CONFIG_TYPE "\",\"digest\":\"" D
                    "\",\"size\":7023},\"annotations\":{\"k\":\"v\"}}");
}

static void what_an_artifact_lacks_is_the_empty_descriptor(void **state)
{
    (void)state;
    const zreg_descriptor layer = {.media_type = "text/plain", .digest = {D}, .size_bytes = 5};
    const zreg_descriptor own = {.media_type = "text/x-config", .digest = {D}, .size_bytes = 5};
    const zreg_descriptor empty = {
        .media_type = EMPTY_TYPE, .digest = {EMPTY_512}, .size_bytes = 2};
    zreg_manifest_options options = ZREG_OPTIONS(zreg_manifest_options);
    options.artifact_type = "a/b";
#define ARTIFACT                                                                                   \
    "{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE "\",\"artifactType\":\"a/"               \
                                                          "b\",\"config\":"
    assert_document(zreg_manifest_build_image, &options,
                    ARTIFACT EMPTY_JSON ",\"layers\":[" EMPTY_JSON "]}");
    options.items = &layer;
    options.count = 1;
    assert_document(zreg_manifest_build_image, &options,
                    ARTIFACT EMPTY_JSON ",\"layers\":[{\"mediaType\":\"text/plain\",\"digest\":\"" D
                                        "\",\"size\":5}]}");
    options.config = &empty;
    options.items = &own; /* with a count of 0: none */
    options.count = 0;
    assert_document(zreg_manifest_build_image, &options,
                    ARTIFACT "{\"mediaType\":\"" EMPTY_TYPE "\",\"digest\":\"" EMPTY_512
                             "\",\"size\":2,\"data\":\"e30=\"},\"layers\":[" EMPTY_JSON "]}");
    options.config = &own;
    options.artifact_type = ""; /* as the library gives it out: unset */
    assert_document(zreg_manifest_build_image, &options,
                    "{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE
                    "\",\"config\":{\"mediaType\":\"text/x-config\",\"digest\":\"" D
                    "\",\"size\":5},\"layers\":[" EMPTY_JSON "]}");
}

static void an_image_needs_no_layers_and_an_index_no_children(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    zreg_manifest_options options = ZREG_OPTIONS(zreg_manifest_options);
    options.annotations = none;
    assert_document(zreg_manifest_build_index, &options,
                    "{\"schemaVersion\":2,\"mediaType\":\"" INDEX_TYPE "\",\"manifests\":[]}");
    assert_document(zreg_manifest_build_index, NULL,
                    "{\"schemaVersion\":2,\"mediaType\":\"" INDEX_TYPE "\",\"manifests\":[]}");
    options.config = &config;
    assert_document(zreg_manifest_build_image, &options,
                    "{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE
                    "\",\"config\":{\"mediaType\":\"" CONFIG_TYPE "\",\"digest\":\"" D
                    "\",\"size\":7023},\"layers\":[]}");
}

/* What is read from one manifest makes the same one again. */
static void what_is_given_out_is_taken_in(void **state)
{
    (void)state;
    static const char document[] =
        "{\"schemaVersion\":2,\"mediaType\":\"" INDEX_TYPE "\",\"artifactType\":\"a/b\","
        "\"manifests\":[{\"mediaType\":\"" MANIFEST_TYPE "\",\"digest\":\"" D "\",\"size\":1,"
        "\"annotations\":{\"k\":\"v\"},\"artifactType\":\"c/d\","
        "\"platform\":{\"architecture\":\"arm64\",\"os\":\"linux\",\"variant\":\"v8\"}}],"
        "\"subject\":{\"mediaType\":\"" MANIFEST_TYPE "\",\"digest\":\"" D "\",\"size\":3},"
        "\"annotations\":{\"a\":\"b\",\"c\":\"d\"}}";
    zreg_manifest *read = NULL;
    zreg_manifest_options options = ZREG_OPTIONS(zreg_manifest_options);
    assert_int_equal(zreg_manifest_parse(&read, document, strlen(document), NULL, NULL), ZREG_OK);
    options.artifact_type = zreg_manifest_artifact_type(read);
    options.items = zreg_manifest_at(read, 0);
    options.count = zreg_manifest_count(read);
    options.subject = zreg_manifest_subject(read);
    options.annotations = zreg_manifest_annotations(read);
    assert_document(zreg_manifest_build_index, &options, document);
    zreg_manifest_free(read);
}

/* A good manifest, and the one thing in it that each row makes wrong. */
typedef struct good {
    zreg_descriptor items[4];
    zreg_descriptor config;
    zreg_descriptor subject;
    const char *annotations[7];
    zreg_manifest_options options;
} good;

static void make_good(good *self)
{
    static const zreg_descriptor item = {.media_type = "a/b", .digest = {D}, .size_bytes = 1};
    memset(self, 0, sizeof(*self));
    for (size_t i = 0; i < 4; i++) {
        self->items[i] = item;
    }
    self->config = config;
    self->subject = item;
    self->annotations[0] = "a";
    self->annotations[1] = "1";
    self->annotations[2] = "b";
    self->annotations[3] = "2";
    self->options.size = sizeof(self->options);
    self->options.config = &self->config;
    self->options.items = self->items;
    self->options.count = 4;
    self->options.subject = &self->subject;
    self->options.annotations = self->annotations;
}

static void text_of(zreg_digest *digest, const char *text)
{
    snprintf(digest->text, sizeof(digest->text), "%s", text);
}

#define ROW(name, code, message, statement)                                                        \
    static void name(good *g)                                                                      \
    {                                                                                              \
        statement;                                                                                 \
    }
#define ROWS                                                                                       \
    ROW(size_unset, ZREG_INVAL, "options: the size is not set", g->options.size = 0)               \
    ROW(no_config, ZREG_INVAL,                                                                     \
        "config: missing; name the config of the image, or the "                                   \
        "artifact_type",                                                                           \
        g->options.config = NULL)                                                                  \
    ROW(empty_untyped, ZREG_INVAL, "artifact_type: missing; the empty config",                     \
        g->config.media_type = EMPTY_TYPE;                                                         \
        text_of(&g->config.digest, EMPTY); g->config.size_bytes = 2)                               \
    ROW(empty_of_other, ZREG_INVAL,                                                                \
        "config.digest: " EMPTY_TYPE " is the two bytes {}, with "                                 \
        "digest " EMPTY,                                                                           \
        g->config.media_type = EMPTY_TYPE;                                                         \
        g->config.size_bytes = 2)                                                                  \
    ROW(empty_longer, ZREG_INVAL, "items[1].size_bytes: " EMPTY_TYPE " is the two bytes",          \
        g->items[1].media_type = EMPTY_TYPE;                                                       \
        text_of(&g->items[1].digest, EMPTY))                                                       \
    ROW(config_type, ZREG_INVAL, "config.media_type: missing", g->config.media_type = NULL)        \
    ROW(type_missing, ZREG_INVAL, "items[0].media_type: missing; write TYPE/SUBTYPE",              \
        g->items[0].media_type = "")                                                               \
    ROW(type_bare, ZREG_INVAL, "items[2].media_type: \"text\" is no media type",                   \
        g->items[2].media_type = "text")                                                           \
    ROW(type_no_subtype, ZREG_INVAL, "items[2].media_type: \"text/\"",                             \
        g->items[2].media_type = "text/")                                                          \
    ROW(type_no_type, ZREG_INVAL, "items[2].media_type: \"/x\"", g->items[2].media_type = "/x")    \
    ROW(type_two_slashes, ZREG_INVAL, "items[2].media_type: \"a/b/c\"",                            \
        g->items[2].media_type = "a/b/c")                                                          \
    ROW(type_parameter, ZREG_INVAL, "items[2].media_type: \"text/plain; charset=utf-8\"",          \
        g->items[2].media_type = "text/plain; charset=utf-8")                                      \
    ROW(type_first_sign, ZREG_INVAL, "items[2].media_type: \"a/.b\"",                              \
        g->items[2].media_type = "a/.b")                                                           \
    ROW(type_line, ZREG_INVAL, "items[2].media_type: \"a/b?\"", g->items[2].media_type = "a/b\n")  \
    ROW(type_not_ascii, ZREG_INVAL, "items[2].media_type: \"a/\u00e4\"",                           \
        g->items[2].media_type = "a/\u00e4")                                                       \
    ROW(type_long, ZREG_INVAL, "items[2].media_type: \"a/xxxx",                                    \
        g->items[2].media_type = "a/"                                                              \
                                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
                                 "xxxxxxxxxxxxxxxxxxxxxxxxxx"                                      \
                                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")                       \
    ROW(artifact_type, ZREG_INVAL, "artifact_type: \"an sbom\" is no media type",                  \
        g->options.artifact_type = "an sbom")                                                      \
    ROW(item_artifact, ZREG_INVAL, "items[3].artifact_type: \"x\"",                                \
        g->items[3].artifact_type = "x")                                                           \
    ROW(digest_missing, ZREG_INVAL, "items[3].digest: missing", g->items[3].digest.text[0] = 0)    \
    ROW(digest_bad, ZREG_INVAL, "items[3].digest: ", text_of(&g->items[3].digest, "sha256:12"))    \
    ROW(digest_kind, ZREG_UNSUPPORTED,                                                             \
        "subject.digest: ", text_of(&g->subject.digest, "md5:d41d8cd98f00b204e9800998ecf8427e"))   \
    ROW(digest_endless, ZREG_INVAL, "config.digest: too long",                                     \
        memset(g->config.digest.text, 'a', sizeof(g->config.digest.text)))                         \
    ROW(size_negative, ZREG_LIMIT, "items[1].size_bytes: 18446744073709551615 bytes",              \
        g->items[1].size_bytes = (uint64_t)-1)                                                     \
    ROW(size_absurd, ZREG_LIMIT, "subject.size_bytes: 35184372088833 bytes, at most",              \
        g->subject.size_bytes = ((uint64_t)1 << 45) + 1)                                           \
    ROW(platform_os, ZREG_INVAL, "items[1].platform.os: missing", g->items[1].has_platform = 1)    \
    ROW(platform_arch, ZREG_INVAL, "items[1].platform.architecture: missing",                      \
        g->items[1].has_platform = 1;                                                              \
        g->items[1].platform.os = "linux")                                                         \
    ROW(platform_bytes, ZREG_INVAL, "items[1].platform.variant: the text is no UTF-8",             \
        g->items[1].has_platform = 1;                                                              \
        g->items[1].platform =                                                                     \
            ((zreg_platform){.os = "linux", .architecture = "arm", .variant = "v\xff"}))           \
    ROW(key_empty, ZREG_INVAL, "annotations: key 1 is empty", g->annotations[2] = "")              \
    ROW(key_twice, ZREG_INVAL, "annotations: \"a\" stands twice", g->annotations[2] = "a")         \
    ROW(key_bytes, ZREG_INVAL, "annotations: \"?\" is no UTF-8", g->annotations[2] = "\xff")       \
    ROW(value_missing, ZREG_INVAL, "annotations: \"b\" has no value", g->annotations[3] = NULL)    \
    ROW(value_bytes, ZREG_INVAL, "annotations: \"b\" is no UTF-8 in its value",                    \
        g->annotations[3] = "\xc3(")                                                               \
    ROW(item_value, ZREG_INVAL, "items[2].annotations: \"a\" is no UTF-8 in its value",            \
        g->annotations[1] = "\xed\xa0\x80";                                                        \
        g->items[2].annotations = g->annotations; g->options.annotations = NULL)                   \
    ROW(reserved, ZREG_INVAL, "items[3].reserved: not zero", g->items[3].reserved[7] = 1)          \
    ROW(no_items, ZREG_INVAL, "items: NULL, with a count of 4", g->options.items = NULL)           \
    ROW(many_items, ZREG_LIMIT, "items: 4097, at most 4096 are allowed", g->options.count = 4097)

ROWS

    static const struct {
    const char *name;
    zreg_status code;
    const char *message;
    void (*spoil)(good *g);
} rows[] = {
#undef ROW
#define ROW(name, code, message, statement) {#name, code, message, name},
    ROWS};

static void each_refusal_names_the_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        zreg_manifest *manifest = NULL;
        zreg_error err;
        good given;
        make_good(&given);
        rows[i].spoil(&given);
        if (zreg_manifest_build_image(&manifest, &given.options, &err) != rows[i].code ||
            strncmp(err.message, rows[i].message, strlen(rows[i].message)) != 0) {
            fail_msg("%s: %s: %s", rows[i].name, zreg_status_name(err.code), err.message);
        }
        assert_null(manifest);
        assert_int_equal(err.code, rows[i].code);
    }
}

static void an_index_has_no_config(void **state)
{
    (void)state;
    good given;
    zreg_manifest *manifest = NULL;
    zreg_error err;
    make_good(&given);
    assert_int_equal(zreg_manifest_build_index(&manifest, &given.options, &err), ZREG_INVAL);
    assert_string_equal(err.message, "config: an index has none; leave it out");
    given.options.config = NULL;
    zreg_manifest_free(build(zreg_manifest_build_index, &given.options));
    given.options.count = 4097;
    assert_int_equal(zreg_manifest_build_index(&manifest, &given.options, &err), ZREG_LIMIT);
    given.options.count = 4;
    text_of(&given.items[3].digest, "x");
    assert_int_equal(zreg_manifest_build_index(&manifest, &given.options, NULL), ZREG_INVAL);
    assert_null(manifest);
}

static void what_no_reader_would_take_is_not_made(void **state)
{
    (void)state;
    static char value[5 << 20];
    const char *const annotations[] = {"k", value, NULL};
    zreg_manifest_options options = ZREG_OPTIONS(zreg_manifest_options);
    zreg_manifest *manifest = NULL;
    zreg_error err;
    memset(value, 'x', sizeof(value) - 1);
    options.annotations = annotations;
    assert_int_equal(zreg_manifest_build_index(&manifest, &options, &err), ZREG_LIMIT);
    assert_null(manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_written_in_the_order_of_the_specification),
        cmocka_unit_test(an_index_is_written_in_the_order_of_the_specification),
        cmocka_unit_test(what_an_artifact_lacks_is_the_empty_descriptor),
        cmocka_unit_test(an_image_needs_no_layers_and_an_index_no_children),
        cmocka_unit_test(what_is_given_out_is_taken_in),
        cmocka_unit_test(each_refusal_names_the_field),
        cmocka_unit_test(an_index_has_no_config),
        cmocka_unit_test(what_no_reader_would_take_is_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
