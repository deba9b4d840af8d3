/* SPDX-License-Identifier: Apache-2.0 */
/** What registries say beside their answers, for the log: each thing once. Usable from many threads. */
#ifndef ZREG_REGISTRY_NOTICES_H
#define ZREG_REGISTRY_NOTICES_H

#include "base/log.h"
#include "http/fetch.h"

typedef struct zreg__notices zreg__notices;

/** Errors: NOMEM. */
zreg_status zreg__notices_new(zreg__notices **out, zreg_error *err);

/** Logs the warnings of an answer, and how many requests its host still allows. */
void zreg__notices_take(zreg__notices *notices, const zreg__log *log,
                        const zreg__fetch_exchange *exchange);

/** Adds to an error that was made of a 429 what the host allows, if it says so. */
void zreg__notices_explain(zreg_error *err, const zreg__fetch_exchange *exchange);

void zreg__notices_free(zreg__notices *notices);

ZREG__DEFINE_AUTO(zreg__notices, zreg__notices_free)

#endif
