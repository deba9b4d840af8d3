/* SPDX-License-Identifier: Apache-2.0 */
/** The handlers that stand in the table of routes.c. What they are to do says zreg__route. */
#ifndef ZREG_SERVER_HANDLERS_H
#define ZREG_SERVER_HANDLERS_H

#include "server/inside.h"

void zreg__base_ping(zreg__call *call);
void zreg__base_health(zreg__call *call);
void zreg__base_ready(zreg__call *call);
void zreg__base_ready_work(zreg__call *call, zreg__store *store);
void zreg__base_metrics(zreg__call *call);
void zreg__base_metrics_work(zreg__call *call, zreg__store *store);

void zreg__bearer_get(zreg__call *call);

void zreg__blobs_get(zreg__call *call);
void zreg__blobs_delete(zreg__call *call, zreg__store *store);

bool zreg__uploads_post_begin(zreg__call *call);
void zreg__uploads_post(zreg__call *call);
void zreg__uploads_post_work(zreg__call *call, zreg__store *store);
bool zreg__uploads_patch_begin(zreg__call *call);
void zreg__uploads_patch(zreg__call *call);
bool zreg__uploads_put_begin(zreg__call *call);
void zreg__uploads_put(zreg__call *call);
void zreg__uploads_put_work(zreg__call *call, zreg__store *store);
void zreg__uploads_get(zreg__call *call);
void zreg__uploads_delete(zreg__call *call, zreg__store *store);

void zreg__manifests_get(zreg__call *call);
void zreg__manifests_get_work(zreg__call *call, zreg__store *store);
bool zreg__manifests_put_begin(zreg__call *call);
void zreg__manifests_put(zreg__call *call);
void zreg__manifests_put_work(zreg__call *call, zreg__store *store);
void zreg__manifests_delete(zreg__call *call, zreg__store *store);

void zreg__lists_tags(zreg__call *call, zreg__store *store);
void zreg__lists_catalog(zreg__call *call, zreg__store *store);
void zreg__lists_referrers(zreg__call *call, zreg__store *store);

#endif
