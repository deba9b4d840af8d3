/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Who may call Python, and when. A server has threads that Python did not make, and Python cannot be
 * called while it ends, nor from an interpreter that is not the main one.
 *
 * A callback enters before it takes the GIL. At exit the gate closes: those inside are waited for, and
 * nobody enters any more, so that what still logs then says nothing.
 */
#ifndef ZREG_PYTHON_GUARD_H
#define ZREG_PYTHON_GUARD_H

/** 1 when Python may be called; then guard_leave must follow. Without the GIL. */
int guard_enter(void);
void guard_leave(void);

/** 1 on a thread that is inside a callback. */
int guard_inside(void);

/** Closes the gate and waits for those inside. Without the GIL. */
void guard_close(void);

/** 1 in an interpreter that is not the main one. With the GIL. */
int guard_elsewhere(void);

/** Begins anew in a forked child, whose parent's threads are not there to leave. */
void guard_forked(void);

#endif
