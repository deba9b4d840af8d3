/* SPDX-License-Identifier: Apache-2.0 */
#include "image_options.h"

zreg_append_options image_options_read(session *s)
{
    zreg_append_options options = ZREG_OPTIONS(zreg_append_options);
    options.platform = options_text(&s->given, "platform");
    options.labels = options_list_or_null(&s->given, "label");
    options.annotations = options_list_or_null(&s->given, "annotation");
    options.environment = options_list_or_null(&s->given, "env");
    options.entrypoint = options_list_or_null(&s->given, "entrypoint");
    options.command = options_list_or_null(&s->given, "cmd");
    options.working_dir = options_text(&s->given, "workdir");
    options.user = options_text(&s->given, "user");
    options.dry_run = options_flag(&s->given, "dry-run");
    options.progress = progress_draw;
    options.progress_user = &s->progress;
    return options;
}
