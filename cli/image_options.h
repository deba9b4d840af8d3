/* SPDX-License-Identifier: Apache-2.0 */
/** The options that say what an image made by zreg_append is to say of itself. */
#ifndef CLI_IMAGE_OPTIONS_H
#define CLI_IMAGE_OPTIONS_H

#include "session.h"

/** Rows for the option table of a verb that makes an image: what is written beside its layers, and how
 *  it is run. */
/* clang-format off */
#define IMAGE_OPTIONS_NOTES                                                                        \
    {"label", "KEY=VALUE", "a label; may be repeated", true},                                      \
    {"annotation", "KEY=VALUE", "an annotation of the manifest; may be repeated", true}
#define IMAGE_OPTIONS_RUN                                                                          \
    {"env", "KEY=VALUE", "an environment variable; may be repeated", true},                        \
    {"entrypoint", "WORD", "a word of the entry point; may be repeated", true},                    \
    {"cmd", "WORD", "a word of the command; may be repeated", true},                               \
    {"workdir", "DIR", "working directory"},                                                       \
    {"user", "USER", "user that the command runs as"}
/* clang-format on */

/** What was given of these rows, --platform and --dry-run, and the session's progress. Lives as long as the session. */
zreg_append_options image_options_read(session *s);

#endif
