/* SPDX-License-Identifier: Apache-2.0 */
#include "callback.h"

#include "fields.h"
#include "guard.h"

static PyObject *call_with_progress(PyObject *callable, const zreg_progress *progress)
{
    /* Handlers of signals run now: one that raises (Ctrl-C) stops the call. */
    if (PyErr_CheckSignals() < 0) {
        return NULL;
    }
    PyObject *record = fields_record(fields_of_progress, progress);
    if (!record) {
        return NULL;
    }
    PyObject *answer = PyObject_CallFunctionObjArgs(callable, record, NULL);
    Py_DECREF(record);
    return answer;
}

int callback_on_progress(const zreg_progress *progress, void *user)
{
    callback_progress *state = user;
    if (!guard_enter()) {
        return 1; /* Python ends, and nobody waits for the call any more */
    }
    PyGILState_STATE gil = PyGILState_Ensure();
    int stop = 1;
    if (!state->type) {
        PyObject *answer = call_with_progress(state->callable, progress);
        stop = answer == NULL;
        Py_XDECREF(answer);
        /* Kept aside: this may be another thread than the one that waits for the result. */
        if (stop) {
            PyErr_Fetch(&state->type, &state->value, &state->traceback);
        }
    }
    PyGILState_Release(gil);
    guard_leave();
    return stop;
}

int callback_raise(callback_progress *progress)
{
    if (!progress->type) {
        return 0;
    }
    PyErr_Restore(progress->type, progress->value, progress->traceback);
    progress->type = progress->value = progress->traceback = NULL;
    return 1;
}

/* Takes over `first` and `second`; nobody waits for an exception here, so it is only shown. */
static void notify(PyObject *callable, PyObject *first, PyObject *second)
{
    PyObject *answer = first ? PyObject_CallFunctionObjArgs(callable, first, second, NULL) : NULL;
    if (!answer) {
        PyErr_WriteUnraisable(callable);
    }
    Py_XDECREF(answer);
    Py_XDECREF(first);
    Py_XDECREF(second);
}

void callback_on_log(zreg_log_level level, const char *line, void *user)
{
    if (!guard_enter()) {
        return;
    }
    PyGILState_STATE gil = PyGILState_Ensure();
    notify(user, PyLong_FromLong(level), fields_text(line));
    PyGILState_Release(gil);
    guard_leave();
}

void callback_on_access(const char *json_line, void *user)
{
    if (!guard_enter()) {
        return;
    }
    PyGILState_STATE gil = PyGILState_Ensure();
    notify(user, fields_text(json_line), NULL);
    PyGILState_Release(gil);
    guard_leave();
}
