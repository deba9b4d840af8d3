/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"
#include "verbs.h"
#include <stdio.h>

static const option_spec options_of_version[] = {{NULL}};

static json_value *features(void)
{
    json_value *document = json_new_object();
    const char *name;
    for (size_t i = 0; (name = zreg_feature_name(i)) != NULL; i++) {
        json_set_text(document, name, zreg_feature(name));
    }
    return document;
}

static zreg_status version_run(session *s)
{
    if (s->json) {
        json_value *document = json_new_object();
        json_set_text(document, "version", zreg_version());
        json_set(document, "features", features());
        return output_json(s, document);
    }
    printf("zreg %s\n", zreg_version());
    return output_finish(s);
}

const verb cmd_version = {
    .name = "version",
    .words = "",
    .max_words = 0,
    .summary = "show the version; with --json also what this build can do",
    .options = options_of_version,
    .example = "zreg version",
    .run = version_run,
};
