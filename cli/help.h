/* SPDX-License-Identifier: Apache-2.0 */
/** What --help shows, made from the tables of verbs and options. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "session.h"
#include <stdio.h>

/** All verbs; the list ends with NULL. */
void help_verbs(FILE *to, const verb *const *verbs);

/** One verb with its options. */
void help_verb(FILE *to, const verb *which);

#endif
