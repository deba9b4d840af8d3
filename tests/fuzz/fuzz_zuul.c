/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "gate/told.h"
#include "gate/zuul.h"

/* Whatever Zuul's API answers: builds have all their texts, and their artifacts make one list. */
static void check_builds(const zreg_zuul_builds *builds)
{
    ZREG__AUTO(zreg_artifacts) zreg_artifacts *artifacts = NULL;
    for (size_t i = 0; i < zreg_zuul_builds_count(builds); i++) {
        const zreg_zuul_build *build = zreg_zuul_builds_at(builds, i);
        fuzz_check(zreg__told_is_clean(build->uuid));
        fuzz_check(zreg__told_is_clean(build->change));
        fuzz_check(zreg__told_is_clean(build->buildset));
    }
    zreg_status status = zreg_zuul_builds_artifacts(&artifacts, builds, NULL);
    fuzz_check(status == ZREG_OK || status == ZREG_LIMIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    ZREG__AUTO(zreg_zuul_builds) zreg_zuul_builds *builds = NULL;
    uint64_t order = 0;
    zreg_error err = {0};
    if (zreg__json_parse(&document, data, size, "fuzz", NULL) != ZREG_OK) {
        return 0;
    }
    (void)zreg__zuul_order_read(&order, document, NULL);
    (void)zreg__zuul_buildset_succeeded(document);
    fuzz_check_result(zreg__zuul_builds_read(&builds, document, &err), &err);
    if (builds != NULL) {
        check_builds(builds);
    }
    return 0;
}
