/* SPDX-License-Identifier: Apache-2.0 */
/** Sends again what failed in a way that may pass: the one place that decides so and waits. */
#ifndef ZREG_REGISTRY_ATTEMPT_H
#define ZREG_REGISTRY_ATTEMPT_H

#include "registry/client_inner.h"

typedef struct zreg__attempt {
    zreg_client *client;
    zreg__host *host; /* is left alone by all for as long as it asks; NULL: only by this caller */
    const char *what; /* for log lines */
    bool once;        /* it is not sent again */
    zreg_cancel *cancel;
    /** Sends it once; `*failure` tells why there was no answer. */
    zreg_status (*send)(zreg__fetch_exchange **out, zreg__fetch_failure *failure, void *user,
                        zreg_error *err);
    void *user;
} zreg__attempt;

/** Sends until there is an answer that another try would not better, at most as often as the client
 *  says. The last answer or error counts. Errors: those of `send`, CANCELLED. */
zreg_status zreg__attempt_send(zreg__fetch_exchange **out, const zreg__attempt *attempt,
                               zreg_error *err);

#endif
