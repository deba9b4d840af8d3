/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The structs of the library as Python dicts: options on the way in, results on the way out. One
 * table of fields describes each struct.
 */
#ifndef ZREG_PYTHON_FIELDS_H
#define ZREG_PYTHON_FIELDS_H

#include "callback.h"

typedef enum field_kind {
    FIELD_TEXT,     /* const char * */
    FIELD_TEXTS,    /* const char *const *, ends with NULL */
    FIELD_ARRAY,    /* char[], also zreg_digest; in options that alone */
    FIELD_DIGEST,   /* const zreg_digest * */
    FIELD_INT,      /* int, also enums */
    FIELD_U32,      /* uint32_t */
    FIELD_U64,      /* uint64_t */
    FIELD_I64,      /* int64_t */
    FIELD_SERVER,   /* zreg_server * */
    FIELD_ITEM,     /* const zreg_descriptor * */
    FIELD_ITEMS,    /* the same, with its size_t count */
    FIELD_LIMITS,   /* const zreg_server_limits * */
    FIELD_PLATFORM, /* zreg_platform, None unless has_platform */
    FIELD_PROGRESS, /* zreg_progress_fn and its user */
    FIELD_LOG,      /* zreg_log_fn and its user */
    FIELD_ACCESS,   /* zreg_access_fn, or zreg_audit_fn, and its user */
    FIELD_RULES,    /* const zreg_server_rule *const *, ends with NULL */
    FIELD_GROUPS,   /* the same of zreg_server_group */
} field_kind;

/** One member of a struct. A table ends with a NULL name. */
typedef struct fields_row {
    const char *name;
    field_kind kind;
    size_t offset;
    size_t other; /* offset of the member that goes with it, such as a callback's user */
} fields_row;

extern const fields_row fields_of_client_options[];
extern const fields_row fields_of_host_options[];
extern const fields_row fields_of_tag_api_options[];
extern const fields_row fields_of_referrers_options[];
extern const fields_row fields_of_manifest_options[];
extern const fields_row fields_of_server_limits[];
extern const fields_row fields_of_server_options[];
extern const fields_row fields_of_server_rule[];
extern const fields_row fields_of_server_group[];
extern const fields_row fields_of_copy_options[];
extern const fields_row fields_of_append_options[];
extern const fields_row fields_of_resolve_options[];
extern const fields_row fields_of_populate_options[];
extern const fields_row fields_of_publish_options[];
extern const fields_row fields_of_upload_options[];
extern const fields_row fields_of_promote_options[];
extern const fields_row fields_of_promote_from_intermediate_options[];
extern const fields_row fields_of_zuul_options[];
extern const fields_row fields_of_cleanup_options[];
extern const fields_row fields_of_login_options[];
extern const fields_row fields_of_sync_options[];
extern const fields_row fields_of_verify_options[];
extern const fields_row fields_of_export_options[];
extern const fields_row fields_of_node_options[];

extern const fields_row fields_of_progress[];
extern const fields_row fields_of_counters[];
extern const fields_row fields_of_copy_result[];
extern const fields_row fields_of_promote_summary[];
extern const fields_row fields_of_promoted_tag[];
extern const fields_row fields_of_platform[];
extern const fields_row fields_of_descriptor[];
extern const fields_row fields_of_artifact[];
extern const fields_row fields_of_candidate[];
extern const fields_row fields_of_populated_image[];
extern const fields_row fields_of_populated_item[];
extern const fields_row fields_of_zuul_build[];
extern const fields_row fields_of_cleaned_tag[];
extern const fields_row fields_of_synced_tag[];
extern const fields_row fields_of_verified_part[];
extern const fields_row fields_of_node_change[];
extern const fields_row fields_of_served_image[];

/** An options struct made from a dict, with all that it points to. */
typedef struct fields_options {
    void *value; /* zreg_..._options */
    zreg_digest digest;
    void **lists;
    size_t lists_count;
    callback_progress progress;
} fields_options;

/**
 * Makes the options struct of `size` bytes that `table` describes. Its texts and callables are
 * those of `dict`, which must live as long. NULL with an exception set: a key or a type is wrong.
 */
fields_options *fields_options_new(const fields_row *table, size_t size, PyObject *dict);

/** Frees it. Accepts NULL. */
void fields_options_free(fields_options *options);

/** A new dict with the members of `record` that `table` names; None for a NULL record. */
PyObject *fields_record(const fields_row *table, const void *record);

/** Text for Python; bytes that are no UTF-8 are replaced. None for NULL. */
PyObject *fields_text(const char *text);

/** The texts of a list that ends with NULL, as a tuple; a NULL list is an empty one. */
PyObject *fields_tuple(const char *const *texts);

/** The UTF-8 of a str, alive as long as that. NULL with an exception set, which speaks of `name`: other
 *  type, or a NUL. */
const char *fields_utf8(PyObject *text, const char *name);

/**
 * A list that ends with NULL, of the texts of `list`; free it with PyMem_Free. The texts are those
 * of `list`. NULL with an exception set.
 */
const char **fields_texts(PyObject *list, const char *name);

/** The server behind a Python object. The one conversion that needs SWIG: raw.i has it. */
int fields_server(PyObject *object, zreg_server **out);

/** What a call had done before its error, which fields_raise is about to raise: it gets `object`, and
 *  takes the reference. */
void fields_done(PyObject *object);

/** Raises zreg.Error or the subclass for the code. */
void fields_raise(const zreg_error *error);

#endif
