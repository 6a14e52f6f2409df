"""Speaks xenopsd's socket protocol: frames and records as in base/frame.h and
base/codec.h, described by ui-protocol/xenops.xml.  Standard library only.

	x = Xenops(sock)		# connected; says hello
	r = x.call("vm_start", vm={"uuid": ..., "memory_max": ...})
	x.events			# what came meanwhile: [(name, record)]

Records are dicts; missing fields have their defaults.  Maps are dicts, enums
strings.  A failure raises Failure with .code and .text.
"""

import array
import os
import select
import socket
import struct
import time
import xml.etree.ElementTree

REQUEST, REPLY, ERROR, EVENT, CANCEL, PROGRESS = range(6)
XML = os.path.join(os.path.dirname(__file__), "../../ui-protocol/xenops.xml")


class Failure(Exception):
    def __init__(self, code, text):
        super().__init__("%s: %s" % (code, text))
        self.code, self.text = code, text


def put_varint(v):
    out = b""
    while v >= 0x80:
        out += bytes([v & 0x7F | 0x80])
        v >>= 7
    return out + bytes([v])


def get_varint(data, at):
    v = shift = 0
    while True:
        c = data[at]
        at += 1
        v |= (c & 0x7F) << shift
        shift += 7
        if c < 0x80:
            return v, at


def zigzag(v):
    return v << 1 if v >= 0 else (-v << 1) - 1


def unzigzag(v):
    return (v >> 1) ^ -(v & 1)


class Protocol:
    def __init__(self, path=XML):
        root = xml.etree.ElementTree.parse(path).getroot()
        self.version = int(root.get("version"))
        self.enums = {e.get("name"): [v.get("name") for v in e.iter("value")]
                      for e in root.iter("enum")}
        self.records = {r.get("name"): self._fields(r.iter("field"))
                        for r in root.iter("record")}
        messages = list(root.iter("request")) + list(root.iter("event"))
        self.names = [m.get("name") for m in messages]
        self.args = {m.get("name"): self._fields(m.iter("arg"))
                     for m in messages}
        self.results = {m.get("name"): self._fields(m.iter("result"))
                        for m in messages}

    @staticmethod
    def _fields(elements):
        return {e.get("name"): (int(e.get("tag")), e.get("type"))
                for e in elements}

    def _form(self, kind):
        if kind == "float":
            return 1
        if kind in ("int", "bool", "datetime") or (
                kind.startswith("enum ") and not kind.endswith(" set")):
            return 0
        return 2

    def _put(self, kind, v):
        if kind in ("int", "datetime"):
            return put_varint(zigzag(v))
        if kind == "bool":
            return put_varint(int(v))
        if kind == "float":
            return struct.pack("<d", v)
        if kind == "string":
            data = v.encode()
        elif kind.endswith(" set"):
            data = b"".join(self._put(kind[:-4], e) for e in v)
        elif kind.endswith(" map"):
            k, e = kind[1:-5].split(" -> ")
            data = b"".join(self._put(k, a) + self._put(e, b)
                            for a, b in v.items())
        elif kind.startswith("enum "):
            return put_varint(zigzag(self.enums[kind[5:]].index(v)))
        else:
            data = self.encode(self.records[kind[7:]], v)
        return put_varint(len(data)) + data

    def encode(self, fields, values):
        out = b""
        for name, v in values.items():
            tag, kind = fields[name]
            out += put_varint(tag << 3 | self._form(kind)) + self._put(kind, v)
        return out

    def _get(self, kind, data, at):
        if kind in ("int", "datetime"):
            v, at = get_varint(data, at)
            return unzigzag(v), at
        if kind == "bool":
            v, at = get_varint(data, at)
            return bool(v), at
        if kind == "float":
            return struct.unpack_from("<d", data, at)[0], at + 8
        if kind.startswith("enum ") and not kind.endswith(" set"):
            v, at = get_varint(data, at)
            return self.enums[kind[5:]][unzigzag(v)], at
        n, at = get_varint(data, at)
        body, end = data[at:at + n], at + n
        if kind == "string":
            return body.decode(), end
        if kind.endswith(" set"):
            out, p = [], 0
            while p < n:
                v, p = self._get(kind[:-4], body, p)
                out.append(v)
            return out, end
        if kind.endswith(" map"):
            k, e = kind[1:-5].split(" -> ")
            out, p = {}, 0
            while p < n:
                key, p = self._get(k, body, p)
                out[key], p = self._get(e, body, p)
            return out, end
        return self.decode(self.records[kind[7:]], body), end

    def _default(self, kind):
        if kind.endswith(" set"):
            return []
        if kind.endswith(" map"):
            return {}
        if kind.startswith("enum "):
            return self.enums[kind[5:]][0]
        if kind.startswith("record "):
            return self.decode(self.records[kind[7:]], b"")
        return {"int": 0, "datetime": 0, "bool": False, "float": 0.0,
                "string": ""}[kind]

    def decode(self, fields, data):
        out = {name: self._default(kind) for name, (_, kind) in fields.items()}
        by_tag = {tag: (name, kind) for name, (tag, kind) in fields.items()}
        at = 0
        while at < len(data):
            key, at = get_varint(data, at)
            if key >> 3 in by_tag:
                name, kind = by_tag[key >> 3]
                out[name], at = self._get(kind, data, at)
            elif key & 7 == 0:
                _, at = get_varint(data, at)
            elif key & 7 == 1:
                at += 8
            else:
                n, at = get_varint(data, at)
                at += n
        return out


