/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zreg._raw: the C library as Python functions, one for one, for the package zreg alone.
 *
 *   zreg_status ... zreg_error *err   the function returns its out-parameters, or raises
 *   zreg_x **out                      an object that Python owns
 *   const zreg_x_options *options     a dict, or None
 *   zreg_x_result *out, zreg_x *      a dict
 *   zreg_digest                       a str
 *   (const void *, size_t)            bytes or any other buffer, held until after the call
 *
 * Built with -threads: the GIL is released around each call.
 */
%module(package="zreg") _raw

%{
#include "fields.h"
#include "guard.h"

/* guard.c has the name that Python looks for, and calls this. */
#undef SWIG_init
#define SWIG_init guarded_init
%}

%include <stdint.i>

/* --- errors */

%typemap(out) zreg_status "$result = SWIG_Py_Void();"
%typemap(in, numinputs=0) zreg_error *err (zreg_error error) {
    memset(&error, 0, sizeof(error));
    $1 = &error;
}
%typemap(argout) zreg_error *err {
    if (result != ZREG_OK) {
        Py_DECREF($result);
        fields_raise($1);
        SWIG_fail;
    }
}

/* --- text, lists of text, buffers. SWIG passes None as NULL: refused except where listed. */

%typemap(in) const char * (const char *utf8 = NULL) {
    if ($input != Py_None && !(utf8 = fields_utf8($input, "$1_name")))
        SWIG_fail;
    $1 = (char *)utf8;
}
%typemap(freearg) const char * ""
%typemap(check) const char *, const char *const *, const void *, SWIGTYPE * {
    if (!$1) {
        PyErr_SetString(PyExc_TypeError, "$symname: $1_name is None");
        SWIG_fail;
    }
}
%typemap(check) const char *algorithm, const char *media_type, const char *host,
                const char *username, const char *password, const char *from, const char *to,
                const char *change, const char *pipeline ""
%typemap(out) const char * "$result = fields_text($1);"
%typemap(out) const char *const * "$result = fields_tuple((const char *const *)$1);"

%typemap(in) const char *const * (const char **texts = NULL) {
    texts = fields_texts($input, "$1_name");
    if (!texts)
        SWIG_fail;
    $1 = ($1_ltype)texts;
}
%typemap(freearg) const char *const * "PyMem_Free(texts$argnum);"

/* Text that the library allocated. */
%typemap(in, numinputs=0) char **out (char *text = NULL), char **out_json (char *text = NULL) "$1 = &text;"
%typemap(argout) char **out, char **out_json {
    if (*$1) {
        Py_DECREF($result);
        $result = fields_text(*$1);
        zreg_free(*$1);
    }
}

%define %buffer(ARGUMENTS, FLAGS)
%typemap(in) ARGUMENTS (Py_buffer view, int held = 0) {
    if (PyObject_GetBuffer($input, &view, FLAGS) < 0)
        SWIG_fail;
    held = 1;
    $1 = ($1_ltype)view.buf;
    $2 = (size_t)view.len;
}
%typemap(check) ARGUMENTS ""
%typemap(freearg) ARGUMENTS "if (held$argnum) PyBuffer_Release(&view$argnum);"
%enddef
%buffer((const void *bytes, size_t size), PyBUF_SIMPLE)
%buffer((const char *json, size_t size), PyBUF_SIMPLE)
%buffer((void *buffer, size_t capacity), PyBUF_WRITABLE)

/* The bytes of a manifest, whose count comes by pointer. */
%typemap(in, numinputs=0) size_t *size (size_t count = 0) "$1 = &count;"
%typemap(out) const void * "$result = SWIG_Py_Void();"
%typemap(argout) size_t *size {
    Py_DECREF($result);
    $result = PyBytes_FromStringAndSize((const char *)result, (Py_ssize_t)*$1);
}

/* --- values */

%define %number(ARGUMENT, TYPE, CONVERT)
%typemap(in, numinputs=0) ARGUMENT (TYPE number = 0) "$1 = &number;"
%typemap(argout) ARGUMENT {
    if (result == ZREG_OK) {
        Py_DECREF($result);
        $result = CONVERT(*$1);
    }
}
%enddef
%number(size_t *out_size, size_t, PyLong_FromSize_t)
%number(uint64_t *out_size_bytes, uint64_t, PyLong_FromUnsignedLongLong)
%number(uint64_t *out_order, uint64_t, PyLong_FromUnsignedLongLong)
%number(int *out_mounted, int, PyBool_FromLong)

