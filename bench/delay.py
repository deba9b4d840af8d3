# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy on loopback that stands for the way to a distant registry: it lets every HTTP request wait, gives each
connection so many bytes a second, and notes each request.

    delay.py PORT DELAY_MS [BYTES_PER_S [FILE]]    0: no limit; FILE gets a line for each request
"""

import asyncio
import re
import sys
import time

PIECE = 1 << 17
REQUEST = re.compile(rb"([A-Z]+ /[^ ]*) HTTP/1\.1\r\n")


class Pipe:
    """One connection. A request begins when the client speaks after the server did."""

    def __init__(self, delay_s, bytes_per_s, notes):
        self.delay_s, self.bytes_per_s, self.notes = delay_s, bytes_per_s, notes
        self.server_spoke = True

    async def upstream(self, reader, writer):
        while data := await reader.read(PIECE):
            if self.server_spoke and (request := REQUEST.match(data)):
                self.server_spoke = False
                self.note(request.group(1).decode())
                await asyncio.sleep(self.delay_s)
            writer.write(data)
            await writer.drain()
        writer.close()

    def note(self, request):
        if self.notes:
            self.notes.write(request + "\n")
            self.notes.flush()

    async def downstream(self, reader, writer):
        free = 0  # when the next piece may go
        while data := await reader.read(PIECE):
            self.server_spoke = True
            if self.bytes_per_s:
                now = time.monotonic()
                await asyncio.sleep(free - now)
                free = max(free, now) + len(data) / self.bytes_per_s
            writer.write(data)
            await writer.drain()
        writer.close()


async def main(port, delay_ms, bytes_per_s=0, notes=None):
    async def serve(reader, writer):
        pipe = Pipe(delay_ms / 1000, bytes_per_s, notes)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(pipe.upstream(reader, far_writer),
                                 pipe.downstream(far_reader, writer))
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), *map(float, sys.argv[3:4]),
                         *[open(name, "a", encoding="ascii") for name in sys.argv[4:5]]))
    except KeyboardInterrupt:
        pass
