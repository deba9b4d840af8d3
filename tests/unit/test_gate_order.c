/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "gate/order.h"
#include <stdlib.h>
#include <string.h>
#include <zreg/gate.h>

#define MAX_ROWS 6

/* One artifact: the image, who made it, and a letter that the URL carries. */
typedef struct row {
    const char *image;
    const char *change;
    const char *build;
    char letter;
} row;

/* One list: its rows, the change that the document is about ("" for a bare list), and the letters in
 * the order that must come out; groups are separated by a space, each begins with the winner. */
typedef struct scenario {
    const char *name;
    const char *own_change;
    row rows[MAX_ROWS];
    const char *order;
} scenario;

static const scenario scenarios[] = {
    {"nothing", "", {{NULL}}, ""},
    {"one image", "", {{"x:1", "1", "b1", 'a'}}, "a"},
    {"the last change wins",
     "",
     {{"x:1", "1", "b1", 'a'}, {"x:1", "2", "b2", 'b'}, {"x:1", "3", "b3", 'c'}},
     "cba"},
    {"each image for itself",
     "",
     {{"x:1", "1", "b1", 'a'}, {"y:1", "1", "b1", 'b'}, {"x:1", "2", "b2", 'c'}},
     "ca b"},
    {"tags are images of their own", "", {{"x:1", "1", "b1", 'a'}, {"x:2", "2", "b2", 'b'}}, "a b"},
    {"numbers say nothing about the order",
     "",
     {{"x:1", "900", "b1", 'a'}, {"x:1", "7", "b2", 'b'}},
     "ba"},
    {"the later build of a change wins",
     "",
     {{"x:1", "1", "b1", 'a'}, {"x:1", "1", "b2", 'b'}},
     "ba"},
    {"a build stands where its last artifact stands",
     "",
     {{"x:1", "1", "b1", 'a'}, {"x:1", "1", "b2", 'b'}, {"y:1", "1", "b1", 'c'}},
     "ab c"},
    {"a bare list is newest first within a build",
     "",
     {{"x:1", "1", "b1", 'a'}, {"x:1", "1", "b1", 'b'}},
     "ab"},
    {"the item's own build is newest first",
     "2",
     {{"x:1", "2", "b1", 'a'}, {"x:1", "2", "b1", 'b'}},
     "ab"},
    {"a build of a change ahead was turned round",
     "2",
     {{"x:1", "1", "b1", 'a'}, {"x:1", "1", "b1", 'b'}},
     "ba"},
    {"own parent jobs come after all changes ahead",
     "3",
     {{"x:1", "1", "b1", 'a'},
      {"x:1", "2", "b2", 'b'},
      {"x:1", "3", "b3", 'c'},
      {"x:1", "3", "b3", 'd'},
      {"x:1", "3", "b4", 'e'}},
     "ecdba"},
    {"builds beat the order within them",
     "",
     {{"x:1", "1", "b1", 'a'}, {"x:1", "1", "b1", 'b'}, {"x:1", "1", "b2", 'c'}},
     "cab"},
    {"without a change the builds decide",
     "",
     {{"x:1", "", "b1", 'a'}, {"x:1", "", "b2", 'b'}},
     "ba"},
    {"without change and build the last wins",
     "",
     {{"x:1", "", "", 'a'}, {"x:1", "", "", 'b'}},
     "ba"},
    {"one image under two names",
     "",
     {{"docker.io/library/x:1", "1", "b1", 'a'}, {"x:1", "2", "b2", 'b'}},
     "ba"},
};

static zreg_artifacts *make_list(const scenario *given)
{
    ZREG__AUTO(zreg__buf) zreg__buf json = ZREG__BUF(65536);
    zreg_artifacts *list = NULL;
    const char *own = given->own_change;
    zreg__buf_printf(&json, NULL, "{%s%s%s\"artifacts\": [", own[0] ? "\"change\": \"" : "", own,
                     own[0] ? "\", " : "");
    for (size_t i = 0; i < MAX_ROWS && given->rows[i].image != NULL; i++) {
        const row *r = &given->rows[i];
        zreg__buf_printf(&json, NULL,
                         "%s{\"name\": \"%s\", \"url\": \"docker://h:1/x:%c\", \"change\": \"%s\","
                         "\"metadata\": {\"type\": \"container_image\", \"build\": \"%s\"}}",
                         i == 0 ? "" : ",", r->image, r->letter, r->change, r->build);
    }
    zreg__buf_printf(&json, NULL, "]}");
    assert_int_equal(zreg_artifacts_parse(&list, json.data, json.size, NULL), ZREG_OK);
    return list;
}

static char letter_of(const zreg_artifact *artifact)
{
    return artifact->url[strlen(artifact->url) - 1];
}

static void orders_are_those_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZREG__COUNT(scenarios); i++) {
        char order[2 * MAX_ROWS + 1] = "";
        size_t size = 0;
        zreg_artifacts *list = make_list(&scenarios[i]);
        ZREG__AUTO(zreg__order) zreg__order ranked = {NULL};
        assert_int_equal(zreg__order_make(&ranked, list, NULL), ZREG_OK);
        for (size_t k = 0; k < ranked.count; k++) {
            if (k > 0 && ranked.entries[k].winner == NULL) {
                order[size++] = ' ';
            }
            order[size++] = letter_of(ranked.entries[k].artifact);
        }
        if (strcmp(order, scenarios[i].order) != 0) {
            fail_msg("%s: \"%s\" instead of \"%s\"", scenarios[i].name, order, scenarios[i].order);
        }
        zreg_artifacts_free(list);
    }
}

static void losers_say_to_whom_and_why(void **state)
{
    (void)state;
    const scenario given = {"",
                            "",
                            {{"x:1", "1", "b0", 'a'},
                             {"x:1", "2", "b1", 'b'},
                             {"x:1", "2", "b2", 'c'},
                             {"x:1", "2", "b2", 'd'}},
                            ""};
    zreg_artifacts *list = make_list(&given);
    ZREG__AUTO(zreg__order) zreg__order ranked = {NULL};
    assert_int_equal(zreg__order_make(&ranked, list, NULL), ZREG_OK);
    static const char *const reasons[] = {
        "change 2 is the last in the list that made this image",
        "superseded by a newer image of the same build",
        "superseded by a later build of the same change",
        "superseded by change 2, which is nearer",
    };
    for (size_t i = 0; i < ZREG__COUNT(reasons); i++) {
        assert_string_equal(ranked.entries[i].reason, reasons[i]);
        assert_ptr_equal(ranked.entries[i].winner, i == 0 ? NULL : ranked.entries[0].artifact);
    }
    assert_int_equal(zreg__order_group_end(&ranked, 0), 4);
    zreg_artifacts_free(list);
}

static void no_list_is_an_empty_plan(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__order) zreg__order ranked = {NULL};
    assert_int_equal(zreg__order_make(&ranked, NULL, NULL), ZREG_OK);
    assert_int_equal(ranked.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_are_those_of_the_table),
        cmocka_unit_test(losers_say_to_whom_and_why),
        cmocka_unit_test(no_list_is_an_empty_plan),
    };

    return cmocka_run_group_tests_name("gate_order", tests, NULL, NULL);
}
