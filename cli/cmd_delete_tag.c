/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "tag_api.h"
#include "values.h"
#include "verbs.h"
#include <stdio.h>

static const option_spec options_of_delete_tag[] = {
    {"dry-run", NULL, "delete nothing, and tell what would be deleted"},
    TAG_API_OPTIONS,
    {NULL},
};

/* Without this the tag "latest" would be deleted by leaving the tag out. */
static zreg_status read_ref(session *s, zreg_ref **out)
{
    const char *text = session_word(s, 0);
    zreg_status status = zreg_ref_parse(out, text, &s->err);
    if (status != ZREG_OK) {
        return status;
    }
    if (!values_names_tag(text)) {
        return session_misuse(s, "\"%s\" names no tag; write REPOSITORY:TAG", text);
    }
    return ZREG_OK;
}

/* A tag that is not there is an error either way. */
static zreg_status delete_it(session *s, const zreg_ref *ref)
{
    zreg_digest there;
    return options_flag(&s->given, "dry-run")
               ? zreg_client_manifest_head(&there, s->client, ref, s->cancel, &s->err)
               : zreg_client_tag_delete(s->client, ref, s->cancel, &s->err);
}

static zreg_status print(session *s, const zreg_ref *ref)
{
    bool dry_run = options_flag(&s->given, "dry-run");
    if (s->json) {
        json_value *document = json_new_object();
        json_set_text(document, "repository", zreg_ref_canonical_name(ref));
        json_set_text(document, "tag", zreg_ref_tag(ref));
        json_set_bool(document, "deleted", !dry_run);
        return output_json(s, document);
    }
    printf("%s %s\n", zreg_ref_text(ref), dry_run ? "would be deleted" : "is gone");
    return output_finish(s);
}

static zreg_status delete_tag_run(session *s)
{
    zreg_ref *ref = NULL;
    zreg_status status = read_ref(s, &ref);
    if (status == ZREG_OK) {
        status = client_open(s, session_word(s, 0));
    }
    if (status == ZREG_OK) {
        status = tag_api_configure(s, session_word(s, 0));
    }
    if (status == ZREG_OK) {
        status = delete_it(s, ref);
    }
    if (status == ZREG_OK) {
        status = print(s, ref);
    }
    zreg_ref_free(ref);
    return status;
}

const verb cmd_delete_tag = {
    .name = "delete-tag",
    .words = "REPOSITORY:TAG",
    .min_words = 1,
    .max_words = 1,
    .places = "p",
    .summary = "delete one tag; the image and its other tags stay",
    .options = options_of_delete_tag,
    .example = "zreg delete-tag localhost:5000/app:change_12_latest",
    .uses_registries = true,
    .run = delete_tag_run,
};
