# SPDX-License-Identifier: Apache-2.0
"""A way to a server that breaks once, in the middle of a body."""

import contextlib
import socket
import threading


class Cutter:
    """Hands bytes on to a server as they are, TLS or not. Once `cut(way, size)` was said, the first connection on
    which more than so many bytes went that way ("up" to the server, "down" from it) is cut; `cuts` tells."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.server = (host, int(port))
        self.lock = threading.Lock()
        self.way, self.limit, self.cuts = None, 0, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def cut(self, way, size):
        with self.lock:
            self.way, self.limit, self.cuts = way, size, 0

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.socket.accept()
                far = socket.create_connection(self.server)
                for way, source, target in (("up", near, far), ("down", far, near)):
                    threading.Thread(target=self.pump, args=(way, source, target), daemon=True).start()

    def pump(self, way, source, target):
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                passed += len(data)
                if self.is_due(way, passed):
                    source.shutdown(socket.SHUT_RDWR)
                    break
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def is_due(self, way, passed):
        with self.lock:
            due = way == self.way and passed > self.limit
            if due:
                self.way, self.cuts = None, self.cuts + 1
            return due

    def close(self):
        self.socket.close()
