/* SPDX-License-Identifier: Apache-2.0 */
#include "http/unix_call.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "http/fetch_inner.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/un.h>

#define POLL_MS 1000

/* A request under way. */
typedef struct transfer {
    const zreg__unix_call *call;
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;
    zreg__buf *refusal;
    uint64_t sent;
    uint64_t moved_ms; /* when something came or went last */
    zreg_error failed; /* of a callback */
} transfer;

static void transfer_finish(transfer *self)
{
    if (self->multi != NULL && self->easy != NULL) {
        curl_multi_remove_handle(self->multi, self->easy);
    }
    curl_easy_cleanup(self->easy);
    curl_multi_cleanup(self->multi);
    curl_slist_free_all(self->headers);
}

ZREG__DEFINE_AUTO_VALUE(transfer, transfer_finish)

static int status_of(const transfer *self)
{
    long status = 0;
    curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *user)
{
    transfer *self = user;
    (void)one;
    self->moved_ms = zreg__clock_ms();
    if (status_of(self) == 200) {
        return self->call->write(self->call->user, bytes, size, &self->failed) == ZREG_OK ? size
                                                                                          : 0;
    }
    size_t room = self->refusal->maximum - self->refusal->size;
    return zreg__buf_append(self->refusal, bytes, size < room ? size : room, &self->failed) ==
                   ZREG_OK
               ? size
               : 0;
}

static size_t on_send(char *to, size_t one, size_t capacity, void *user)
{
    transfer *self = user;
    uint64_t left = self->call->body_bytes - self->sent;
    size_t wanted = left < capacity * one ? (size_t)left : capacity * one;
    ssize_t got = zreg__fd_read_at(self->call->body, to, wanted, self->sent);
    if (got < 0 || (got == 0 && wanted > 0)) {
        zreg__fail_errno(&self->failed, got < 0 ? errno : EIO, "read what is sent to %s",
                         self->call->what);
        return CURL_READFUNC_ABORT;
    }
    self->moved_ms = zreg__clock_ms();
    self->sent += (size_t)got;
    return (size_t)got;
}

static zreg_status set_up(transfer *self, zreg_error *err)
{
    const zreg__unix_call *call = self->call;
    ZREG__AUTO_FREE char *url = zreg__asprintf("http://localhost%s", call->target);
    self->multi = curl_multi_init();
    self->easy = curl_easy_init();
    self->headers = curl_slist_append(NULL, "Content-Type: application/x-tar");
    if (url == NULL || self->multi == NULL || self->easy == NULL || self->headers == NULL ||
        curl_slist_append(self->headers, "Expect:") == NULL ||
        curl_easy_setopt(self->easy, CURLOPT_URL, url) != CURLE_OK ||
        curl_easy_setopt(self->easy, CURLOPT_UNIX_SOCKET_PATH, call->socket_path) != CURLE_OK) {
        return zreg__fail_nomem(err);
    }
    curl_easy_setopt(self->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(self->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(self->easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(self->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(self->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(self->easy, CURLOPT_WRITEDATA, self);
    if (call->body >= 0) {
        curl_easy_setopt(self->easy, CURLOPT_POST, 1L);
        curl_easy_setopt(self->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_bytes);
        curl_easy_setopt(self->easy, CURLOPT_READFUNCTION, on_send);
        curl_easy_setopt(self->easy, CURLOPT_READDATA, self);
        curl_easy_setopt(self->easy, CURLOPT_HTTPHEADER, self->headers);
    }
    return curl_multi_add_handle(self->multi, self->easy) == CURLM_OK ? ZREG_OK
                                                                      : zreg__fail_nomem(err);
}

static zreg_status fail_connect(const transfer *self, zreg_error *err)
{
    long reason = 0;
    curl_easy_getinfo(self->easy, CURLINFO_OS_ERRNO, &reason);
    if (reason == EACCES || reason == EPERM) {
        return zreg__fail(err, ZREG_DENIED, "%s does not let this user in", self->call->what);
    }
    return zreg__fail(err, ZREG_NET, "%s does not answer (%s); is it running?", self->call->what,
                      reason != 0 ? strerror((int)reason) : "no connection");
}

static zreg_status fail_with(transfer *self, CURLcode code, zreg_error *err)
{
    if (self->failed.code != ZREG_OK) {
        return zreg__fail_again(err, &self->failed);
    }
    if (code == CURLE_COULDNT_CONNECT) {
        return fail_connect(self, err);
    }
    return code == CURLE_OUT_OF_MEMORY
               ? zreg__fail_nomem(err)
               : zreg__fail(err, ZREG_NET, "%s: the connection broke off: %s", self->call->what,
                            curl_easy_strerror(code));
}

/* Sleeps until something can move, or somebody cancels. */
static zreg_status wait_on(const transfer *self, zreg_cancel *cancel, zreg_error *err)
{
    struct curl_waitfd also = {.fd = zreg__cancel_fd(cancel), .events = CURL_WAIT_POLLIN};
    uint64_t idle_ms = zreg__clock_ms() - self->moved_ms;
    if (idle_ms > ZREG__UNIX_CALL_IDLE_MS) {
        return zreg__fail(err, ZREG_TIMEOUT, "%s: nothing has come for %d s", self->call->what,
                          (int)(ZREG__UNIX_CALL_IDLE_MS / 1000));
    }
    curl_multi_poll(self->multi, &also, also.fd >= 0 ? 1 : 0, POLL_MS, NULL);
    return zreg__cancel_check(cancel, err);
}

static zreg_status carry_out(transfer *self, zreg_cancel *cancel, zreg_error *err)
{
    int running = 1;
    int left = 0;
    while (running > 0) {
        if (curl_multi_perform(self->multi, &running) != CURLM_OK) {
            return zreg__fail_nomem(err);
        }
        ZREG__TRY(running > 0 ? wait_on(self, cancel, err) : ZREG_OK);
    }
    const CURLMsg *done = curl_multi_info_read(self->multi, &left);
    CURLcode code = done != NULL ? done->data.result : CURLE_RECV_ERROR;
    return code == CURLE_OK ? ZREG_OK : fail_with(self, code, err);
}

zreg_status zreg__unix_call_send(int *out_status, zreg__buf *refusal, const zreg__unix_call *call,
                                 zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(transfer)
    transfer self = {.call = call, .refusal = refusal, .moved_ms = zreg__clock_ms()};
    if (strlen(call->socket_path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
        return zreg__fail(err, ZREG_INVAL, "%s: the path of a socket is shorter", call->what);
    }
    ZREG__TRY(zreg__cancel_check(cancel, err));
    ZREG__TRY(zreg__fetch_start_curl(err));
    ZREG__TRY(set_up(&self, err));
    ZREG__TRY(carry_out(&self, cancel, err));
    *out_status = status_of(&self);
    return ZREG_OK;
}
