/* SPDX-License-Identifier: Apache-2.0 */
#include "node/steps.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"

static zreg__step *find(const zreg__steps *plan, const char *path)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (zreg__str_equal(plan->items[i].path, path)) {
            return &plan->items[i];
        }
    }
    return NULL;
}

zreg_status zreg__steps_read(zreg__content *out, const zreg__steps *plan, const char *path,
                             zreg_error *err)
{
    const zreg__step *step = find(plan, path);
    return step != NULL ? zreg__content_copy(out, &step->after, err)
                        : plan->view.read(out, plan->view.user, path, err);
}

zreg_status zreg__steps_exists(bool *out, const zreg__steps *plan, const char *path,
                               zreg_error *err)
{
    return plan->view.exists(out, plan->view.user, path, err);
}

static zreg_status add_step(zreg__step **out, zreg__steps *plan, const char *path, zreg_error *err)
{
    if (plan->count == ZREG__MAX_NODE_FILES) {
        return zreg__fail(err, ZREG_LIMIT, "more than %d files to change", ZREG__MAX_NODE_FILES);
    }
    zreg__step *steps = zreg__reallocarray(plan->items, plan->count + 1, sizeof(*steps));
    if (steps == NULL) {
        return zreg__fail_nomem(err);
    }
    plan->items = steps;
    steps[plan->count] = (zreg__step){.path = zreg__strdup(path)};
    if (steps[plan->count].path == NULL) {
        return zreg__fail_nomem(err);
    }
    *out = &steps[plan->count++];
    return ZREG_OK;
}

zreg_status zreg__steps_write(zreg__steps *plan, const char *path, const zreg__format *format,
                              zreg__wants wants, zreg__content *after, zreg_error *err)
{
    zreg__step *step = find(plan, path);
    if (step == NULL) {
        ZREG__TRY(add_step(&step, plan, path, err));
        step->engine = plan->engine;
        step->format = format;
    }
    if (wants > step->wants) {
        step->wants = wants;
        step->engine = plan->engine;
    }
    zreg__content_finish(&step->after);
    step->after = *after;
    *after = (zreg__content){0};
    return ZREG_OK;
}

zreg_status zreg__steps_write_secret(zreg__steps *plan, const char *path,
                                     const zreg__format *format, zreg__content *after,
                                     zreg_error *err)
{
    ZREG__TRY(zreg__steps_write(plan, path, format, ZREG__WANTS_NOTHING, after, err));
    find(plan, path)->secret = true;
    return ZREG_OK;
}

zreg_status zreg__steps_certificate(zreg__steps *plan, const char *path, zreg__wants wants,
                                    zreg_error *err)
{
    ZREG__AUTO(zreg__content) zreg__content after = {0};
    if (plan->connection->ca_pem == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__content_text(&after, plan->connection->ca_pem, err));
    return zreg__steps_write(plan, path, &zreg__format_whole, wants, &after, err);
}

void zreg__steps_finish(zreg__steps *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        free(plan->items[i].path);
        zreg__content_finish(&plan->items[i].after);
    }
    free(plan->items);
    plan->items = NULL;
    plan->count = 0;
}
