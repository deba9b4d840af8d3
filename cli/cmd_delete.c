/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "memory.h"
#include "output.h"
#include "pick.h"
#include "values.h"
#include "verbs.h"
#include <stdio.h>
#include <stdlib.h>

static const option_spec options_of_delete[] = {
    {"skip-tags", NULL, "do not look which tags go with it: that is a request for each tag"},
    {"dry-run", NULL, "delete nothing, and tell what would be deleted"},
    {NULL},
};

/* The tags that go with it. */
typedef struct found {
    bool looked;
    json_value *list;
    char *text; /* "a, b"; "" for none */
} found;

static void add_tag(found *to, const char *tag)
{
    char *before = to->text;
    to->text = memory_printf("%s%s%s", before, before[0] == '\0' ? "" : ", ", tag);
    json_add_text(to->list, tag);
    free(before);
}

static zreg_status look_at(session *s, found *to, const zreg_ref *ref, const char *tag)
{
    zreg_ref *tagged = NULL;
    zreg_digest digest;
    zreg_error err = {.code = ZREG_OK};
    if (zreg_ref_with_tag(&tagged, ref, tag, &err) == ZREG_OK &&
        zreg_client_manifest_head(&digest, s->client, tagged, s->cancel, &err) == ZREG_OK &&
        zreg_digest_equal(&digest, zreg_ref_digest(ref))) {
        add_tag(to, tag);
    }
    zreg_ref_free(tagged);
    if (zreg_cancel_triggered(s->cancel)) {
        s->err = err;
        return err.code == ZREG_OK ? session_fail(s, ZREG_CANCELLED, "cancelled") : err.code;
    }
    return ZREG_OK;
}

static zreg_status find_tags(session *s, found *out, const zreg_ref *ref)
{
    zreg_strings *tags = NULL;
    out->list = json_new_array();
    out->text = memory_printf("%s", "");
    if (options_flag(&s->given, "skip-tags")) {
        return ZREG_OK;
    }
    zreg_status status = zreg_client_tags(&tags, s->client, ref, s->cancel, &s->err);
    if (status == ZREG_NOTFOUND) {
        status = ZREG_OK; /* without any tag a repository may be none */
        out->looked = true;
        return status;
    }
    for (size_t i = 0; status == ZREG_OK && i < zreg_strings_count(tags); i++) {
        status = look_at(s, out, ref, zreg_strings_at(tags, i));
    }
    out->looked = status == ZREG_OK;
    zreg_strings_free(tags);
    return status;
}

static zreg_status print(session *s, const zreg_ref *ref, found *with)
{
    bool dry_run = options_flag(&s->given, "dry-run");
    if (s->json) {
        json_value *document = json_new_object();
        json_set_text(document, "repository", zreg_ref_canonical_name(ref));
        json_set_text(document, "digest", zreg_ref_digest(ref)->text);
        json_set(document, "tags", with->looked ? with->list : NULL);
        json_set_bool(document, "deleted", !dry_run);
        with->list = with->looked ? NULL : with->list;
        return output_json(s, document);
    }
    printf("%s %s", zreg_ref_text(ref), dry_run ? "would be deleted" : "is gone");
    if (with->text[0] != '\0') {
        printf(", and with it the tags %s", with->text);
    }
    putchar('\n');
    return output_finish(s);
}

static zreg_status delete_it(session *s, const zreg_ref *ref)
{
    zreg_digest there;
    return options_flag(&s->given, "dry-run")
               ? zreg_client_manifest_head(&there, s->client, ref, s->cancel, &s->err)
               : zreg_client_manifest_delete(s->client, ref, s->cancel, &s->err);
}

static zreg_status read_ref(session *s, zreg_ref **out)
{
    const char *text = session_word(s, 0);
    zreg_status status = pick_ref(s, out, text);
    if (status != ZREG_OK || zreg_ref_digest(*out) != NULL) {
        return status;
    }
    return session_misuse(s,
                          "\"%s\" names no digest; write REPOSITORY@DIGEST (zreg digest tells it), "
                          "or delete a tag alone: zreg delete-tag %s%s",
                          text, text, values_names_tag(text) ? "" : ":TAG");
}

static zreg_status delete_run(session *s)
{
    zreg_ref *ref = NULL;
    found with = {0};
    zreg_status status = read_ref(s, &ref);
    if (status == ZREG_OK) {
        status = client_open(s, session_word(s, 0));
    }
    if (status == ZREG_OK) {
        status = find_tags(s, &with, ref);
    }
    if (status == ZREG_OK) {
        status = delete_it(s, ref);
    }
    if (status == ZREG_OK) {
        status = print(s, ref, &with);
    }
    json_free(with.list);
    free(with.text);
    zreg_ref_free(ref);
    return status;
}

const verb cmd_delete = {
    .name = "delete",
    .words = "REPOSITORY@DIGEST",
    .min_words = 1,
    .max_words = 1,
    .places = "p",
    .summary = "delete an image or index by its digest, with all tags on it",
    .text = "The tags that go with it are told. To delete one tag and keep the image there is "
            "zreg delete-tag.",
    .options = options_of_delete,
    .example = "zreg delete localhost:5000/app@$digest",
    .uses_registries = true,
    .run = delete_run,
};
