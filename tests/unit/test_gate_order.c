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

#define MAX_ROWS 10

/* How an entry came into the list (gate/order.h): made by somebody else, collected from a change and
 * turned round, or appended of a parent job of the item itself. */
enum origin { BARE, COLLECTED, APPENDED, APPENDED_TAG };

static const char *const origins[] = {
    [BARE] = "",
    [COLLECTED] = "\"project\": \"org/p\", \"patchset\": 1, ",
    [APPENDED] = "\"project\": \"org/p\", \"patchset\": 1, \"branch\": \"main\", ",
    [APPENDED_TAG] = "\"project\": \"org/p\", \"ref\": \"refs/tags/1\", \"tag\": \"1\", ",
};

/* One artifact: the image, who made it, a letter that the URL carries, and where it came from. */
typedef struct row {
    const char *image;
    const char *change;
    const char *build;
    char letter;
    enum origin origin;
} row;

/* One list, and the letters in the order that must come out; groups are separated by a space, each
 * begins with the winner. */
typedef struct scenario {
    const char *name;
    row rows[MAX_ROWS];
    const char *order;
} scenario;

static const scenario scenarios[] = {
    {"nothing", {{NULL}}, ""},
    {"one image", {{"x:1", "1", "b1", 'a'}}, "a"},
    {"the last change wins",
     {{"x:1", "1", "b1", 'a'}, {"x:1", "2", "b2", 'b'}, {"x:1", "3", "b3", 'c'}},
     "cba"},
    {"each image for itself",
     {{"x:1", "1", "b1", 'a'}, {"y:1", "1", "b1", 'b'}, {"x:1", "2", "b2", 'c'}},
     "ca b"},
    {"tags are images of their own", {{"x:1", "1", "b1", 'a'}, {"x:2", "2", "b2", 'b'}}, "a b"},
    {"numbers say nothing about the order",
     {{"x:1", "900", "b1", 'a'}, {"x:1", "7", "b2", 'b'}},
     "ba"},
    {"the later build of a bare list wins",
     {{"x:1", "1", "b1", 'a'}, {"x:1", "1", "b2", 'b'}},
     "ba"},
    {"a build stands where its last artifact stands",
     {{"x:1", "1", "b1", 'a'}, {"x:1", "1", "b2", 'b'}, {"y:1", "1", "b1", 'c'}},
     "ab c"},
    {"a bare list is newest first within a build",
     {{"x:1", "1", "b1", 'a'}, {"x:1", "1", "b1", 'b'}},
     "ab"},
    {"builds beat the order within them",
     {{"x:1", "1", "b1", 'a'}, {"x:1", "1", "b1", 'b'}, {"x:1", "1", "b2", 'c'}},
     "cab"},
    {"without a change the builds decide", {{"x:1", "", "b1", 'a'}, {"x:1", "", "b2", 'b'}}, "ba"},
    {"without change and build the last wins", {{"x:1", "", "", 'a'}, {"x:1", "", "", 'b'}}, "ba"},
    {"one image under two names",
     {{"docker.io/library/x:1", "1", "b1", 'a'}, {"x:1", "2", "b2", 'b'}},
     "ba"},
    {"a bare list that names one twice",
     {{"x:1", "1", "b1", 'a'}, {"x:1", "1", "b1", 'b'}, {"x:1", "1", "b1", 'a'}},
     "ab"},
    /* Lists as Zuul 14.3.0 makes them. */
    {"a build of a change ahead is turned round",
     {{"x:1", "1", "b1", 'a', COLLECTED}, {"x:1", "1", "b1", 'b', COLLECTED}},
     "ba"},
    {"a build of a change ahead that returned one twice",
     {{"x:1", "1", "b1", 'a', COLLECTED},
      {"x:1", "1", "b1", 'b', COLLECTED},
      {"x:1", "1", "b1", 'a', COLLECTED}},
     "ab"},
    {"the jobs of a change ahead are turned round",
     {{"x:1", "1", "second", 'a', COLLECTED}, {"x:1", "1", "first", 'b', COLLECTED}},
     "ab"},
    {"a parent job of the item itself, named twice",
     {{"x:1", "2", "b1", 'a', COLLECTED}, {"x:1", "2", "b1", 'a', APPENDED}},
     "a"},
    {"a parent job returned two images, each named twice",
     {{"x:1", "2", "b1", 'a', COLLECTED},
      {"x:1", "2", "b1", 'b', COLLECTED},
      {"x:1", "2", "b1", 'b', APPENDED},
      {"x:1", "2", "b1", 'a', APPENDED}},
     "ba"},
    {"two parent jobs: the later one of the graph",
     {{"x:1", "2", "second", 'b', COLLECTED},
      {"x:1", "2", "first", 'a', COLLECTED},
      {"x:1", "2", "first", 'a', APPENDED},
      {"x:1", "2", "second", 'b', APPENDED}},
     "ba"},
    {"a parent job comes before other jobs of the item",
     {{"x:1", "2", "other", 'b', COLLECTED},
      {"x:1", "2", "parent", 'a', COLLECTED},
      {"x:1", "2", "parent", 'a', APPENDED}},
     "ab"},
    {"everything at once: two jobs of a change ahead, one of them twice; then the own jobs",
     {{"x:1", "1", "b2", 'c', COLLECTED},
      {"x:1", "1", "b1", 'a', COLLECTED},
      {"x:1", "1", "b1", 'b', COLLECTED},
      {"x:1", "2", "b5", 'g', COLLECTED},
      {"x:1", "2", "b3", 'd', COLLECTED},
      {"x:1", "2", "b3", 'e', COLLECTED},
      {"x:1", "2", "b3", 'e', APPENDED},
      {"x:1", "2", "b3", 'd', APPENDED},
      {"x:1", "2", "b4", 'f', APPENDED}},
     "fedgcba"},
    {"a tag has no change",
     {{"x:1", "", "b1", 'a', APPENDED_TAG}, {"x:1", "", "b2", 'b', APPENDED_TAG}},
     "ba"},
};

