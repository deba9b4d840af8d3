/* SPDX-License-Identifier: Apache-2.0 */
/**
 * C callbacks that call Python. Each takes the GIL first: the library calls with it released, and
 * servers call from threads that Python did not make.
 */
#ifndef ZREG_PYTHON_CALLBACK_H
#define ZREG_PYTHON_CALLBACK_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <zreg.h>

/** The progress callback of one call, and the exception that ended it. */
typedef struct callback_progress {
    PyObject *callable;
    PyObject *type;
    PyObject *value;
    PyObject *traceback;
} callback_progress;

/** A zreg_progress_fn; `user` is a callback_progress. An exception stops the call. */
int callback_on_progress(const zreg_progress *progress, void *user);

/** Raises again, on the calling thread, what callback_on_progress caught; 1 if there was any. */
int callback_raise(callback_progress *progress);

/** A zreg_log_fn; `user` is a callable (level, line). */
void callback_on_log(zreg_log_level level, const char *line, void *user);

/** A zreg_access_fn; `user` is a callable (json_line). */
void callback_on_access(const char *json_line, void *user);

#endif
