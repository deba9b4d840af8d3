/* SPDX-License-Identifier: Apache-2.0 */
/** What help shows, made from the tables of verbs and options. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "output.h"
#include <stdio.h>

/** All verbs; the list ends with NULL. */
void help_verbs(FILE *to, const verb *const *verbs);

/** One verb with its options. */
void help_verb(FILE *to, const verb *which);

/** {"verbs": [...], "common_options": [...], "registry_options": [...]} */
json_value *help_verbs_json(const verb *const *verbs);

/** {"name", "words", "summary", "text", "example", "uses_registries", "options": [{"name", "value",
 *  "help", "many"}]}, the options of the verb's own only. */
json_value *help_verb_json(const verb *which);

#endif
