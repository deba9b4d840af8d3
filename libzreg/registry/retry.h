/* SPDX-License-Identifier: Apache-2.0 */
/** When a request is tried again, and how long after. */
#ifndef ZREG_REGISTRY_RETRY_H
#define ZREG_REGISTRY_RETRY_H

#include "http/fetch.h"
#include <stdbool.h>
#include <stdint.h>

/** What Retry-After asks for, in seconds or as a date, or Docker Hub's X-Retry-After, in seconds
 *  since 1970; at most ZREG__MAX_RETRY_AFTER_S. 0: nothing. */
uint64_t zreg__retry_after_ms(const zreg__fetch_exchange *exchange);

/** The wait after try number `attempt` (from 1): doubling, half of it at random. */
uint64_t zreg__retry_backoff_ms(unsigned attempt);

#endif
