/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "memory.h"
#include "output.h"
#include "pick.h"
#include "target.h"
#include "verbs.h"
#include <errno.h>
#include <unistd.h>

static const option_spec options_of_blob[] = {
    {"output", "FILE",
     "write it there, in one step, once it was found right; - is standard output"},
    {NULL},
};

enum { PIECE = 128 << 10 };

static zreg_status write_piece(session *s, const target *to, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(to->fd, bytes, size);
        if (written < 0 && errno != EINTR) {
            return target_fail(s, to);
        }
        if (written < 0 && zreg_cancel_triggered(s->cancel)) {
            return session_fail(s, ZREG_CANCELLED, "cancelled");
        }
        bytes += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return ZREG_OK;
}

static void show(session *s, const zreg_digest *digest, uint64_t done, uint64_t total)
{
    const zreg_progress now = {.phase = "blob",
                               .item = digest->text,
                               .bytes_done = done,
                               .bytes_total = total == UINT64_MAX ? done : total,
                               .blobs_total = 1};
    if (done % (1 << 20) < PIECE) {
        (void)progress_draw(&now, &s->progress);
    }
}

static zreg_status fetch(session *s, const target *to, const zreg_ref *ref, uint64_t *bytes)
{
    zreg_blob_reader *reader = NULL;
    AUTO_FREE char *buffer = memory_array(PIECE, 1);
    const zreg_digest *digest = zreg_ref_digest(ref);
    size_t size = 1;
    zreg_status status = zreg_blob_open(&reader, s->client, ref, digest, s->cancel, &s->err);
    while (status == ZREG_OK && size > 0) {
        status = zreg_blob_read(&size, reader, buffer, PIECE, &s->err);
        if (status == ZREG_OK) {
            status = write_piece(s, to, buffer, size);
            *bytes += size;
            show(s, digest, *bytes, zreg_blob_size(reader));
        }
    }
    zreg_blob_reader_free(reader);
    progress_finish(&s->progress);
    return status;
}

static zreg_status print(session *s, const zreg_ref *ref, uint64_t bytes)
{
    if (!s->json) {
        return ZREG_OK;
    }
    json_value *document = json_new_object();
    json_set_text(document, "digest", zreg_ref_digest(ref)->text);
    json_set_number(document, "size", bytes);
    json_set_text(document, "file", options_text(&s->given, "output"));
    return output_json(s, document);
}

static zreg_status run_with(session *s, const zreg_ref *ref)
{
    target to;
    uint64_t bytes = 0;
    zreg_status status = client_open(s, session_word(s, 0));
    if (status == ZREG_OK) {
        status = target_open(s, &to, options_text(&s->given, "output"), "--output FILE");
        status = target_finish(s, &to, status == ZREG_OK ? fetch(s, &to, ref, &bytes) : status);
    }
    return status == ZREG_OK ? print(s, ref, bytes) : status;
}

static zreg_status blob_run(session *s)
{
    zreg_ref *ref = NULL;
    zreg_status status = pick_ref(s, &ref, session_word(s, 0));
    if (status == ZREG_OK && zreg_ref_digest(ref) == NULL) {
        status =
            session_misuse(s, "\"%s\" names no blob; write REPOSITORY@DIGEST", session_word(s, 0));
    }
    if (status == ZREG_OK) {
        status = run_with(s, ref);
    }
    zreg_ref_free(ref);
    return status;
}

const verb cmd_blob = {
    .name = "blob",
    .words = "REPOSITORY@DIGEST",
    .min_words = 1,
    .max_words = 1,
    .places = "p",
    .summary = "print a blob, such as a layer, verified",
    .text = "What went to standard output before the end is not verified yet: look at the exit "
            "status.",
    .options = options_of_blob,
    .example = "zreg blob --output layer.tar.gz localhost:5000/app@$digest",
    .uses_registries = true,
    .run = blob_run,
};
