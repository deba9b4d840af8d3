/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/connection_record.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/reference.h"
#include <string.h>

#define WHERE "the connection record"

void zreg__connection_record_finish(zreg__connection_record *record)
{
    zreg__json_free_secret(record->document);
}

/* A record by Zuul has the port as a number or as text. */
static zreg_status read_port(unsigned *out, const zreg__json *record, zreg_error *err)
{
    ZREG__AUTO_FREE char *text = zreg__json_scalar(record, "port");
    uint64_t port = 0;
    if (text == NULL || !zreg__span_u64(zreg__span_of(text), &port) || port == 0 || port > 65535) {
        return zreg__fail(err, ZREG_INVAL, WHERE " has no \"port\" from 1 to 65535");
    }
    *out = (unsigned)port;
    return ZREG_OK;
}

static zreg_status read_members(zreg__connection_record *out, zreg_error *err)
{
    static const char *const fields[] = {"host", "port",        "username", "password",
                                         "cert", "fingerprint", NULL};
    const zreg__json *document = out->document;
    if (!zreg__json_is_object(document)) {
        return zreg__fail(err, ZREG_INVAL, WHERE " is no JSON object");
    }
    ZREG__TRY(zreg__json_check_case(document, fields, WHERE, err));
    ZREG__TRY(zreg__json_read_text(&out->host, document, "host", WHERE, err));
    ZREG__TRY(read_port(&out->port, document, err));
    ZREG__TRY(zreg__json_read_text(&out->username, document, "username", WHERE, err));
    ZREG__TRY(zreg__json_read_text(&out->password, document, "password", WHERE, err));
    ZREG__TRY(zreg__json_read_text(&out->cert, document, "cert", WHERE, err));
    return out->host[0] != '\0' ? ZREG_OK : zreg__fail(err, ZREG_INVAL, WHERE " has no \"host\"");
}

zreg_status zreg__connection_record_read(zreg__connection_record *out, const char *json,
                                         size_t size, zreg_error *err)
{
    ZREG__AUTO(zreg__connection_record) zreg__connection_record record = {NULL};
    ZREG__TRY(zreg__json_parse(&record.document, json, size, WHERE, err));
    ZREG__TRY(read_members(&record, err));
    *out = record;
    record = (zreg__connection_record){NULL};
    return ZREG_OK;
}

zreg_status zreg__connection_record_authority(char **out, const zreg__connection_record *record,
                                              zreg_error *err)
{
    bool bare_v6 = strchr(record->host, ':') != NULL && record->host[0] != '[';
    ZREG__AUTO_FREE char *text = zreg__asprintf("%s%s%s:%u", bare_v6 ? "[" : "", record->host,
                                                bare_v6 ? "]" : "", record->port);
    if (text == NULL) {
        return zreg__fail_nomem(err);
    }
    if (!zreg__reference_is_host(zreg__span_of(text))) {
        return zreg__fail(err, ZREG_INVAL, WHERE "'s \"host\" is no name and no address");
    }
    *out = zreg__steal(&text);
    return ZREG_OK;
}