%typemap(in) const zreg_digest *digest (zreg_digest parsed) {
    $1 = NULL;
    if ($input != Py_None) {
        const char *text = fields_utf8($input, "$1_name");
        zreg_error error;
        memset(&error, 0, sizeof(error));
        if (!text)
            SWIG_fail;
        if (zreg_digest_parse(&parsed, text, &error) != ZREG_OK) {
            fields_raise(&error);
            SWIG_fail;
        }
        $1 = &parsed;
    }
}
%typemap(check) const zreg_digest *digest {
    if (!$1 && strcmp("$symname", "blob_create") != 0) {
        PyErr_SetString(PyExc_TypeError, "$symname: $1_name is None");
        SWIG_fail;
    }
}
%typemap(out) const zreg_digest * "$result = fields_text($1 ? $1->text : NULL);"
%typemap(in, numinputs=0) zreg_digest *out (zreg_digest digest) {
    memset(&digest, 0, sizeof(digest));
    $1 = &digest;
}
%typemap(argout) zreg_digest *out {
    if (result == ZREG_OK) {
        Py_DECREF($result);
        $result = fields_text($1->text);
    }
}

/* --- structs as dicts, by the tables of fields_tables.c */

%define %options(STRUCT, TABLE)
%ignore STRUCT;
%typemap(in) const STRUCT *options (fields_options *made = NULL) {
    $1 = NULL;
    if ($input != Py_None) {
        if (!(made = fields_options_new(TABLE, sizeof(STRUCT), $input)))
            SWIG_fail;
        $1 = (STRUCT *)made->value;
    }
}
%typemap(check) const STRUCT *options ""
%typemap(argout) const STRUCT *options {
    if (made$argnum && callback_raise(&made$argnum->progress)) {
        fields_done(NULL);
        Py_DECREF($result);
        SWIG_fail;
    }
}
%typemap(freearg) const STRUCT *options "fields_options_free(made$argnum);"
%enddef
%options(zreg_client_options, fields_of_client_options)
%options(zreg_host_options, fields_of_host_options)
%options(zreg_login_options, fields_of_login_options)
%options(zreg_tag_api_options, fields_of_tag_api_options)
%options(zreg_referrers_options, fields_of_referrers_options)
%options(zreg_manifest_options, fields_of_manifest_options)
%options(zreg_server_options, fields_of_server_options)
%ignore zreg_server_limits;
%options(zreg_copy_options, fields_of_copy_options)
%options(zreg_append_options, fields_of_append_options)
%options(zreg_resolve_options, fields_of_resolve_options)
%options(zreg_populate_options, fields_of_populate_options)
%options(zreg_publish_options, fields_of_publish_options)
%options(zreg_upload_options, fields_of_upload_options)
%options(zreg_promote_options, fields_of_promote_options)
%options(zreg_promote_from_intermediate_options, fields_of_promote_from_intermediate_options)
%options(zreg_zuul_options, fields_of_zuul_options)
%options(zreg_cleanup_options, fields_of_cleanup_options)
%options(zreg_sync_options, fields_of_sync_options)
%options(zreg_verify_options, fields_of_verify_options)
%options(zreg_export_options, fields_of_export_options)
%options(zreg_node_options, fields_of_node_options)

