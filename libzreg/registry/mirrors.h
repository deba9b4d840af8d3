/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a client remembers of mirrors, so that one which does not help costs one look: which are left alone, and for
 * what. And of which repositories the registry itself is asked, because they are written to. Usable from many
 * threads; what it remembers is bounded.
 */
#ifndef ZREG_REGISTRY_MIRRORS_H
#define ZREG_REGISTRY_MIRRORS_H

#include "base/compiler.h"
#include <stdbool.h>
#include <zreg/common.h>

typedef struct zreg__mirrors zreg__mirrors;

/** Something that is asked of a mirror. */
typedef struct zreg__mirror_question {
    const char *server;     /* tells mirrors apart */
    const char *repository; /* there */
    bool by_tag;
    const char *what;   /* the thing, as errors name it */
    const char *digest; /* of a blob; or NULL */
} zreg__mirror_question;

/** How a mirror answered. */
typedef enum zreg__mirror_outcome {
    ZREG__MIRROR_SERVED,
    ZREG__MIRROR_LACKS, /* 404: of a repository that it has served nothing of, or of which it lacks a part, it is
                            asked for tags only, until it has one */
    ZREG__MIRROR_DENIES, /* of this repository it is not asked again */
    ZREG__MIRROR_FAILS,  /* silence, 5xx, wrong bytes: it is left alone for all */
} zreg__mirror_outcome;

/** Errors: NOMEM. */
zreg_status zreg__mirrors_new(zreg__mirrors **out, zreg_error *err);

/** Whether it is worth asking. */
bool zreg__mirrors_worth(zreg__mirrors *mirrors, const zreg__mirror_question *question);

/** Remembers an answer; for want of memory it forgets. */
void zreg__mirrors_note(zreg__mirrors *mirrors, const zreg__mirror_question *question,
                        zreg__mirror_outcome outcome);

/** Says that what came for `what`, or for a blob of that digest, was not right, or broke off: the mirror that sent it is left alone. True: there was
 *  one, so another server may do better. */
bool zreg__mirrors_doubt(zreg__mirrors *mirrors, const char *what);

/** Remembers that a repository, HOST/REPOSITORY, is written to. Errors: NOMEM. */
zreg_status zreg__mirrors_write(zreg__mirrors *mirrors, const char *host, const char *repository,
                                zreg_error *err);

bool zreg__mirrors_is_written(zreg__mirrors *mirrors, const char *host, const char *repository);

void zreg__mirrors_free(zreg__mirrors *mirrors);

ZREG__DEFINE_AUTO(zreg__mirrors, zreg__mirrors_free)

#endif
