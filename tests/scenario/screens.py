#!/usr/bin/env python3
"""Screens of VMs, by the remote framebuffer protocol over /console.

	screens.py [NAME...]
"""

import http.client
import os
import socket
import subprocess
import sys

from bench import Bench, check, equal, main, until
from api import tls
from rfb import RAW, ZRLE, Framed, Raw, Viewer, terminus, text

FONT = terminus()
VIEWERS = 16            # of one VM


def children(b):
    """The programs that draw, which are nobody's children."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as f:
                words = f.read().split(b"\0")
            if words[0].endswith(b"bedplate-rfb") and os.stat(
                    "/proc/%s/fd" % pid) and words[1].decode() in b.uuids:
                found.append(pid)
        except OSError:
            pass
    return found


def on_screen(b, api, vm):
    b.uuids = [api("VM.get_uuid", vm)]
    return api.console_path(vm, "rfb")


def a_screen_shows_text_and_takes_keys():
    """By each version of the protocol and each encoding, raw and in a
    WebSocket; both see the same."""
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        path = on_screen(b, api, vm)
        check("/console?uuid=" in "/" + path, path)
        equal(sorted(api("console.get_protocol", c)
                     for c in api("VM.get_consoles", vm)), ["rfb", "vt100"],
              "consoles")
        first = Viewer(Raw(api, path), (ZRLE, RAW))
        equal((first.width, first.height, first.name),
              (640, 400, b.uuids[0]), "screen")
        first.wait("I am up", FONT)
        second = Viewer(Framed(api, path), (RAW,), b"RFB 003.007\n")
        second.wait("I am up", FONT)
        second.type("Hello, World 42\n")
        for v in first, second:
            v.wait("^(# )?Hello, World 42$", FONT)
        third = Viewer(Raw(api, "console?ref=" + vm), (),  b"RFB 003.003\n")
        third.wait("^(# )?Hello, World 42$", FONT)
        equal(third.rows, first.rows, "pictures")
        text = api.console(vm)
        text.type("by the other one\n")
        first.wait("by the other one", FONT)
        for v in first, second, third, text:
            v.close()
        until("the programs to end", lambda: not children(b))


def ended(viewer):
    try:
        while True:
            viewer.update()
    except (ConnectionError, OSError):
        return True


def a_screen_ends_with_its_vm_and_its_session():
    with Bench() as b:
        api, other = b.ready(), b.login()
        vm = b.running(api)
        path = on_screen(b, api, vm)
        mine = Viewer(Framed(api, path), (ZRLE,))
        his = Viewer(Raw(other, path), (ZRLE,))
        for v in mine, his:
            v.wait("I am up", FONT)
        other("session.logout")
        check(ended(his), "a screen without a session")
        mine.type("still there\n")
        mine.wait("still there", FONT)
        api.run("VM.hard_shutdown", vm)
        check(ended(mine), "a screen without a VM")
        until("the programs to end", lambda: not children(b))


def viewers_of_a_screen_are_few_and_trusted_with_nothing():
    """One too many is refused; one that sends nonsense, or reads nothing, ends
    or waits alone."""
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        path = on_screen(b, api, vm)
        good = Viewer(Raw(api, path), (ZRLE,))
        rest = [Raw(api, path) for _ in range(VIEWERS - 1)]
        try:
            Raw(api, path)
            check(False, "too many viewers")
        except ConnectionError as e:
            check("500" in str(e), str(e))
        rest[0].send(b"GET / HTTP/1.1\r\n\r\n")
        rest[1].send(b"RFB 003.008\n\x02")
        rest[2].send(b"RFB 003.008\n\x01\x01\x63")
        for s in rest[:3]:
            until("the end", lambda s=s: not drained(s))
        for s in rest[3:]:
            s.send(b"RFB 003.008\n\x01\x01" +
                   b"\x03\0\0\0\0\0\x02\x80\x01\x90" * 100)
        good.wait("I am up", FONT)
        good.type("all is well\n")
        good.wait("all is well", FONT)
        equal(len(children(b)), VIEWERS - 3, "programs")
        for s in rest + [good]:
            s.close()
        until("the programs to end", lambda: not children(b))


def drained(stream):
    """false: it has ended."""
    try:
        stream.sock.settimeout(60)
        return stream.sock.recv(65536) != b""
    except socket.timeout:
        return True
    except OSError:
        return False


class Jpeg:
    """A picture as djpeg sees it, in two colours: it was packed with loss."""

    def __init__(self, data):
        ppm = subprocess.run(["djpeg"], input=data, check=True,
                             stdout=subprocess.PIPE).stdout
        magic, size, _, data = ppm.split(b"\n", 3)
        equal(magic, b"P6", "picture")
        self.width, self.height = map(int, size.split())
        line = 3 * self.width
        self.rows = [[data[y * line + 3 * x + 1] >> 7
                      for x in range(self.width)]
                     for y in range(self.height)]


def snapshot(api, query):
    """Status and body of /vncsnapshot."""
    c = http.client.HTTPSConnection(api.host, api.port, context=tls(),
                                    timeout=60)
    c.request("GET", "/vncsnapshot?" + query,
              headers={"Cookie": "session_id=" + api.session})
    answer = c.getresponse()
    body = answer.read()
    c.close()
    if answer.status == 200:
        equal(answer.getheader("Content-Type"), "image/jpeg", "type")
    return answer.status, body


def a_picture_of_a_screen_is_a_jpeg():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        on_screen(b, api, vm)
        for query in ("ref=" + vm, "uuid=" + b.uuids[0],
                      "ref=" + api.console_ref(vm, "rfb")):
            def seen(query=query):
                status, body = snapshot(api, query)
                equal(status, 200, query)
                return "I am up" in text(Jpeg(body), FONT)
            until("the text to be on the picture", seen)
        until("the programs to end", lambda: not children(b))
        for query, status in (
                ("", 400), ("ref=" + api.console_ref(vm, "vt100"), 404),
                ("ref=" + api("VM.get_all")[0][:-1] + "x", 404),
                ("uuid=" + b.uuids[0][::-1], 404)):
            equal(snapshot(api, query)[0], status, query)
        api.run("VM.hard_shutdown", vm)
        equal(snapshot(api, "ref=" + vm)[0], 404, "of a VM that is off")


SCENARIOS = [
    a_screen_shows_text_and_takes_keys,
    a_screen_ends_with_its_vm_and_its_session,
    viewers_of_a_screen_are_few_and_trusted_with_nothing,
    a_picture_of_a_screen_is_a_jpeg,
]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS))
