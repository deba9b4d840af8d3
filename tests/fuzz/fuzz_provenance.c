/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/mem.h"
#include "oci/origin.h"
#include <zreg/provenance.h>

/* What a peer tells of an origin is refused, or can be told again. */
static void check_origin(const char *text)
{
    zreg__origin origin;
    zreg__origin again;
    ZREG__AUTO_FREE char *printed = NULL;
    if (zreg__origin_parse(&origin, text, NULL) != ZREG_OK) {
        return;
    }
    fuzz_check(zreg__origin_print(&printed, origin.artifact, origin.change, origin.build, NULL) ==
               ZREG_OK);
    fuzz_check(zreg__origin_parse(&again, printed, NULL) == ZREG_OK);
    fuzz_check(zreg__origin_equal(&origin, &again));
}

/* Each row is an image that somebody asked for. */
static void check_rows(const zreg_provenance *record)
{
    for (size_t i = 0; i < zreg_provenance_count(record); i++) {
        const zreg_served_image *image = zreg_provenance_at(record, i);
        fuzz_check(image->requests > 0);
        fuzz_check(image->source >= ZREG_SERVED_CHANGE && image->source <= ZREG_SERVED_UPSTREAM);
        fuzz_check((image->source == ZREG_SERVED_CHANGE) == (image->artifact[0] != '\0'));
    }
    fuzz_check(zreg_provenance_at(record, zreg_provenance_count(record)) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zreg_provenance *record = NULL;
    zreg_error err = {0};
    ZREG__AUTO_FREE char *text = zreg__strndup((const char *)data, size);
    fuzz_check(text != NULL);
    check_origin(text);
    fuzz_check_result(zreg_provenance_read(&record, (const char *)data, size, &err), &err);
    if (record != NULL) {
        ZREG__AUTO_FREE char *json = NULL;
        check_rows(record);
        fuzz_check(zreg_provenance_json(&json, record, NULL) == ZREG_OK);
    }
    zreg_provenance_free(record);
    return 0;
}
