"""A XenAPI client with nothing but the standard library: XML-RPC over TLS,
HTTP transfers, and the console over a WebSocket whose handshake and frames are
written out here.
"""

import base64
import hashlib
import http.client
import os
import re
import socket
import ssl
import struct
import time
import xmlrpc.client

PATIENCE = float(os.environ.get("APPLIANCE_PATIENCE", "1"))


class Refused(Exception):
    """A XenAPI error; args[0] is ErrorDescription."""

    @property
    def code(self):
        return self.args[0][0]


def tls():
    """The host's certificate is its own: no chain to check."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Api:
    def __init__(self, port, host="127.0.0.1"):
        self.host, self.port = host, port
        self.session = None
        self.proxy = xmlrpc.client.ServerProxy(
            "https://%s:%d/" % (host, port), context=tls())

    def raw(self, method, *args):
        """One message without the session."""
        call = self.proxy
        for part in method.split("."):
            call = getattr(call, part)
        answer = call(*args)
        if answer["Status"] != "Success":
            raise Refused(answer["ErrorDescription"])
        return answer["Value"]

    def __call__(self, method, *args):
        return self.raw(method, self.session, *args)

    def login(self, user, password):
        self.session = self.raw("session.login_with_password", user, password,
                                "1.0", "appliance-test")

    def until_up(self, limit_s=180):
        """Waits until the API answers anything at all."""
        deadline = time.monotonic() + limit_s * PATIENCE
        while True:
            try:
                return self.proxy.system.isAlive("yes")
            except (OSError, http.client.HTTPException):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
                self.proxy("close")()

    # tasks

    def wait_task(self, task, limit_s=600):
        """Follows a task by event.from; its result, or Refused."""
        deadline = time.monotonic() + limit_s * PATIENCE
        token = ""
        while True:
            batch = self("event.from", ["task/" + task], token, 20.0)
            token = batch["token"]
            for event in batch["events"]:
                record = event.get("snapshot")
                if event["ref"] != task or not record:
                    continue
                if record["status"] == "success":
                    self("task.destroy", task)
                    return re.sub("</?value>", "", record["result"])
                if record["status"] != "pending":
                    raise Refused(record["error_info"])
            if time.monotonic() > deadline:
                raise TimeoutError("task %s" % task)

    def run(self, method, *args, limit_s=600):
        """Async.method, to its end."""
        return self.wait_task(self("Async." + method, *args), limit_s)

    def wait_field(self, cls, ref, field, want, limit_s=300):
        """Waits until a field has a value, by event.from."""
        deadline = time.monotonic() + limit_s * PATIENCE
        token = ""
        while self("%s.get_%s" % (cls, field), ref) != want:
            if time.monotonic() > deadline:
                raise TimeoutError("%s.%s is not %r" % (cls, field, want))
            batch = self("event.from", ["%s/%s" % (cls, ref)], token, 10.0)
            token = batch["token"]

    # transfers

    def _connection(self):
        return http.client.HTTPSConnection(self.host, self.port,
                                           context=tls(), timeout=900)

    def put_file(self, path, url):
        c = self._connection()
        with open(path, "rb") as f:
            c.request("PUT", url, body=f, headers={
                "Content-Length": str(os.path.getsize(path)),
                "Cookie": "session_id=" + self.session})
            answer = c.getresponse()
            answer.read()
        c.close()
        return answer.status

    def get_file(self, url, path):
        c = self._connection()
        c.request("GET", url, headers={
            "Cookie": "session_id=" + self.session})
        answer = c.getresponse()
        with open(path, "wb") as f:
            f.write(answer.read())
        c.close()
        return answer.status

    def import_vdi(self, vdi, path):
        task = self("task.create", "import", "")
        status = self.put_file(path, "/import_raw_vdi?vdi=%s&task_id=%s" % (
            vdi, task))
        self.wait_task(task)
        return status

    def export_vdi(self, vdi):
        """SHA-256 and size of what /export_raw_vdi sends."""
        c = self._connection()
        c.request("GET", "/export_raw_vdi?vdi=%s&session_id=%s" % (
            vdi, self.session))
        answer = c.getresponse()
        digest, size = hashlib.sha256(), 0
        while True:
            data = answer.read(1 << 20)
            if not data:
                break
            digest.update(data)
            size += len(data)
        c.close()
        return digest.hexdigest(), size

    def console_ref(self, vm, protocol):
        return next(ref for ref in self("VM.get_consoles", vm) if self(
            "console.get_protocol", ref) == protocol)

    def console_path(self, vm, protocol="vt100"):
        return self("console.get_location", self.console_ref(
            vm, protocol)).split("/", 3)[3]

    def console(self, vm):
        return Console(self, self.console_path(vm))


class Console:
    """The serial console of a VM over /console as a WebSocket."""

    def __init__(self, api, path):
        s = socket.create_connection((api.host, api.port), timeout=60)
        self.sock = tls().wrap_socket(s)
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall((
            "GET /%s&session_id=%s HTTP/1.1\r\nHost: %s\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n"
            "Sec-WebSocket-Protocol: binary\r\n\r\n" % (
                path, api.session, api.host, key)).encode())
        self.pending = b""
        head = self._until(b"\r\n\r\n").decode()
        accept = base64.b64encode(hashlib.sha1(
            key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        ).digest()).decode()
        if " 101 " not in head or accept not in head:
            raise ConnectionError("no WebSocket: %s" % head)
        self.text = b""

    def _until(self, mark):
        while mark not in self.pending:
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("closed: %r" % self.pending)
            self.pending += data
        head, self.pending = self.pending.split(mark, 1)
        return head

    def _exactly(self, n):
        while len(self.pending) < n:
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("connection of a console cut")
            self.pending += data
        out, self.pending = self.pending[:n], self.pending[n:]
        return out

    def _frame(self):
        """Payload of the next data frame."""
        first, second = self._exactly(2)
        size = second & 127
        if size == 126:
            size, = struct.unpack(">H", self._exactly(2))
        elif size == 127:
            size, = struct.unpack(">Q", self._exactly(8))
        data = self._exactly(size)
        if first & 15 == 8:
            raise ConnectionError("console ended: %r" % self.text[-300:])
        return data if first & 15 in (0, 1, 2) else b""

    def wait(self, pattern, limit_s=300):
        """The match in what came since the last wait()."""
        regex = re.compile(pattern.encode(), re.M)
        deadline = time.monotonic() + limit_s * PATIENCE
        while True:
            m = regex.search(self.text)
            if m:
                self.text = self.text[m.end():]
                return m
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("no '%s' on the console; it said:\n%s" % (
                    pattern, self.text[-3000:].decode("utf-8", "replace")))
            self.sock.settimeout(max(left, 0.1))
            try:
                self.text += self._frame()
            except (socket.timeout, TimeoutError):
                pass

    def type(self, text):
        self.send_frame(text.encode())

    def send_frame(self, data):
        mask = os.urandom(4)
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
        size = struct.pack(">B", 0x80 | len(data)) if len(data) < 126 else \
            struct.pack(">BH", 0x80 | 126, len(data))
        self.sock.sendall(b"\x82" + size + mask + masked)

    def run(self, command, limit_s=120):
        """A command in the guest; what it printed.  The mark is new: a
        console begins with what was said before."""
        mark = "@" + os.urandom(4).hex()
        self.type("%s; echo %s\n" % (command, mark))
        m = self.wait(r"(?s)(.*?)\n%s" % mark, limit_s)
        return m.group(1).decode("utf-8", "replace").replace("\r", "")

    def close(self):
        self.sock.close()
