/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of a machine should hold, decided without I/O: drivers ask a view for what is
 * there (without our own part, if there was one) and plan what shall be there instead.
 */
#ifndef ZREG_HOST_STEPS_H
#define ZREG_HOST_STEPS_H

#include "base/strings.h"
#include "node/connection.h"
#include "node/content.h"
#include "node/formats.h"

/** What drivers may know about the machine. Paths are absolute, as seen on that machine. */
typedef struct zreg__view {
    zreg_status (*read)(zreg__content *out, void *user, const char *path, zreg_error *err);
    /* Whether anything is there. */
    zreg_status (*exists)(bool *out, void *user, const char *path, zreg_error *err);
    /* The names in a folder, sorted; none for a missing one. */
    zreg_status (*list)(zreg_strings **out, void *user, const char *folder, zreg_error *err);
    void *user;
} zreg__view;

/** How a running engine learns of a change. */
typedef enum zreg__wants {
    ZREG__WANTS_NOTHING, /* reads the file each time */
    ZREG__WANTS_RELOAD,
    ZREG__WANTS_RESTART,
} zreg__wants;

/** One file as it shall be. */
typedef struct zreg__step {
    char *path;
    const char *engine; /* a driver's name */
    const zreg__format *format;
    zreg__wants wants;
    bool secret; /* holds a password: for the owner only, and no diff */
    zreg__content after;
} zreg__step;

typedef struct zreg__steps {
    const zreg__node_connection *connection;
    const char *const *namespaces;  /* registries that are shadowed; ends with NULL */
    const char *const *unqualified; /* registries of names without one; NULL: not ours to say */
    const char *home;               /* folder of the user who gets credentials */
    unsigned long uid;              /* of that user */
    bool edits_bundle;              /* the system's tool for its CA bundle will not run */
    zreg__view view;
    const char *engine; /* of the driver that runs */
    zreg__step *items;
    size_t count;
} zreg__steps;

/** What the file holds according to the plan so far. */
zreg_status zreg__steps_read(zreg__content *out, const zreg__steps *plan, const char *path,
                             zreg_error *err);

zreg_status zreg__steps_exists(bool *out, const zreg__steps *plan, const char *path,
                               zreg_error *err);

/** Plans a file's content, which is taken over. */
zreg_status zreg__steps_write(zreg__steps *plan, const char *path, const zreg__format *format,
                              zreg__wants wants, zreg__content *after, zreg_error *err);

/** The same for a file with a password. */
zreg_status zreg__steps_write_secret(zreg__steps *plan, const char *path,
                                     const zreg__format *format, zreg__content *after,
                                     zreg_error *err);

/** Plans the registry's certificates as a file of their own; nothing when it has none. */
zreg_status zreg__steps_certificate(zreg__steps *plan, const char *path, zreg__wants wants,
                                    zreg_error *err);

void zreg__steps_finish(zreg__steps *plan);

ZREG__DEFINE_AUTO_VALUE(zreg__steps, zreg__steps_finish)

#endif
