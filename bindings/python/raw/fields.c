/* SPDX-License-Identifier: Apache-2.0 */
#include "fields.h"

#include <stdbool.h>
#include <string.h>

#define AT(type, base, offset) ((type *)(void *)((char *)(base) + (offset)))

/* --- to Python */

PyObject *fields_text(const char *text)
{
    if (!text) {
        Py_RETURN_NONE;
    }
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

PyObject *fields_tuple(const char *const *texts)
{
    Py_ssize_t count = 0;
    while (texts && texts[count]) {
        count++;
    }
    PyObject *tuple = PyTuple_New(count);
    for (Py_ssize_t i = 0; tuple && i < count; i++) {
        PyObject *text = fields_text(texts[i]);
        if (!text) {
            Py_CLEAR(tuple);
        } else {
            PyTuple_SET_ITEM(tuple, i, text);
        }
    }
    return tuple;
}

static PyObject *get(const fields_row *row, const char *record)
{
    const char *member = record + row->offset;
    switch (row->kind) {
    case FIELD_TEXT:
        return fields_text(*(const char *const *)member);
    case FIELD_TEXTS:
        return fields_tuple(*(const char *const *const *)member);
    case FIELD_ARRAY:
        return fields_text(member);
    case FIELD_INT:
        return PyLong_FromLong(*(const int *)member);
    case FIELD_U32:
        return PyLong_FromUnsignedLong(*(const uint32_t *)member);
    case FIELD_U64:
        return PyLong_FromUnsignedLongLong(*(const uint64_t *)member);
    case FIELD_I64:
        return PyLong_FromLongLong(*(const int64_t *)member);
    case FIELD_PLATFORM:
        if (*(const int *)(record + row->other)) {
            return fields_record(fields_of_platform, member);
        }
        Py_RETURN_NONE;
    default:
        return PyErr_Format(PyExc_SystemError, "%s is for options only", row->name);
    }
}

PyObject *fields_record(const fields_row *table, const void *record)
{
    if (!record) {
        Py_RETURN_NONE;
    }
    PyObject *dict = PyDict_New();
    for (const fields_row *row = table; dict && row->name; row++) {
        PyObject *value = get(row, record);
        if (!value || PyDict_SetItemString(dict, row->name, value) < 0) {
            Py_CLEAR(dict);
        }
        Py_XDECREF(value);
    }
    return dict;
}

/* Set and taken by one call, under the GIL. */
static PyObject *done_before;

void fields_done(PyObject *object)
{
    Py_XDECREF(done_before);
    done_before = object;
}

void fields_raise(const zreg_error *error)
{
    PyObject *done = done_before;
    done_before = NULL;
    PyObject *errors = PyImport_ImportModule("zreg.errors");
    if (!errors) {
        Py_XDECREF(done);
        return;
    }
    PyObject *exception = PyObject_CallMethod(
        errors, "from_raw", "iiiNKNNN", (int)error->code, error->http_status, error->os_error,
        PyBool_FromLong(error->retryable), (unsigned long long)error->retry_after_ms,
        fields_text(error->registry_code), fields_text(error->about), fields_text(error->message));
    if (exception && (!done || PyObject_SetAttrString(exception, "done", done) == 0)) {
        PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
    }
    Py_XDECREF(exception);
    Py_XDECREF(done);
    Py_DECREF(errors);
}

/* --- from Python */

const char *fields_utf8(PyObject *text, const char *name)
{
    Py_ssize_t size = 0;
    if (!PyUnicode_Check(text)) {
        PyErr_Format(PyExc_TypeError, "%s: expected str, not %s", name, Py_TYPE(text)->tp_name);
        return NULL;
    }
    const char *bytes = PyUnicode_AsUTF8AndSize(text, &size);
    if (bytes && strlen(bytes) != (size_t)size) {
        PyErr_Format(PyExc_ValueError, "%s: the text has a NUL character", name);
        return NULL;
    }
    return bytes;
}

const char **fields_texts(PyObject *list, const char *name)
{
    if (!PyList_Check(list) && !PyTuple_Check(list)) {
        PyErr_Format(PyExc_TypeError, "%s: expected a list of str, not %s", name,
                     Py_TYPE(list)->tp_name);
        return NULL;
    }
    Py_ssize_t count = PySequence_Fast_GET_SIZE(list);
    const char **texts = PyMem_Calloc((size_t)count + 1, sizeof(*texts));
    if (!texts) {
        PyErr_NoMemory();
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        texts[i] = fields_utf8(PySequence_Fast_GET_ITEM(list, i), name);
        if (!texts[i]) {
            PyMem_Free(texts);
            return NULL;
        }
    }
    return texts;
}

static int set_text(const fields_row *row, const char **member, PyObject *value)
{
    *member = fields_utf8(value, row->name);
    return *member ? 0 : -1;
}

/* Memory that lives as long as the options. NULL with an exception set. */
static void *keep(fields_options *options, void *memory)
{
    void **lists =
        PyMem_Realloc(options->lists, (options->lists_count + 1) * sizeof(*options->lists));
    if (!memory || !lists) {
        options->lists = lists ? lists : options->lists;
        PyMem_Free(memory);
        if (!PyErr_Occurred()) {
            PyErr_NoMemory();
        }
        return NULL;
    }
    options->lists = lists;
    lists[options->lists_count++] = memory;
    return memory;
}

static int set_texts(fields_options *options, const fields_row *row, const char *const **member,
                     PyObject *value)
{
    *member = keep(options, fields_texts(value, row->name));
    return *member ? 0 : -1;
}

/* What is no digest, or too long for one, the library tells: it knows the place. */
static int set_array(const fields_row *row, zreg_digest *member, PyObject *value)
{
    const char *text = fields_utf8(value, row->name);
    if (text) {
        size_t size = strlen(text) + 1;
        memcpy(member->text, text, size < sizeof(member->text) ? size : sizeof(member->text));
    }
    return text ? 0 : -1;
}

static int set_digest(fields_options *options, const fields_row *row, const zreg_digest **member,
                      PyObject *value)
{
    const char *text = fields_utf8(value, row->name);
    zreg_error error = {0};
    if (!text) {
        return -1;
    }
    if (zreg_digest_parse(&options->digest, text, &error) != ZREG_OK) {
        fields_raise(&error);
        return -1;
    }
    *member = &options->digest;
    return 0;
}

/* True is no number, and 1.0 is none that anybody counts with. */
static int check_number(const fields_row *row, PyObject *value)
{
    if (PyLong_Check(value) && !PyBool_Check(value)) {
        return 0;
    }
    PyErr_Format(PyExc_TypeError, "%s: expected int, not %s", row->name, Py_TYPE(value)->tp_name);
    return -1;
}

static int out_of_range(const fields_row *row, PyObject *value)
{
    PyErr_Clear();
    PyErr_Format(PyExc_ValueError, "%s: %R is out of range", row->name, value);
    return -1;
}

static int read_unsigned(uint64_t *out, const fields_row *row, PyObject *value, uint64_t most)
{
    if (check_number(row, value) < 0) {
        return -1;
    }
    *out = PyLong_AsUnsignedLongLong(value);
    return PyErr_Occurred() || *out > most ? out_of_range(row, value) : 0;
}

static int read_signed(int64_t *out, const fields_row *row, PyObject *value, int64_t most)
{
    if (check_number(row, value) < 0) {
        return -1;
    }
    *out = PyLong_AsLongLong(value);
    return PyErr_Occurred() || *out > most || *out < -most - 1 ? out_of_range(row, value) : 0;
}

static int set_unsigned(const fields_row *row, uint32_t *member, PyObject *value)
{
    uint64_t number = 0;
    int failed = read_unsigned(&number, row, value, UINT32_MAX);
    *member = (uint32_t)number;
    return failed;
}

static int set_int(const fields_row *row, int *member, PyObject *value)
{
    int64_t number = 0;
    int failed = read_signed(&number, row, value, INT32_MAX);
    *member = (int)number;
    return failed;
}

static int check_callable(const fields_row *row, PyObject *value)
{
    if (PyCallable_Check(value)) {
        return 0;
    }
    PyErr_Format(PyExc_TypeError, "%s: expected a function, not %s", row->name,
                 Py_TYPE(value)->tp_name);
    return -1;
}

static int set_progress(fields_options *options, void *record, const fields_row *row,
                        PyObject *callable)
{
    if (check_callable(row, callable) < 0) {
        return -1;
    }
    options->progress.callable = callable;
    *AT(zreg_progress_fn, record, row->offset) = callback_on_progress;
    *AT(void *, record, row->other) = &options->progress;
    return 0;
}

static int set_log(void *record, const fields_row *row, PyObject *callable)
{
    if (check_callable(row, callable) < 0) {
        return -1;
    }
    *AT(zreg_log_fn, record, row->offset) = callback_on_log;
    *AT(void *, record, row->other) = callable;
    return 0;
}

static int set_access(void *record, const fields_row *row, PyObject *callable)
{
    if (check_callable(row, callable) < 0) {
        return -1;
    }
    *AT(zreg_access_fn, record, row->offset) = callback_on_access;
    *AT(void *, record, row->other) = callable;
    return 0;
}

static int fill(fields_options *options, const fields_row *table, void *record, PyObject *dict);

/* Puts the place before the exception of a field: "items[3].media_type: expected str, not int". */
static int failed_in(PyObject *where)
{
    PyObject *type = NULL;
    PyObject *value = NULL;
    PyObject *traceback = NULL;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (where) {
        /* An exception of a codec is not made of one text. */
        bool is_codec = PyErr_GivenExceptionMatches(type, PyExc_UnicodeError);
        PyErr_Format(is_codec ? PyExc_ValueError : type, "%U%s%S", where, is_codec ? ": " : ".",
                     value);
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    Py_XDECREF(where);
    return -1;
}

static int set_platform(fields_options *options, void *record, const fields_row *row,
                        PyObject *value)
{
    *AT(int, record, row->other) = 1;
    return fill(options, fields_of_platform, AT(void, record, row->offset), value) == 0
               ? 0
               : failed_in(PyUnicode_FromString(row->name));
}

static int set_item(fields_options *options, const fields_row *row, const zreg_descriptor **member,
                    PyObject *value)
{
    zreg_descriptor *item = keep(options, PyMem_Calloc(1, sizeof(*item)));
    *member = item;
    if (!item) {
        return -1;
    }
    return fill(options, fields_of_descriptor, item, value) == 0
               ? 0
               : failed_in(PyUnicode_FromString(row->name));
}

static int set_limits(fields_options *options, const fields_row *row,
                      const zreg_server_limits **member, PyObject *value)
{
    zreg_server_limits *limits = keep(options, PyMem_Calloc(1, sizeof(*limits)));
    *member = limits;
    if (!limits) {
        return -1;
    }
    limits->size = sizeof(*limits);
    return fill(options, fields_of_server_limits, limits, value) == 0
               ? 0
               : failed_in(PyUnicode_FromString(row->name));
}

static int set_items(fields_options *options, void *record, const fields_row *row, PyObject *value)
{
    if (!PyList_Check(value)) {
        return PyErr_Format(PyExc_TypeError, "%s: expected a list", row->name), -1;
    }
    Py_ssize_t count = PyList_GET_SIZE(value);
    zreg_descriptor *items = keep(options, PyMem_Calloc((size_t)count + 1, sizeof(*items)));
    if (!items) {
        return -1;
    }
    *AT(const zreg_descriptor *, record, row->offset) = items;
    *AT(size_t, record, row->other) = (size_t)count;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (fill(options, fields_of_descriptor, &items[i], PyList_GET_ITEM(value, i)) < 0) {
            return failed_in(PyUnicode_FromFormat("%s[%zd]", row->name, i));
        }
    }
    return 0;
}

/* A list of pointers to structs of `size` bytes, which begin with that. */
static int set_structs(fields_options *options, const fields_row *row, void *const **member,
                       PyObject *value, const fields_row *table, size_t size)
{
    if (!PyList_Check(value)) {
        return PyErr_Format(PyExc_TypeError, "%s: expected a list", row->name), -1;
    }
    Py_ssize_t count = PyList_GET_SIZE(value);
    void **list = keep(options, PyMem_Calloc((size_t)count + 1, sizeof(*list)));
    *member = list;
    for (Py_ssize_t i = 0; list && i < count; i++) {
        size_t *item = keep(options, PyMem_Calloc(1, size));
        list[i] = item;
        if (!item) {
            return -1;
        }
        *item = size;
        if (fill(options, table, item, PyList_GET_ITEM(value, i)) < 0) {
            return failed_in(PyUnicode_FromFormat("%s[%zd]", row->name, i));
        }
    }
    return list ? 0 : -1;
}

static int set(fields_options *options, void *record, const fields_row *row, PyObject *value)
{
    void *member = AT(void, record, row->offset);
    switch (row->kind) {
    case FIELD_TEXT:
        return set_text(row, member, value);
    case FIELD_TEXTS:
        return set_texts(options, row, member, value);
    case FIELD_DIGEST:
        return set_digest(options, row, member, value);
    case FIELD_INT:
        return set_int(row, member, value);
    case FIELD_U32:
        return set_unsigned(row, member, value);
    case FIELD_I64:
        return read_signed(member, row, value, INT64_MAX);
    case FIELD_U64:
        return read_unsigned(member, row, value, UINT64_MAX);
    case FIELD_SERVER:
        return fields_server(value, member);
    case FIELD_PROGRESS:
        return set_progress(options, record, row, value);
    case FIELD_LOG:
        return set_log(record, row, value);
    case FIELD_ACCESS:
        return set_access(record, row, value);
    case FIELD_ARRAY:
        return set_array(row, member, value);
    case FIELD_PLATFORM:
        return set_platform(options, record, row, value);
    case FIELD_ITEM:
        return set_item(options, row, member, value);
    case FIELD_ITEMS:
        return set_items(options, record, row, value);
    case FIELD_RULES:
        return set_structs(options, row, member, value, fields_of_server_rule,
                           sizeof(zreg_server_rule));
    case FIELD_GROUPS:
        return set_structs(options, row, member, value, fields_of_server_group,
                           sizeof(zreg_server_group));
    case FIELD_LIMITS:
        return set_limits(options, row, member, value);
    }
    return -1;
}

static const fields_row *find(const fields_row *table, PyObject *key)
{
    for (const fields_row *row = table; row->name; row++) {
        if (PyUnicode_Check(key) && PyUnicode_CompareWithASCIIString(key, row->name) == 0) {
            return row;
        }
    }
    PyErr_Format(PyExc_TypeError, "no option is called %R", key);
    return NULL;
}

static int fill(fields_options *options, const fields_row *table, void *record, PyObject *dict)
{
    if (!PyDict_Check(dict)) {
        PyErr_SetString(PyExc_TypeError, "options are a dict");
        return -1;
    }
    Py_ssize_t position = 0;
    PyObject *key = NULL;
    PyObject *value = NULL;
    while (PyDict_Next(dict, &position, &key, &value)) {
        const fields_row *row = find(table, key);
        if (!row || (value != Py_None && set(options, record, row, value) < 0)) {
            return -1;
        }
    }
    return 0;
}

fields_options *fields_options_new(const fields_row *table, size_t size, PyObject *dict)
{
    fields_options *options = PyMem_Calloc(1, sizeof(*options));
    if (options) {
        options->value = PyMem_Calloc(1, size);
    }
    if (!options || !options->value) {
        fields_options_free(options);
        PyErr_NoMemory();
        return NULL;
    }
    *(size_t *)options->value = size;
    if (fill(options, table, options->value, dict) < 0) {
        fields_options_free(options);
        return NULL;
    }
    return options;
}

void fields_options_free(fields_options *options)
{
    if (!options) {
        return;
    }
    for (size_t i = 0; i < options->lists_count; i++) {
        PyMem_Free(options->lists[i]);
    }
    PyMem_Free(options->lists);
    Py_XDECREF(options->progress.type);
    Py_XDECREF(options->progress.value);
    Py_XDECREF(options->progress.traceback);
    PyMem_Free(options->value);
    PyMem_Free(options);
}
