/* SPDX-License-Identifier: Apache-2.0 */
#include "store/page.h"

#include "base/error.h"
#include "base/mem.h"
#include <string.h>

static void swap(char **a, char **b)
{
    char *saved = *a;
    *a = *b;
    *b = saved;
}

static void sift_up(char **heap, size_t i)
{
    for (size_t above = (i - 1) / 2; i > 0 && strcmp(heap[i], heap[above]) > 0;
         i = above, above = (i - 1) / 2) {
        swap(&heap[i], &heap[above]);
    }
}

static void sift_down(char **heap, size_t count)
{
    for (size_t i = 0;;) {
        size_t largest = i;
        for (size_t child = 2 * i + 1; child < count && child <= 2 * i + 2; child++) {
            largest = strcmp(heap[child], heap[largest]) > 0 ? child : largest;
        }
        if (largest == i) {
            return;
        }
        swap(&heap[i], &heap[largest]);
        i = largest;
    }
}

zreg_status zreg__page_add(zreg__page *page, const char *name, zreg_error *err)
{
    bool is_full = page->count == page->maximum + 1;
    if ((page->after != NULL && strcmp(name, page->after) <= 0) ||
        (is_full && strcmp(name, page->heap[0]) >= 0)) {
        return ZREG_OK;
    }
    char *copy = zreg__strdup(name);
    if (page->heap == NULL) {
        page->heap = zreg__calloc(page->maximum + 1, sizeof(char *));
    }
    if (page->heap == NULL || copy == NULL) {
        free(copy);
        return zreg__fail_nomem(err);
    }
    if (is_full) {
        free(page->heap[0]);
        page->heap[0] = copy;
        sift_down(page->heap, page->count);
    } else {
        page->heap[page->count] = copy;
        sift_up(page->heap, page->count++);
    }
    return ZREG_OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

zreg_status zreg__page_take(zreg_strings **out, bool *out_more, zreg__page *page, zreg_error *err)
{
    ZREG__AUTO(zreg_strings) zreg_strings *names = NULL;
    ZREG__TRY(zreg__strings_new(&names, err));
    if (page->count > 1) {
        qsort(page->heap, page->count, sizeof(char *), compare);
    }
    for (size_t i = 0; i < page->count && i < page->maximum; i++) {
        ZREG__TRY(zreg__strings_add(names, page->heap[i], page->maximum, err));
    }
    *out_more = page->count > page->maximum;
    *out = zreg__steal(&names);
    return ZREG_OK;
}

void zreg__page_finish(zreg__page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        free(page->heap[i]);
    }
    free(page->heap);
    *page = (zreg__page){.maximum = page->maximum};
}