/* Given out also beside an error, whose typemap runs later and drops it. */
%define %result(STRUCT, TABLE)
%ignore STRUCT;
%typemap(in, numinputs=0) STRUCT *out (STRUCT record) {
    memset(&record, 0, sizeof(record));
    $1 = &record;
}
%typemap(argout) STRUCT *out {
    Py_DECREF($result);
    $result = fields_record(TABLE, $1);
    if (!$result)
        SWIG_fail;
}
%typemap(out) const STRUCT * {
    $result = fields_record(TABLE, $1);
    if (!$result)
        SWIG_fail;
}
%enddef
%result(zreg_counters, fields_of_counters)
%result(zreg_copy_result, fields_of_copy_result)
%result(zreg_promote_summary, fields_of_promote_summary)
%result(zreg_promoted_tag, fields_of_promoted_tag)
%result(zreg_descriptor, fields_of_descriptor)
%result(zreg_artifact, fields_of_artifact)
%result(zreg_candidate, fields_of_candidate)
%result(zreg_populated_image, fields_of_populated_image)
%result(zreg_populated_item, fields_of_populated_item)
%result(zreg_zuul_build, fields_of_zuul_build)
%result(zreg_cleaned_tag, fields_of_cleaned_tag)
%result(zreg_synced_tag, fields_of_synced_tag)
%result(zreg_verified_part, fields_of_verified_part)
%result(zreg_node_change, fields_of_node_change)
%result(zreg_served_image, fields_of_served_image)

/* --- objects: freed when Python drops them, never before a call that uses them has ended */

%define %object(OBJECT)
%nodefaultctor OBJECT;
%typemap(in, numinputs=0) OBJECT **out (OBJECT *made = NULL) "$1 = &made;"
%typemap(argout) OBJECT **out {
    if (result == ZREG_OK) {
        Py_DECREF($result);
        $result = SWIG_NewPointerObj(*$1, $*1_descriptor, SWIG_POINTER_OWN);
    } else if (*$1) {
        fields_done(SWIG_NewPointerObj(*$1, $*1_descriptor, SWIG_POINTER_OWN));
    }
}
%ignore OBJECT ## _free;
struct OBJECT {};
%extend OBJECT {
    ~OBJECT()
    {
        OBJECT ## _free($self);
    }
}
%enddef
%rename("%(strip:[zreg_])s") "";
%object(zreg_cancel)
%object(zreg_ref)
%object(zreg_manifest)
%object(zreg_client)
%object(zreg_strings)
%object(zreg_referrers)
%object(zreg_blob_reader)
%object(zreg_blob_writer)
%object(zreg_server)
%object(zreg_artifacts)
%object(zreg_resolution)
%object(zreg_populated)
%object(zreg_promoted)
%object(zreg_zuul_builds)
%object(zreg_cleaned)
%object(zreg_synced)
%object(zreg_verified)
%object(zreg_node_changes)
%object(zreg_provenance)
%typemap(check) zreg_cancel *cancel, const zreg_artifacts *artifacts ""

/* --- not for Python: replaced by the typemaps above */

%ignore zreg_free;
%ignore zreg_client_counters_sized;
%ignore zreg_copy_sized;
%ignore zreg_upload_sized;
%ignore zreg_error;
%ignore zreg_progress;
%ignore zreg_digest;
%ignore zreg_digest_equal;
%ignore zreg_platform;
%ignore zreg_server_rule;
%ignore zreg_server_group;

#define __attribute__(x)
void guard_close(void);
void guard_forked(void);
int guard_inside(void);
%nothread guard_elsewhere;
int guard_elsewhere(void);

%include <zreg/common.h>
%include <zreg/version.h>
%include <zreg/cancel.h>
%include <zreg/digest.h>
%include <zreg/ref.h>
%include <zreg/manifest.h>
%include <zreg/client.h>
%include <zreg/login.h>
%include <zreg/referrers.h>
%include <zreg/blob.h>
%include <zreg/server_options.h>
%include <zreg/server.h>
%include <zreg/copy.h>
%include <zreg/sync.h>
%include <zreg/verify.h>
%include <zreg/export.h>
%include <zreg/artifact.h>
%include <zreg/resolve.h>
%include <zreg/populate.h>
%include <zreg/gate.h>
%include <zreg/promote.h>
%include <zreg/zuul.h>
%include <zreg/cleanup.h>
%include <zreg/node.h>
%include <zreg/provenance.h>

%wrapper %{
int fields_server(PyObject *object, zreg_server **out)
{
    void *server = NULL;
    if (!SWIG_IsOK(SWIG_ConvertPtr(object, &server, SWIGTYPE_p_zreg_server, 0)) || !server) {
        PyErr_SetString(PyExc_TypeError, "expected a server");
        return -1;
    }
    *out = (zreg_server *)server;
    return 0;
}
%}
