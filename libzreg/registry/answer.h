/* SPDX-License-Identifier: Apache-2.0 */
/** What an answer means: a body, a document, a place to go on at, or an error in words. `what` names
 *  the thing asked for in errors: "manifest docker.io/library/x:1". */
#ifndef ZREG_REGISTRY_ANSWER_H
#define ZREG_REGISTRY_ANSWER_H

#include "base/json.h"
#include "http/fetch.h"
#include "registry/host.h"

/** ZREG_OK when the answer is `status`; otherwise an error made of the answer. */
zreg_status zreg__answer_expect(zreg__fetch_exchange *exchange, int status, const char *what,
                                zreg_error *err);

/** A maintenance or login page (text/html) of whatever stands before the registry, with a 200. */
bool zreg__answer_is_page(const zreg__fetch_exchange *exchange);

/** A 404; for zreg__request_look of a DELETE. */
bool zreg__answer_is_missing(const void *unused, const zreg__fetch_exchange *exchange);

/** ZREG_OK when the answer to a DELETE says that it was done; `in_doubt`: one whose answer was lost may have
 *  done it before, and then nothing is there. Errors: UNSUPPORTED (the registry
 *  deletes nothing), NOTFOUND, ... */
zreg_status zreg__answer_expect_deleted(zreg__fetch_exchange *exchange, const zreg__host *host,
                                        bool in_doubt, const char *what, zreg_error *err);

/** The error that an answer stands for; reads its body. */
zreg_status zreg__answer_fail(zreg__fetch_exchange *exchange, const char *what, zreg_error *err);

/** The same, which adds to `missing` the blobs that it says are missing. */
zreg_status zreg__answer_fail_telling(zreg__fetch_exchange *exchange, const char *what,
                                      zreg_strings *missing, zreg_error *err);

/** Where the answer's Location points, never from https to http. Errors: PROTO. */
zreg_status zreg__answer_location(zreg__fetch_url *out, const zreg__fetch_exchange *exchange,
                                  const char *what, zreg_error *err);

#endif
