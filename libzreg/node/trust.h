/* SPDX-License-Identifier: Apache-2.0 */
/** Where systems keep the certificate authorities that they trust: one row for each family. */
#ifndef ZREG_HOST_TRUST_H
#define ZREG_HOST_TRUST_H

typedef struct zreg__trust {
    const char *folder; /* for further authorities */
    const char *bundle; /* all of them in one file, made by the tool */
    const char *tool;
    const char *anew; /* what tells it to forget what it made for a file that is gone; or NULL */
} zreg__trust;

/** The rows; the last one is empty. */
extern const zreg__trust zreg__trusts[];

/** The name of our file in `folder`. */
#define ZREG__TRUST_FILE "zreg-buildset-registry.crt"

#endif
