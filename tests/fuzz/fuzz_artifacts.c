/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "gate/order.h"

/* What was printed is read again as the same list. */
static void check_printed(const zreg_artifacts *list)
{
    ZREG__AUTO_FREE char *json = NULL;
    ZREG__AUTO(zreg_artifacts) zreg_artifacts *again = NULL;
    fuzz_check(zreg_artifacts_json(&json, list, NULL) == ZREG_OK);
    fuzz_check(zreg_artifacts_parse(&again, json, strlen(json), NULL) == ZREG_OK);
    fuzz_check(zreg_artifacts_count(again) == zreg_artifacts_count(list));
}

/* Each artifact stands once, in a group of one image, behind one winner. */
static void check_order(const zreg_artifacts *list)
{
    ZREG__AUTO(zreg__order) zreg__order order = {NULL};
    fuzz_check(zreg__order_make(&order, list, NULL) == ZREG_OK);
    fuzz_check(order.count == zreg_artifacts_count(list));
    for (size_t i = 0, end = 0; i < order.count; i++) {
        bool first = i == end;
        end = first ? zreg__order_group_end(&order, i) : end;
        fuzz_check((order.entries[i].winner == NULL) == first);
        fuzz_check(order.entries[i].reason[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO(zreg_artifacts) zreg_artifacts *list = NULL;
    zreg_error err = {0};
    fuzz_check_result(zreg_artifacts_parse(&list, (const char *)data, size, &err), &err);
    if (list != NULL) {
        check_printed(list);
        check_order(list);
    }
    return 0;
}
