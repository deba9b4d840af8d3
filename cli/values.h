/* SPDX-License-Identifier: Apache-2.0 */
/** What options and words may say: looked at before anything is read or sent. */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include "session.h"

/** Checks each option by the name of its value, and each word by the verb's `places`.
 *  Errors: INVAL, as wrong use. */
zreg_status values_check(session *s);

/** "90" and "90s" (seconds), "30m", "24h", "7d", and "500ms", in milliseconds. False: it is none of these. */
bool values_duration(uint64_t *out_ms, const char *text);

/** A duration option that has to be above 0; `*out_ms` stays when it was not given. Errors: INVAL. */
zreg_status values_timeout(session *s, const char *name, uint32_t *out_ms);

/** Refuses the name of a registry alone, which docker's rules read as an image of Docker Hub. Errors: INVAL, as
 *  wrong use. */
zreg_status values_place(session *s, const char *text);

/** Whether a text names a registry alone: HOST.DOMAIN, localhost or HOST:PORT, perhaps with a slash behind it. */
bool values_is_host(const char *text);

/** Whether a place is a folder or a file of this machine, not of a registry. */
bool values_is_local(const char *text);

/** Whether a reference's text names a tag: without this "latest" is meant by leaving the tag out. */
bool values_names_tag(const char *text);

#endif
