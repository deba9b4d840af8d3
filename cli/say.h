/* SPDX-License-Identifier: Apache-2.0 */
/** What a server says on standard error. It does not wait for whoever reads that, since clients wait for it:
 *  while nobody reads, lines are left out, and the next one says how many. Any thread. */
#ifndef CLI_SAY_H
#define CLI_SAY_H

/** One line, without its end; cut where it is very long. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