class Xenops:
    def __init__(self, sock):
        self.sock = sock
        self.protocol = Protocol()
        self.buffer = b""
        self.fds = []
        self.last_id = 0
        self.answers = {}
        self.events = []
        self.progress = []
        self.call("hello", version=self.protocol.version)

    def send(self, message, kind=REQUEST, ident=None, /, **args):
        """Sends without waiting; the id to wait() for."""
        if ident is None:
            self.last_id += 1
            ident = self.last_id
        body = self.protocol.encode(self.protocol.args[message], args)
        self.sock.sendall(struct.pack(
            "<IIHBBI", len(body), ident, self.protocol.names.index(message),
            kind, 0, 0) + body)
        return ident

    def cancel(self, ident):
        self.send("hello", CANCEL, ident)

    def call(self, message, limit_s=120, /, **args):
        return self.wait(self.send(message, **args), limit_s)

    def wait(self, ident, limit_s=120):
        deadline = time.monotonic() + limit_s
        while ident not in self.answers:
            self.receive(deadline)
        answer = self.answers.pop(ident)
        if isinstance(answer, Failure):
            raise answer
        return answer

    def wait_event(self, name, test, limit_s=120):
        """The first event, old or new, that passes the test; it and those
        before it are dropped."""
        deadline = time.monotonic() + limit_s
        while True:
            while self.events:
                got, record = self.events.pop(0)
                if got == name and test(record):
                    return record
            self.receive(deadline)

    def receive(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.sock], [], [], left)[0]:
            raise TimeoutError("no answer from xenopsd")
        space = socket.CMSG_SPACE(16)
        data, control, _, _ = self.sock.recvmsg(65536, space)
        if not data:
            raise ConnectionError("xenopsd closed the connection")
        for level, kind, value in control:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds = array.array("i")
                fds.frombytes(value[:len(value) - len(value) % 4])
                self.fds += fds
        self.buffer += data
        while len(self.buffer) >= 16:
            n = struct.unpack_from("<I", self.buffer)[0]
            if len(self.buffer) < 16 + n:
                break
            frame, self.buffer = self.buffer[:16 + n], self.buffer[16 + n:]
            self._frame(frame)

    def _frame(self, frame):
        _, ident, message, kind, _, _ = struct.unpack_from("<IIHBBI", frame)
        name, body = self.protocol.names[message], frame[16:]
        if kind == REPLY:
            self.answers[ident] = self.protocol.decode(
                self.protocol.results[name], body)
        elif kind == ERROR:
            f = self.protocol.decode(self.protocol.records["failure"], body)
            self.answers[ident] = Failure(f["code"], f["text"])
        elif kind == EVENT:
            self.events.append((name, self.protocol.decode(
                self.protocol.args[name], body)))
        elif kind == PROGRESS:
            self.progress.append((ident, struct.unpack("<d", body)[0]))
