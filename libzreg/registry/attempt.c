/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/attempt.h"

#include "base/cancel.h"
#include "base/error.h"
#include "oci/errors.h"
#include "registry/retry.h"

bool zreg__attempt_may_again(const zreg__attempt *self)
{
    return self->failures + 1 < self->client->attempts;
}

zreg_status zreg__attempt_again(zreg__attempt *self, uint64_t asked_ms, const zreg_error *failed,
                                zreg_error *err)
{
    if (!zreg__attempt_may_again(self)) {
        return zreg__fail_again(err, failed);
    }
    (void)zreg__mirrors_doubt(self->client->mirrors, self->what);
    self->failures++;
    zreg__log_line(&self->client->log, ZREG_LOG_INFO, "%s: try %u of %u failed (%s); trying again",
                   self->what, self->failures, (unsigned)self->client->attempts, failed->message);
    /* What a host asks for counts for all requests to it, and each waits before it is sent. */
    if (asked_ms > 0 && self->host != NULL) {
        zreg__host_quiet(self->host, asked_ms);
        return zreg__cancel_check(self->cancel, err);
    }
    return zreg__cancel_sleep(
        self->cancel, asked_ms > 0 ? asked_ms : zreg__retry_backoff_ms(self->failures), err);
}

static zreg_status count_answer(zreg__attempt *self, const zreg__fetch_exchange *exchange,
                                zreg_error *err)
{
    zreg_error answered = {0};

    zreg__fail(&answered, ZREG_PEER, "HTTP %d", zreg__fetch_status(exchange));
    return zreg__attempt_again(self, zreg__retry_after_ms(exchange), &answered, err);
}

zreg_status zreg__attempt_send(zreg__fetch_exchange **out, zreg__attempt *self,
                               zreg__attempt_fn send, void *user, zreg_error *err)
{
    for (;;) {
        ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
        zreg__fetch_failure failure = ZREG__FETCH_FINAL;
        zreg_error failed = {0};
        bool last = !zreg__attempt_may_again(self);
        zreg_status status = send(&exchange, &failure, last, user, &failed);
        bool answered = status == ZREG_OK;

        if (answered && (last || !zreg__errors_passing(zreg__fetch_status(exchange)))) {
            *out = zreg__steal(&exchange);
            return ZREG_OK;
        }
        if (!answered && failure == ZREG__FETCH_FINAL) {
            return zreg__fail_again(err, &failed);
        }
        ZREG__TRY(answered ? count_answer(self, exchange, err)
                           : zreg__attempt_again(self, 0, &failed, err));
    }
}

zreg_status zreg__client_again(unsigned *count, zreg_client *client, const char *what,
                               const zreg_error *failed, zreg_cancel *cancel, zreg_error *err)
{
    zreg__attempt attempt = {.client = client, .what = what, .cancel = cancel, .failures = *count};
    zreg_status status = zreg__attempt_again(&attempt, 0, failed, err);

    *count = attempt.failures;
    return status;
}