/* As Zuul does it, a number may be one (GitHub) among those collected, and is text where appended. */
static zreg_artifacts *make_list(const scenario *given)
{
    ZREG__AUTO(zreg__buf) zreg__buf json = ZREG__BUF(65536);
    zreg_artifacts *list = NULL;
    zreg__buf_text(&json, "{\"zuul\": {\"artifacts\": [", NULL);
    for (size_t i = 0; i < MAX_ROWS && given->rows[i].image != NULL; i++) {
        const row *r = &given->rows[i];
        const char *quote = r->origin == COLLECTED ? "" : "\"";
        zreg__buf_printf(
            &json, NULL,
            "%s{\"name\": \"%s\", \"url\": \"docker://h:1/x:%c\", %s \"change\": %s%s%s,",
            i == 0 ? "" : ",", r->image, r->letter, origins[r->origin], quote, r->change, quote);
        zreg__buf_printf(&json, NULL,
                         "%s%s%s \"metadata\": {\"type\": \"container_image\", \"build\": \"%s\"}}",
                         r->origin == BARE ? "" : "\"job\": \"", r->origin == BARE ? "" : r->build,
                         r->origin == BARE ? "" : "\",", r->build);
    }
    zreg__buf_text(&json, "]}}", NULL);
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

static void what_is_named_twice_is_counted_once(void **state)
{
    (void)state;
    const scenario given = {"",
                            {{"x:1", "2", "b1", 'a', COLLECTED},
                             {"y:1", "2", "b1", 'b', COLLECTED},
                             {"y:1", "2", "b1", 'b', APPENDED},
                             {"x:1", "2", "b1", 'a', APPENDED}},
                            ""};
    zreg_artifacts *list = make_list(&given);
    assert_int_equal(zreg_artifacts_count(list), 2);
    assert_int_equal(letter_of(zreg_artifacts_at(list, 0)), 'b');
    assert_int_equal(letter_of(zreg_artifacts_at(list, 1)), 'a');
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
        cmocka_unit_test(what_is_named_twice_is_counted_once),
        cmocka_unit_test(no_list_is_an_empty_plan),
    };

    return cmocka_run_group_tests_name("gate_order", tests, NULL, NULL);
}
