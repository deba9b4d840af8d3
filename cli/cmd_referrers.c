/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "referrers_tree.h"
#include "table.h"
#include "verbs.h"

static const option_spec options_of_referrers[] = {
    {"artifact-type", "TYPE", "only those of this type", false},
    {"tree", NULL, "show what belongs to these in turn, as a tree"},
    {NULL},
};

static zreg_status print_document(session *s, const zreg_ref *ref, const zreg_referrers *found)
{
    json_value *document = json_new_object();
    json_value *list = json_new_array();
    json_set_text(document, "ref", zreg_ref_text(ref));
    json_set(document, "referrers", list);
    for (size_t i = 0; i < zreg_referrers_count(found); i++) {
        json_add(list, referrers_describe(zreg_referrers_at(found, i)));
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

static zreg_status list(session *s, const zreg_ref *ref, const zreg_referrers_options *options)
{
    zreg_referrers *found = NULL;
    zreg_status status = zreg_client_referrers(&found, s->client, ref, options, s->cancel, &s->err);
    if (status == ZREG_OK) {
        status = print(s, ref, found);
    }
    zreg_referrers_free(found);
    return status;
}

static zreg_status referrers_run(session *s)
{
    zreg_referrers_options options = {.size = sizeof(options)};
    zreg_ref *ref = NULL;
    options.artifact_type = options_text(&s->given, "artifact-type");
    zreg_status status = client_open(s, session_word(s, 0));
    if (status == ZREG_OK) {
        status = zreg_ref_parse(&ref, session_word(s, 0), &s->err);
    }
    if (status == ZREG_OK && options_flag(&s->given, "tree")) {
        status = referrers_tree(s, ref, &options);
    } else if (status == ZREG_OK) {
        status = list(s, ref, &options);
    }
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
    .text = "Digest and type of each manifest that names the image as its subject. With --tree an "
            "index\nis shown with what belongs to its children.",
    .options = options_of_referrers,
    .example = "zreg referrers --artifact-type application/spdx+json quay.io/example/image:1",
    .uses_registries = true,
    .run = referrers_run,
};
