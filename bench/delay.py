# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy on loopback that lets every HTTP request wait, as a distant registry would."""

import asyncio
import sys


class Pipe:
    """One connection. A request begins when the client speaks after the server did."""

    def __init__(self, delay_s):
        self.delay_s = delay_s
        self.server_spoke = True

    async def upstream(self, reader, writer):
        while data := await reader.read(1 << 17):
            if self.server_spoke:
                self.server_spoke = False
                await asyncio.sleep(self.delay_s)
            writer.write(data)
            await writer.drain()
        writer.close()

    async def downstream(self, reader, writer):
        while data := await reader.read(1 << 17):
            self.server_spoke = True
            writer.write(data)
            await writer.drain()
        writer.close()


async def main(port, delay_ms):
    async def serve(reader, writer):
        pipe = Pipe(delay_ms / 1000)
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
        asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
    except KeyboardInterrupt:
        pass
