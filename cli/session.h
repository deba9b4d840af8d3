/* SPDX-License-Identifier: Apache-2.0 */
/** One run of the command: its verb, what was given, and how it went. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "options.h"
#include "progress.h"
#include <stdbool.h>
#include <zreg.h>

typedef struct session session;

/** One verb; one file each. */
typedef struct verb {
    const char *name;
    const char *words; /* the words after the options, as help shows them */
    size_t min_words;
    size_t max_words; /* SIZE_MAX: any number */
    const char *
        places; /* what each word is, and the last one all that follow: 'p' a place, 'h' a host, 'n' one that may have
                   a repository, 'f' a file; or NULL */
    const char *summary;
    const char *text; /* a few lines for help, or NULL */
    const option_spec *options;
    const char *example;
    bool uses_registries; /* takes session_registry_options */
    zreg_status (*run)(session *s);
} verb;

struct session {
    const verb *verb;
    given_options given;
    bool json;
    bool quiet;
    bool misused;     /* the error is a wrong command line */
    bool reads_again; /* files were read before, and the verb is at work: no file is waited for */
    zreg_client *client; /* NULL until client_open() */
    zreg_cancel *cancel; /* triggered by SIGINT and SIGTERM; NULL until then */
    progress progress;
    zreg_error err;
    char *partly; /* what was done before the error, a document of the library's, or NULL */
};

extern const option_spec session_common_options[];
extern const option_spec session_registry_options[];

/** Takes argv without the verb. INVAL, with `misused` set: a wrong command line. */
zreg_status session_start(session *s, const verb *which, int argc, char **argv);

/** Word number `i`. */
const char *session_word(const session *s, size_t i);

/** The value of an option; `otherwise` (or NULL) when it was not given. */
const char *session_text(const session *s, const char *name, const char *otherwise);

/** A number option; `otherwise` when it was not given. */
zreg_status session_number(session *s, const char *name, uint32_t otherwise, uint32_t *out);

/** The place among `words`, which end with NULL, of the one that was given; `*out` stays when none was. */
zreg_status session_choice(session *s, const char *name, const char *const *words, size_t *out);

/** Reports an error of the command's own. Returns `code`. */
zreg_status session_fail(session *s, zreg_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Reports a wrong command line; the exit code will be 2. */
zreg_status session_misuse(session *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void session_finish(session *s);

#endif
