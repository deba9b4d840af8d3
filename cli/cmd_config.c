/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "memory.h"
#include "output.h"
#include "pick.h"
#include "verbs.h"
#include <stdio.h>

static const option_spec options_of_config[] = {
    {"platform", "OS/ARCH", "of an index, the image for this platform (linux on this machine's)"},
    {NULL},
};

static zreg_status print(session *s, const picked *it, const char *bytes)
{
    const zreg_descriptor *config = zreg_manifest_config(it->manifest);
    if (!s->json) {
        fwrite(bytes, 1, (size_t)config->size_bytes, stdout);
        return output_finish(s);
    }
    json_value *document = json_new_object();
    json_set_text(document, "ref", zreg_ref_text(it->ref));
    json_set_text(document, "digest", config->digest.text);
    json_set_text(document, "media_type", config->media_type);
    json_set_number(document, "size", config->size_bytes);
    json_set(document, "config", json_read(bytes));
    return output_json(s, document);
}

static zreg_status config_run(session *s)
{
    picked it = {NULL};
    AUTO_FREE char *bytes = NULL;
    zreg_status status = client_open(s, session_word(s, 0));
    if (status == ZREG_OK) {
        status = pick_image(s, &it, session_word(s, 0), options_text(&s->given, "platform"));
    }
    if (status == ZREG_OK) {
        status = pick_blob(s, &bytes, it.ref, zreg_manifest_config(it.manifest));
    }
    if (status == ZREG_OK) {
        status = print(s, &it, bytes);
    }
    pick_finish(&it);
    return status;
}

const verb cmd_config = {
    .name = "config",
    .words = "REF",
    .min_words = 1,
    .max_words = 1,
    .places = "p",
    .summary = "print the config of an image, byte for byte as the registry has it",
    .text = "With --json it stands in a document, beside its digest and type.",
    .options = options_of_config,
    .example = "zreg config docker.io/library/debian:12",
    .uses_registries = true,
    .run = config_run,
};
