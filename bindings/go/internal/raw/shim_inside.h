/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the shim share: texts and lists from Go, and callbacks to it. */
#ifndef ZREG_GO_SHIM_INSIDE_H
#define ZREG_GO_SHIM_INSIDE_H

#include "shim.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"

#define AUTOLIST __attribute__((cleanup(free_list))) const char **

static inline void free_list(const char ***list)
{
    free(*list);
}

/* The texts as an array that ends with NULL; they stay where they are. NULL for none. */
static inline zreg_status split(const char ***out, zreg_go_list list, zreg_error *err)
{
    size_t count = 0;

    *out = NULL;
    if (list.size == 0)
        return ZREG_OK;
    for (size_t i = 0; i < list.size; i++)
        count += list.at[i] == '\0';
    *out = calloc(count + 1, sizeof(**out));
    if (*out == NULL)
        return err->code = ZREG_NOMEM;
    for (size_t i = 0, at = 0; i < count; i++) {
        (*out)[i] = list.at + at;
        at += strlen(list.at + at) + 1;
    }
    return ZREG_OK;
}

/* One of a list that ends with NULL; "" past its end. */
static inline const char *text_at(const char *const *texts, size_t i)
{
    for (size_t at = 0; texts != NULL && texts[at] != NULL; at++) {
        if (at == i)
            return texts[at];
    }
    return "";
}

static inline size_t count_texts(const char *const *texts)
{
    size_t count = 0;

    while (texts != NULL && texts[count] != NULL)
        count++;
    return count;
}

static inline const char *optional(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

/* `*out` is NULL for no text, else it is `memory` with the digest in it. */
static inline zreg_status optional_digest(const zreg_digest **out, zreg_digest *memory,
                                          const char *text, zreg_error *err)
{
    *out = optional(text) == NULL ? NULL : memory;
    return *out == NULL ? ZREG_OK : zreg_digest_parse(memory, text, err);
}

static inline int on_progress(const zreg_progress *progress, void *user)
{
    return zregGoProgress((uintptr_t)user, (char *)progress->phase, (char *)progress->item,
                          progress->bytes_done, progress->bytes_total, progress->blobs_done,
                          progress->blobs_total);
}

static inline void on_log(zreg_log_level level, const char *line, void *user)
{
    zregGoLog((uintptr_t)user, (int)level, (char *)line);
}

static inline void on_access(const char *line, void *user)
{
    zregGoAccess((uintptr_t)user, (char *)line);
}

/* The fields of an options struct that hold a callback. */
#define PROGRESS(handle)                                                                           \
    .progress = (handle) == 0 ? NULL : on_progress, .progress_user = (void *)(handle)
#define LOG(handle) .log = (handle) == 0 ? NULL : on_log, .log_user = (void *)(handle)

#endif
