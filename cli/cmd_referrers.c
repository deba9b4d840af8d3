/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "table.h"
#include "verbs.h"

static const option_spec options_of_referrers[] = {
    {"artifact-type", "TYPE", "only those of this type", false},
    {NULL},
};

static json_value *annotations_of(const zreg_descriptor *one)
{
    json_value *annotations = json_new_object();
    for (const char *const *at = one->annotations; at != NULL && *at != NULL; at += 2) {
        json_set_text(annotations, at[0], at[1]);
    }
    return annotations;
}

static json_value *describe(const zreg_descriptor *one)
{
    json_value *entry = json_new_object();
    json_set_text(entry, "digest", one->digest.text);
    json_set_text(entry, "media_type", one->media_type);
    json_set_text(entry, "artifact_type", one->artifact_type);
    json_set_number(entry, "size", one->size_bytes);
    json_set(entry, "annotations", annotations_of(one));
    return entry;
}

static zreg_status print_document(session *s, const zreg_ref *ref, const zreg_referrers *found)
{
    json_value *document = json_new_object();
    json_value *list = json_new_array();
    json_set_text(document, "ref", zreg_ref_text(ref));
    json_set(document, "referrers", list);
    for (size_t i = 0; i < zreg_referrers_count(found); i++) {
        json_add(list, describe(zreg_referrers_at(found, i)));
    }
    return output_json(s, document);
}

static zreg_status print(session *s, const zreg_ref *ref, const zreg_referrers *found)
{
    if (s->json) {
        return print_document(s, ref, found);
    }
    table *rows = table_new(2);
    for (size_t i = 0; i < zreg_referrers_count(found); i++) {
        const zreg_descriptor *one = zreg_referrers_at(found, i);
        table_add(rows, one->digest.text, one->artifact_type);
    }
    table_print(rows);
    return output_finish(s);
}

static zreg_status referrers_run(session *s)
{
    zreg_referrers_options options = {.size = sizeof(options)};
    zreg_ref *ref = NULL;
    zreg_referrers *found = NULL;
    options.artifact_type = options_text(&s->given, "artifact-type");
    zreg_status status = client_open(s, session_word(s, 0));
    if (status == ZREG_OK) {
        status = zreg_ref_parse(&ref, session_word(s, 0), &s->err);
    }
    if (status == ZREG_OK) {
        status = zreg_client_referrers(&found, s->client, ref, &options, s->cancel, &s->err);
    }
    if (status == ZREG_OK) {
        status = print(s, ref, found);
    }
    zreg_referrers_free(found);
    zreg_ref_free(ref);
    return status;
}

const verb cmd_referrers = {
    .name = "referrers",
    .words = "REF",
    .min_words = 1,
    .max_words = 1,
    .places = "p",
    .summary = "list signatures, SBOMs and whatever else names an image",
    .text = "Digest and type of each manifest that names the image as its subject.",
    .options = options_of_referrers,
    .example = "zreg referrers --artifact-type application/spdx+json quay.io/example/image:1",
    .uses_registries = true,
    .run = referrers_run,
};
