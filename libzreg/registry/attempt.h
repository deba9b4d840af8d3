/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How often an operation is tried, and how long it waits between: the one place that decides so.
 *
 * An operation lasts from the first contact to the last byte: a request with the body of its answer,
 * a blob that is pulled, a blob that is pushed. Whoever carries one out tells of each failure here,
 * and is told to try again, after the wait, or that it is over.
 */
#ifndef ZREG_REGISTRY_ATTEMPT_H
#define ZREG_REGISTRY_ATTEMPT_H

#include "registry/client_inner.h"

/** An operation that came this much further may break as often as it likes: its failures are forgotten. */
#define ZREG__ATTEMPT_PROGRESS_BYTES ZREG__MIB

/** One operation; begin with `failures` 0. */
typedef struct zreg__attempt {
    zreg_client *client;
    zreg__host *host; /* is left alone by all for as long as it asks; NULL: only by this caller */
    const char *what; /* for log lines */
    zreg_cancel *cancel;
    unsigned failures; /* in a row, without progress between them */
} zreg__attempt;

/** Sends once. `*failure` tells whether to do so again when there is no answer; an answer whose
 *  status may pass is asked for again too. `last`: there will be no other try. */
typedef zreg_status (*zreg__attempt_fn)(zreg__fetch_exchange **out, zreg__fetch_failure *failure,
                                        bool last, void *user, zreg_error *err);

/** Sends until there is an answer that another try would not better; the last answer or error counts.
 *  Errors: those of `send`, CANCELLED. */
zreg_status zreg__attempt_send(zreg__fetch_exchange **out, zreg__attempt *self,
                               zreg__attempt_fn send, void *user, zreg_error *err);

/** Whether this may be tried once more after the try that runs now. */
bool zreg__attempt_may_again(const zreg__attempt *self);

/**
 * Counts a try that failed in a way that may pass, and waits: for `asked_ms`, if the peer named a
 * time, else the longer the more tries have failed. Errors: `failed` (that was the last try),
 * CANCELLED.
 */
zreg_status zreg__attempt_again(zreg__attempt *self, uint64_t asked_ms, const zreg_error *failed,
                                zreg_error *err);

#endif
