/* SPDX-License-Identifier: Apache-2.0 */
/** What a person is asked at the terminal of the process, wherever its standard streams lead. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include "session.h"

/** Shows `prompt` and takes one line, without echo when it is `hidden`. Ends when the session is cancelled, with the
 *  echo as it was. `otherwise` says what to give where there is no terminal. Use AUTO_SECRET. */
zreg_status terminal_ask(session *s, char **out, const char *prompt, bool hidden,
                         const char *otherwise);

#endif
