/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "memory.h"
#include "output.h"
#include "pick.h"
#include "verbs.h"
#include <stdio.h>

static const option_spec options_of_manifest[] = {
    {"platform", "OS/ARCH", "of an index, the image for this platform"},
    {NULL},
};

static zreg_status print_document(session *s, const picked *it, const char *bytes, size_t size)
{
    AUTO_FREE char *text = memory_printf("%.*s", (int)size, bytes);
    json_value *document = json_new_object();
    json_set_text(document, "ref", zreg_ref_text(it->ref));
    json_set_text(document, "digest", zreg_manifest_digest(it->manifest)->text);
    json_set_text(document, "media_type", zreg_manifest_media_type(it->manifest));
    json_set_number(document, "size", size);
    json_set(document, "manifest", json_read(text));
    return output_json(s, document);
}

static zreg_status manifest_run(session *s)
{
    picked it = {NULL};
    size_t size = 0;
    zreg_status status = client_open(s, session_word(s, 0));
    if (status == ZREG_OK) {
        status = pick_manifest(s, &it, session_word(s, 0), options_text(&s->given, "platform"));
    }
    if (status == ZREG_OK) {
        const char *bytes = zreg_manifest_bytes(it.manifest, &size);
        if (s->json) {
            status = print_document(s, &it, bytes, size);
        } else {
            fwrite(bytes, 1, size, stdout);
            status = output_finish(s);
        }
    }
    pick_finish(&it);
    return status;
}

const verb cmd_manifest = {
    .name = "manifest",
    .words = "REF",
    .min_words = 1,
    .max_words = 1,
    .places = "p",
    .summary = "print a manifest, byte for byte as the registry has it",
    .text = "Nothing is added, not even a line end, so what comes has the digest that it was asked "
            "for by.\nWith --json it stands in a document, beside its digest and type.",
    .options = options_of_manifest,
    .example = "zreg manifest docker.io/library/debian:12 --platform linux/arm64",
    .uses_registries = true,
    .run = manifest_run,
};
