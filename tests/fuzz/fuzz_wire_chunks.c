/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/buf.h"
#include "http/wire_chunks.h"

/* Takes a body apart whose bytes come in steps of a size; returns how many were used. */
static size_t take(zreg__buf *body, zreg__wire_chunks *chunks, const char *bytes, size_t size,
                   size_t step)
{
    size_t used = 0;
    while (used < size && chunks->state < ZREG__WIRE_CHUNKS_DONE) {
        zreg__span data;
        size_t here = size - used < step ? size - used : step;
        size_t taken = zreg__wire_chunks_next(&data, chunks, bytes + used, here);
        fuzz_check(taken > 0 && taken <= here && data.size <= taken);
        fuzz_check(data.size == 0 || data.text + data.size == bytes + used + taken);
        fuzz_check(zreg__buf_append(body, data.text, data.size, NULL) == ZREG_OK);
        used += taken;
    }
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO_FREE char *exact = fuzz_text(data, size);
    ZREG__AUTO(zreg__buf) zreg__buf whole = ZREG__BUF(size);
    ZREG__AUTO(zreg__buf) zreg__buf in_steps = ZREG__BUF(size);
    zreg__wire_chunks once = {.left = 0};
    zreg__wire_chunks slowly = {.left = 0};
    size_t used = take(&whole, &once, exact, size, size);
    fuzz_check(take(&in_steps, &slowly, exact, size, 1) == used && once.state == slowly.state);
    fuzz_check(whole.size == in_steps.size);
    fuzz_check(whole.size == 0 || memcmp(whole.data, in_steps.data, whole.size) == 0);
    fuzz_check(once.state != ZREG__WIRE_CHUNKS_DONE || exact[used - 1] == '\n');
    return 0;
}
