/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "tag_api.h"
#include "values.h"
#include "verbs.h"
#include <stdio.h>

static const option_spec options_of_delete_tag[] = {TAG_API_OPTIONS, {NULL}};

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

static zreg_status print(session *s, const zreg_ref *ref)
{
    if (s->json) {
        json_value *document = json_new_object();
        json_set_text(document, "repository", zreg_ref_canonical_name(ref));
        json_set_text(document, "tag", zreg_ref_tag(ref));
        json_set_bool(document, "deleted", true);
        return output_json(s, document);
    }
    printf("%s is gone\n", zreg_ref_text(ref));
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
        status = zreg_client_tag_delete(s->client, ref, s->cancel, &s->err);
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
