/* SPDX-License-Identifier: Apache-2.0 */
/** The command line of one verb: options from a table, words in between. `--opt value` and
 *  `--opt=value` are the same; `--` ends the options. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/** One option. A table ends with an empty row. */
typedef struct option_spec {
    const char *name;  /* without the dashes */
    const char *value; /* how help names the value; NULL: a flag */
    const char *help;  /* one line; NULL: the option is not shown */
    bool many;         /* may be given more than once */
} option_spec;

/** What was given. Texts are those of argv. */
typedef struct given_options {
    const option_spec **specs;
    const char ***values; /* for each spec a list that ends with NULL; a flag gives its own name */
    size_t count;
    const char **words; /* ends with NULL */
    size_t word_count;
    char mistake[256]; /* what is wrong with the command line, after options_parse said so */
} given_options;

/** Reads argv with the options of `tables` (ends with NULL). False: see `mistake`. */
bool options_parse(given_options *out, const option_spec *const *tables, int argc, char **argv);

/** How many arguments the option `text`, "--name", "--name=value" or "-h", takes up: 1, or 2 with its
 *  value; 0 when the tables do not have it. */
int options_width(const option_spec *const *tables, const char *text);

/** Says in `mistake` that `text` is no option of these tables, and which one may be meant. */
void options_unknown(char *mistake, size_t size, const option_spec *const *tables,
                     const char *text);

bool options_flag(const given_options *given, const char *name);

/** The value, or NULL when the option was not given. */
const char *options_text(const given_options *given, const char *name);

/** All values of an option, as a list that ends with NULL. */
const char *const *options_list(const given_options *given, const char *name);

/** The same; NULL when the option was not given. */
const char *const *options_list_or_null(const given_options *given, const char *name);

void options_finish(given_options *given);

#endif
