/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The files of a run: what each holds now, what it holds without our part, what it shall hold.
 *
 * Pure but for reading. A file whose content is the one that the record says zreg wrote has the
 * recorded original without our part; of a file that others changed since, our part is taken out.
 */
#ifndef ZREG_HOST_SURVEY_H
#define ZREG_HOST_SURVEY_H

#include "node/state.h"

typedef struct zreg__survey_file {
    char *path;
    const char *engine;
    const zreg__format *format;
    zreg__wants wants;
    bool secret;
    const zreg__state_entry *entry; /* in the record, or NULL */
    zreg__content now;
    zreg__owner owner;      /* of what is there now */
    zreg__content base;     /* without our part */
    zreg__owner base_owner; /* to be given back with it */
    bool is_original;       /* nobody but zreg changed the file */
    zreg__content after;
} zreg__survey_file;

typedef struct zreg__survey {
    const zreg__tree *tree;
    const zreg__state *record;
    zreg__survey_file *files;
    size_t count;
    zreg__view view; /* of the machine without our part; its user is the survey */
} zreg__survey;

/** Looks at every file of the record; `after` is their base. Errors: CONFLICT, INVAL, IO. */
zreg_status zreg__survey_start(zreg__survey *out, const zreg__tree *tree, const zreg__state *record,
                               zreg_error *err);

/** Takes what a plan wants over into `after`. */
zreg_status zreg__survey_apply(zreg__survey *survey, zreg__steps *plan, zreg_error *err);

/** Whether a file has to be written, or its writing is not known to have ended. */
bool zreg__survey_differs(const zreg__survey_file *file);

/** What stays to be undone: the file does not hold what it held without us. */
bool zreg__survey_is_ours(const zreg__survey_file *file);

void zreg__survey_finish(zreg__survey *survey);

ZREG__DEFINE_AUTO_VALUE(zreg__survey, zreg__survey_finish)

#endif
