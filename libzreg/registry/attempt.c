/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/attempt.h"

#include "base/cancel.h"
#include "base/error.h"
#include "oci/errors.h"
#include "registry/retry.h"

/* What a host asks for counts for all requests to it. */
static zreg_status pause(const zreg__attempt *attempt, const zreg__fetch_exchange *exchange,
                         unsigned number, zreg_error *err)
{
    uint64_t asked_ms = exchange != NULL ? zreg__retry_after_ms(exchange) : 0;

    zreg__log_line(&attempt->client->log, ZREG_LOG_INFO, "%s: try %u of %u failed; trying again",
                   attempt->what, number, (unsigned)attempt->client->attempts);
    if (asked_ms > 0 && attempt->host != NULL) {
        zreg__host_quiet(attempt->host, asked_ms);
        return ZREG_OK;
    }
    return zreg__cancel_sleep(attempt->cancel,
                              asked_ms > 0 ? asked_ms : zreg__retry_backoff_ms(number), err);
}

zreg_status zreg__attempt_send(zreg__fetch_exchange **out, const zreg__attempt *attempt,
                               zreg_error *err)
{
    for (unsigned number = 1;; number++) {
        ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
        zreg__fetch_failure failure = ZREG__FETCH_FINAL;
        zreg_error failed = {0};
        zreg_status status = attempt->send(&exchange, &failure, attempt->user, &failed);
        bool again = status == ZREG_OK ? zreg__errors_passing(zreg__fetch_status(exchange))
                                       : failure != ZREG__FETCH_FINAL;

        if (again && !attempt->once && number < attempt->client->attempts) {
            ZREG__TRY(pause(attempt, exchange, number, err));
            continue;
        }
        if (status != ZREG_OK) {
            return zreg__fail_again(err, &failed);
        }
        *out = zreg__steal(&exchange);
        return ZREG_OK;
    }
}
