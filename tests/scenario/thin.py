"""The thin protocol of xe, written from its description: what is sent and what
comes back, without a byte of the programs under test."""

import socket
import struct

from api import tls

MAGIC = b"XenSource thin CLI protocol"
PRINT, LOAD, PROMPT, EXIT, OK, FAILED, CHUNK, END, COMMAND, RESPONSE, BLOB, \
    GET, PUT, ERROR, DEBUG, STDERR, CONNECT, WAIT = \
    0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18


def number(n):
    return struct.pack("<I", n)


def message(*numbers):
    body = b"".join(map(number, numbers))
    return number(len(body)) + body


HELLO = MAGIC + number(0) + number(2)


class Thin:
    """One command.  port: TLS; path: a unix socket."""

    def __init__(self, args, port=None, path=None, timeout=60):
        if path:
            self.s = socket.socket(socket.AF_UNIX)
            self.s.settimeout(timeout)
            self.s.connect(path)
        else:
            self.s = tls().wrap_socket(socket.create_connection(
                ("127.0.0.1", port), timeout=timeout))
        body = "\n".join(args).encode()
        self.s.sendall(b"POST /cli HTTP/1.0\r\ncontent-length: %d\r\n\r\n" %
                       len(body) + body)

    def take(self, n):
        got = b""
        while len(got) < n:
            more = self.s.recv(n - len(got))
            if not more:
                raise EOFError("%d of %d bytes" % (len(got), n))
            got += more
        return got

    def greet(self, hello=HELLO):
        magic = self.take(len(HELLO))
        assert magic == HELLO, magic
        self.s.sendall(hello)

    def next(self):
        """Tag, texts and numbers of the next command."""
        data = self.take(struct.unpack("<I", self.take(4))[0])
        at = 0

        def integer():
            nonlocal at
            at += 4
            return struct.unpack("<I", data[at - 4:at])[0]

        def text():
            nonlocal at
            n = integer()
            at += n
            assert at <= len(data)
            return data[at - n:at].decode()

        assert integer() == COMMAND
        tag = integer()
        if tag == EXIT:
            got = (tag, integer())
        elif tag in (GET, PUT):
            got = (tag, text(), text())
        elif tag == ERROR:
            got = (tag, text(), [text() for _ in range(integer())])
        elif tag == PROMPT:
            got = (tag,)
        else:
            got = (tag, text())
        assert at == len(data), (tag, data)
        return got

    def run(self, files=None, typed=""):
        """Status, standard output and error, as a client has them."""
        out, err = "", ""
        self.greet()
        while True:
            got = self.next()
            if got[0] == EXIT:
                self.s.close()
                return got[1], out, err
            if got[0] == PRINT:
                out += got[1] + "\n"
            elif got[0] == STDERR:
                err += got[1]
            elif got[0] == ERROR:
                err += "%s: %s\n" % (got[1], got[2])
            elif got[0] == PROMPT:
                self.blob(typed.encode())
            elif got[0] == LOAD and got[1] in (files or {}):
                self.s.sendall(message(RESPONSE, OK))
                self.blob(files[got[1]])
            else:
                self.s.sendall(message(RESPONSE, FAILED))

    def blob(self, data):
        self.s.sendall(message(BLOB, CHUNK, len(data)) + data +
                       message(BLOB, END))
