/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "json.h"
#include "output.h"
#include "pick.h"
#include "values.h"
#include "verbs.h"
#include <stdio.h>

static const option_spec options_of_digest[] = {
    {"platform", "OS/ARCH", "of an index, the image for this platform"},
    {NULL},
};

static zreg_status ask_registry(session *s, zreg_digest *out, const char *text)
{
    zreg_ref *ref = NULL;
    zreg_status status = pick_ref(s, &ref, text);
    if (status == ZREG_OK) {
        status = zreg_client_manifest_head(out, s->client, ref, s->cancel, &s->err);
    }
    zreg_ref_free(ref);
    return status;
}

static zreg_status look_inside(session *s, zreg_digest *out, const char *text, const char *platform)
{
    picked it = {NULL};
    zreg_status status = pick_manifest(s, &it, text, platform);
    if (status == ZREG_OK) {
        *out = *zreg_manifest_digest(it.manifest);
    }
    pick_finish(&it);
    return status;
}

static zreg_status read_local(session *s, zreg_digest *out, const char *place)
{
    char *text = NULL;
    zreg_status status = zreg_inspect(&text, s->client, place, s->cancel, &s->err);
    if (status == ZREG_OK) {
        json_value *document = json_read(text);
        const char *digest = json_text(document, "digest");
        status = zreg_digest_parse(out, digest == NULL ? "" : digest, &s->err);
        json_free(document);
    }
    zreg_free(text);
    return status;
}

static zreg_status find(session *s, zreg_digest *out)
{
    const char *text = session_word(s, 0);
    const char *platform = options_text(&s->given, "platform");
    if (platform != NULL) {
        return look_inside(s, out, text, platform);
    }
    return values_is_local(text) ? read_local(s, out, text) : ask_registry(s, out, text);
}

static zreg_status digest_run(session *s)
{
    zreg_digest digest;
    zreg_status status = client_open(s, session_word(s, 0));
    if (status == ZREG_OK) {
        status = find(s, &digest);
    }
    if (status != ZREG_OK) {
        return status;
    }
    if (s->json) {
        json_value *document = json_new_object();
        json_set_text(document, "ref", session_word(s, 0));
        json_set_text(document, "digest", digest.text);
        return output_json(s, document);
    }
    puts(digest.text);
    return output_finish(s);
}

const verb cmd_digest = {
    .name = "digest",
    .words = "REF",
    .min_words = 1,
    .max_words = 1,
    .places = "p",
    .summary = "print the digest of an image or index",
    .text = "By one request, without its manifest where the registry tells it.",
    .options = options_of_digest,
    .example = "zreg digest docker.io/library/debian:12",
    .uses_registries = true,
    .run = digest_run,
};
