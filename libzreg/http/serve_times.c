/* SPDX-License-Identifier: Apache-2.0 */
/* The time of a stage ends, but for those in which bytes move: so many in each such time. */
#include "http/serve_inner.h"

/* What moved in the time that is over. Of an answer that is what the peer took: buffers of the kernel
 * fill at once, and then nothing may move for a while although the peer reads. */
static uint64_t moved_on(const zreg__serve_connection *connection)
{
    if (connection->stage != ZREG__SERVE_STAGE_ANSWER) {
        return connection->moved;
    }
    uint64_t sent = connection->moved + connection->unsent;
    uint64_t unsent = zreg__serve_channel_unsent(&connection->channel);
    return sent > unsent ? sent - unsent : 0;
}

uint32_t zreg__serve_times_more(const zreg__serve_connection *connection)
{
    const zreg__serve_limits *limits = &connection->loop->serve->limits;
    uint64_t now = connection->loop->now_ms;
    bool is_answer = connection->stage == ZREG__SERVE_STAGE_ANSWER;
    bool is_body = connection->stage == ZREG__SERVE_STAGE_BODY ||
                   connection->stage == ZREG__SERVE_STAGE_REFUSED;
    if (moved_on(connection) < limits->least_bytes) {
        return 0;
    }
    if (connection->stage == ZREG__SERVE_STAGE_LINGER) {
        return now < connection->lingers_until_ms ? ZREG__SERVE_LINGER_MS : 0;
    }
    if (limits->total_ms > 0 && (is_answer || is_body) &&
        now - connection->exchange->request.started_ms >= limits->total_ms) {
        return 0;
    }
    return is_answer ? limits->answer_ms : is_body ? limits->body_ms : 0;
}
