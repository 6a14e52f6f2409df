"""What is on the wire, byte for byte: HTTP rules, envelopes, events, streams,
and how the server treats clients that are slow, rude or many.

	protocol.py [NAME...]
"""

import base64
import contextlib
import ctypes
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import xmlrpc.client

from bench import MIB, PASSWORD, ROOT, Bench, Failed, Refused, check, equal, \
    main, refused, until
from api import tls

SYS_PIDFD_GETFD = 438
LIST = b"<?xml version='1.0'?><methodCall><methodName>system.listMethods" \
    b"</methodName><params/></methodCall>"


def connect(b, plain=False):
    s = socket.create_connection(
        ("127.0.0.1", b.http if plain else b.https), timeout=30)
    return s if plain else tls().wrap_socket(s)


def read_all(s):
    got = b""
    try:
        while True:
            more = s.recv(65536)
            if not more:
                return got
            got += more
    except (ConnectionResetError, ssl.SSLError, socket.timeout) as e:
        return got + b"<<" + type(e).__name__.encode() + b">>"


def exchange(b, *pieces, plain=False):
    """All that comes back until the server closes."""
    with connect(b, plain) as s:
        try:
            for piece in pieces:
                s.sendall(piece)
        except OSError:
            pass
        return read_all(s)


def post(body, path="/", version="1.1", headers="Connection: close\r\n",
         length=None):
    return ("POST %s HTTP/%s\r\nHost: x\r\n%sContent-Length: %d\r\n"
            "\r\n" % (
        path, version, headers,
        len(body) if length is None else length)).encode() + body


def status(answer, want, *parts):
    line = answer.split(b"\r\n")[0]
    check(line.startswith(b"HTTP/1.") and b" %d " % want in line,
          "%r instead of status %d" % (line, want))
    for part in parts:
        check(part in answer, "%r is not in %r" % (part, answer[:600]))


def heads_are_read_as_xenapi_hosts_do():
    with Bench() as b:
        b.ready()
        status(exchange(b, post(LIST)), 200, b"\r\nContent-Type: text/xml\r\n",
               b"\r\nConnection: close\r\n", b"no-cache, no-store",
               b"Access-Control-Allow-Origin: *\r\n",
               b"<param><value><array><data><value>")
        old = exchange(b, post(LIST, version="1.0", headers=""))
        check(old.startswith(b"HTTP/1.0 200 OK\r\n"), "HTTP/1.0")
        check(b"Connection: close\r\n" in old, "1.0 closes")
        kept = exchange(b, post(LIST, version="1.0",
                                headers="Connection: keep-alive\r\n") +
                        post(LIST, "/RPC2", headers="") +
                        post(LIST, "/xmlrpc"))
        equal(kept.count(b"200 OK\r\n"), 3, "replies on one connection")
        status(exchange(b, b"DELETE / HTTP/1.0\r\n\r\n"), 501)
        status(exchange(b, b"GET /none HTTP/1.0\r\n\r\n"), 404)
        status(exchange(b, b"PUT /none HTTP/1.0\r\nContent-Length: 3\r\n\r\n"
                        b"abc"), 403)
        status(exchange(b, b"GET / HTTP/1.0\r\nA: " + b"x" * 20000 +
                        b"\r\n\r\n"), 431)
        status(exchange(b, b"OPTIONS /jsonrpc HTTP/1.0\r\n"
                        b"Access-Control-Request-Headers: content-type\r\n"
                        b"\r\n"), 200,
               b"Access-Control-Allow-Methods: PUT\r\n",
               b"Access-Control-Allow-Headers: content-type\r\n")
        status(exchange(b, post(LIST, headers="Expect: 100-continue\r\n"
                                "Connection: close\r\n", length=len(LIST)
                                )[:-len(LIST)], LIST), 100,
               b"100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
        with connect(b) as s:
            for byte in post(LIST):
                s.sendall(bytes([byte]))
            status(read_all(s), 200)


def pages_are_served():
    def get(path):
        return exchange(b, ("GET %s HTTP/1.0\r\n\r\n" % path).encode())

    with Bench() as b:
        status(get("/"), 200, b"\r\nContent-Type: text/html", b"nosniff",
               b"\r\nContent-Security-Policy: default-src 'none'; script-src "
               b"'self'; ", b" trusted-types 'none'\r\n",
               b"\r\nX-Frame-Options: DENY\r\n", b'<a href="api/">')
        equal(get("/index.html").split(b"\r\n\r\n")[1],
              get("/").split(b"\r\n\r\n")[1], "the front page")
        status(get("/reference.css"), 200, b"\r\nContent-Type: text/css")
        status(get("/app.js"), 200, b"\r\nContent-Type: text/javascript")
        status(get("/api/"), 200, b'<a href="VM.html">VM</a>')
        status(get("/api/VM.html"), 200, b'<h3 id="m-start">start</h3>',
               b"</html>")
        status(get("/api/xenapi.d.ts"), 200, b"text/plain",
               b"export interface VM {")
        for none in ("/api", "/none.html", "/../xapi/state.db",
                     "/api/../index.html", "/.stamp", "/%2e%2e/x"):
            status(get(none), 404)


def bad_bodies_get_status_500_and_nothing_more():
    with Bench() as b:
        b.ready()
        deep = b"[" * 1000 + b"]" * 1000
        for body, path in (
                (b"hello", "/"), (b"x" * 400000, "/"), (b"{}", "/jsonrpc"),
                (b'{"jsonrpc":"2.0","method":"system.listMethods"}',
                 "/jsonrpc"),
                (b'{"method":"a","id":1,"params":%s}' % deep, "/jsonrpc"),
                (b'<!DOCTYPE a [<!ENTITY x "y">]><methodCall><methodName>&x;'
                 b'</methodName></methodCall>', "/")):
            answer = exchange(b, post(body, path))
            status(answer, 500, b"\r\nContent-Type: text/html\r\n")
        status(exchange(b, b"POST / HTTP/1.1\r\nHost: x\r\n\r\n"), 500)
        status(exchange(b, post(b"", length=1 << 40),
                        *[b"z" * 65536] * 20), 500)


def ambiguous_bodies_end_the_connection():
    """What follows would be a second request to somebody who takes the first
    one's body for shorter than we do, or the other way round."""
    hidden = b"GET /hidden HTTP/1.0\r\n\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n"
    length = b"Content-Length: %d\r\n"
    n = len(hidden)
    heads = [b"%s HTTP/1.%d\r\nHost: x\r\n%s" % (what, minor, chunked)
             for what in (b"GET /", b"OPTIONS /", b"PUT /none", b"POST /",
                          b"POST /jsonrpc", b"CONNECT /none",
                          b"GET /export_raw_vdi?vdi=x",
                          b"PUT /import_raw_vdi?vdi=x")
             for minor in (0, 1)]
    heads += [b"%s HTTP/1.1\r\n%s" % (what, rest)
              for what in (b"GET /", b"POST /") for rest in (
                  length % n, b"Host: x\r\nHost: y\r\n" + length % n,
                  b"Host: x\r\n" + length % 0 + length % n,
                  b"Host: x\r\n" + length % n + length % n,
                  b"Host: x\r\nContent-Length : %d\r\n" % n,
                  b"Host: x\r\nA: b\r\n Content-Length: %d\r\n" % n,
                  b"Host: x\r\nA: b\rContent-Length: %d\r\n" % n,
                  b"Host: x\r\nA: b\nContent-Length: %d\r\n" % n,
                  b"Host: x\r\nContent-Length: +%d\r\n" % n)]
    with Bench() as b:
        allow_http(b.ready())
        for head in heads:
            for plain in (False, True):
                answer = exchange(b, head + b"\r\n" + hidden, plain=plain)
                status(answer, 400, b"\r\nConnection: close\r\n")
                equal(answer.count(b"HTTP/1."), 1, "replies to %r" % head)


def stalled_requests_time_out():
    with Bench() as b:
        start = time.monotonic()
        with connect(b) as head, connect(b) as body:
            head.sendall(b"GET / HTTP/1.1\r\nHo")
            body.sendall(post(LIST)[:-20])
            status(read_all(head), 408)
            status(read_all(body), 408)
        check(8 < time.monotonic() - start < 20, "not after 10 s")


def envelopes_follow_the_version_asked_for():
    with Bench() as b:
        b.ready()
        for body, want in (
                ({"jsonrpc": "2.0", "method": "system.isAlive:1", "id": 'a"',
                  "params": ["q"]},
                 b'{"jsonrpc":"2.0","result":"q","id":"a\\""}'),
                ({"method": "system.isAlive:1", "id": 4, "params": ["q"]},
                 b'{"result":"q","error":null,"id":4}'),
                ({"jsonrpc": "2.0", "method": "a.b", "id": 5},
                 b'{"jsonrpc":"2.0","error":{"code":1,"message":'
                 b'"MESSAGE_METHOD_UNKNOWN","data":["a.b"]},"id":5}'),
                ({"method": "pool.get_all", "id": 6, "params": ["x"]},
                 b'{"result":null,"error":["SESSION_INVALID","x"],"id":6}')):
            answer = exchange(b, post(json.dumps(body).encode(), "/jsonrpc"))
            status(answer, 200, b"\r\nContent-Type: application/json\r\n")
            equal(answer.split(b"\r\n\r\n", 1)[1], want, "reply")


def texts_read_back_as_they_were_acknowledged():
    """On both transports, or they were refused on both."""
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)

        def set_xml(text, declared="", coding="utf-8"):
            call = ("<?xml version='1.0'%s?><methodCall><methodName>"
                    "VM.set_name_label</methodName><params><param><value>%s"
                    "</value></param><param><value>%s</value></param><param>"
                    "<value>%s</value></param></params></methodCall>" % (
                        declared, api.session, vm, text)).encode(coding)
            return b"Success" in exchange(b, post(call))

        def set_json(text):
            call = '{"method":"VM.set_name_label","id":1,"params":' \
                '["%s","%s","%s"]}' % (api.session, vm, text)
            return b'"error":null' in exchange(b, post(call.encode(),
                                                       "/jsonrpc"))

        def get():
            name = api("VM.get_name_label", vm)
            call = json.dumps({"method": "VM.get_name_label", "id": 1,
                               "params": [api.session, vm]}).encode()
            answer = exchange(b, post(call, "/jsonrpc"))
            equal(json.loads(answer.split(b"\r\n\r\n", 1)[1])["result"],
                  name, "by JSON")
            return name

        for coding in ("iso-8859-1", "utf-8", "utf-16"):
            check(set_xml("%s \u00fc" % coding, " encoding='%s'" % coding,
                          coding), coding)
            equal(get(), "%s \u00fc" % coding, "name")
        check(set_xml("\u00fc &#8364;", " encoding='us-ascii'",
                      "iso-8859-1") is False, "FC is no US-ASCII")
        check(set_xml("undeclared \u00fc", "", "iso-8859-1") is False,
              "FC is no UTF-8")
        equal(get(), "utf-16 \u00fc", "name")
        for text in ("\\u0001", "\\b", "\\ufffe", "\\uffff", "\\ud800",
                     "\\u0000", "\ufffe"):
            check(not set_json("x" + text), "%r is taken by JSON" % text)
        for text in ("&#1;", "\x01", "&#8;", "&#xfffe;", "\uffff",
                     "&#xd800;", "&#0;"):
            check(not set_xml("x" + text), "%r is taken by XML" % text)
        equal(get(), "utf-16 \u00fc", "name")
        for text in ("a\\r\\nb\\tc", "\\ufdd0\\ud83f\\udffe",
                     "\\u007f\\u0085\\ufffd", "\\ud83d\\ude00"):
            check(set_json(text), "%s is refused" % text)
            equal(get(), json.loads('"%s"' % text), "name")
        check(set_xml("a&#13;b"), "a CR is refused")
        equal(get(), "a\rb", "name")


def plain_http_serves_calls_once_it_may():
    with Bench() as b:
        api = b.ready()
        status(exchange(b, b"GET /x?y=1 HTTP/1.0\r\nHost: foo:80\r\n\r\n",
                        plain=True), 301,
               b"\r\nLocation: https://foo:%d/x?y=1\r\n" % b.https)
        status(exchange(b, post(LIST), plain=True), 403)
        api("pool.set_https_only", api("pool.get_all")[0], False)
        status(exchange(b, post(LIST), plain=True), 200)
        api("pool.set_https_only", api("pool.get_all")[0], True)
        status(exchange(b, post(LIST), plain=True), 403)


def events_wake_those_who_wait():
    with Bench() as b:
        api = b.ready()
        pool = api("pool.get_all")[0]
        token = api("event.inject", "pool", pool)
        answer = api("event.from", ["*"], token, 10.0)
        equal([(e["class"], e["operation"]) for e in answer["events"]
               if e["class"] == "pool"], [("pool", "mod")], "events")
        token = answer["token"]
        got = {}

        def wait(classes, name, session):
            start = time.monotonic()
            try:
                got[name] = session("event.from", classes, token, 30.0)
            except Refused as e:
                got[name] = e.code
            got[name + " s"] = time.monotonic() - start

        one, other = b.login(), b.login()
        threads = [
            threading.Thread(target=wait, args=(["POOL"], "one", one)),
            threading.Thread(target=wait, args=(["vdi"], "other", other))]
        for t in threads:
            t.start()
        time.sleep(0.5)
        api("pool.add_to_other_config", pool, "k", "v")
        threads[0].join()
        check(got["one s"] < 1.5, "woken after %.1f s" % got["one s"])
        equal(got["one"]["events"][0]["snapshot"]["other_config"]["k"], "v",
              "snapshot")
        check(threads[1].is_alive(), "woken by another class")
        log_out(b, other)
        threads[1].join()
        equal(got["other"], "SESSION_INVALID", "after logout")
        start = time.monotonic()
        answer = api("event.from", ["vdi"], token, "1")
        equal(answer["events"], [], "events")
        check(0.9 < time.monotonic() - start < 3, "time-out")
        check("task" in answer["valid_ref_counts"], "counts")


def a_registered_session_is_told_what_is_next():
    with Bench() as b:
        api = b.ready()
        other = b.login()
        pool = api("pool.get_all")[0]
        refused("SESSION_NOT_REGISTERED", api, "event.next")
        refused("EVENT_SUBSCRIPTION_PARSE_FAILURE", api, "event.register",
                ["pool", "a/b/c"])
        api("event.register", ["Pool", "vdi", "no_such_class"])
        refused("SESSION_NOT_REGISTERED", other, "event.next")
        got = []
        t = threading.Thread(target=lambda: got.append(api("event.next")))
        t.start()
        vdi = b.vdi(other)
        t.join(60)
        check(got, "not woken")
        equal([(e["class"], e["operation"], e["ref"]) for e in got[0]],
              [("vdi", "add", vdi)], "the first")
        equal(got[0][0]["snapshot"]["uuid"], api("VDI.get_uuid", vdi),
              "snapshot")
        # what happened while it did not ask, once
        other("pool.add_to_other_config", pool, "k", "v")
        other("VDI.destroy", vdi)
        equal([(e["class"], e["operation"]) for e in api("event.next")],
              [("pool", "mod"), ("vdi", "del")], "the next")
        api("event.unregister", ["VDI", "no_such_class"])
        b.vdi(other)
        other("pool.add_to_other_config", pool, "k2", "v")
        equal([e["class"] for e in api("event.next")], ["pool"], "the third")
        # more than is remembered
        api("event.register", ["task"])
        for _ in range(600):
            task = other("task.create", "t", "")
            other("task.set_status", task, "success")
            other("task.destroy", task)
        refused("EVENTS_LOST", api, "event.next")
        other("pool.add_to_other_config", pool, "k3", "v")
        equal([e["class"] for e in api("event.next") if e["class"] != "task"],
              ["pool"], "afterwards")
        api("event.unregister", ["pool", "task"])
        refused("SESSION_NOT_REGISTERED", api, "event.next")
        refused("INVALID_VALUE", api, "event.register",
                ["vm/" + "OpaqueRef:%08d-0000-4000-8000-000000000000" % i
                 for i in range(101)])


def a_token_is_good_after_a_restart():
    with Bench() as b:
        api = b.ready()
        pool = api("pool.get_all")[0]
        gone = b.vdi(api)
        kept = b.vdi(api, name="kept")
        before = api("event.from", ["*"], "", 1.0)
        api("VDI.destroy", gone)
        b.kill_xapi()
        b.start_xapi()
        api = b.ready()
        after = api("event.from", ["pool", "vdi"], before["token"], 10.0)
        check(after["token"] > before["token"], "the token went back")
        equal({e["operation"] for e in after["events"]}, {"mod"},
              "operations")
        check({pool, kept} <= {e["ref"] for e in after["events"]}, "events")
        check(gone not in {e["ref"] for e in after["events"]}, "gone")
        # No del: the count tells a client that it holds one too many.
        equal(int(after["valid_ref_counts"]["vdi"]),
              len(api("VDI.get_all")), "count")
        equal(int(after["valid_ref_counts"]["vdi"]),
              int(before["valid_ref_counts"]["vdi"]) - 1, "count")


# In bedplate-update's place: takes what begins with "good", and not more than it
# says.
UPDATE = """#!/bin/sh
head=$(head -c 4)
case $head in
good) n=$(wc -c) ;;
ends) exit 3 ;;
*)
	echo "bedplate-update: refused: it is not an update image" >&2
	exit 1
	;;
esac
echo "100 %"
[ "$n" -eq 999996 ] || {
	echo "bedplate-update: failed, the other slot holds no system now: $n" >&2
	exit 3
}
echo done
"""


def put_update(b, api, data, length=None, task=""):
    return exchange(b, ("PUT /update?session_id=%s&task_id=%s HTTP/1.1\r\n"
                        "Host: x\r\nContent-Length: %d\r\n\r\n" % (
                            api.session, task, length or len(data))).encode(),
                    data)


def updates_are_uploaded():
    b = Bench()
    with open(b.path("update"), "w") as f:
        f.write(UPDATE)
    os.chmod(b.path("update"), 0o700)
    b.sim_options = ("--update", b.path("update"))
    with b:
        api = b.ready()
        task = api("task.create", "update", "")
        status(put_update(b, api, b"good" * 250000, task=task), 200,
               b"tries the update")
        record = ended(api, task)
        equal((record["status"], record["progress"]), ("success", 1.0), "task")
        # one that is refused at once, however much is still to come
        task = api("task.create", "bad", "")
        status(put_update(b, api, b"evil" * 1000000, task=task), 400,
               b"INVALID_UPDATE: it is not an update image")
        equal(ended(api, task)["error_info"],
              ["INVALID_UPDATE", "it is not an update image"], "refused")
        status(put_update(b, api, b"good" * 250001), 500,
               b"UPDATE_APPLY_FAILED: failed, the other slot holds no")
        status(put_update(b, api, b"ends"), 500, b"ended silently")
        # cut, and of a length that no update has
        task = api("task.create", "cut", "")
        with connect(b, False) as s:
            s.sendall(("PUT /update?session_id=%s&task_id=%s HTTP/1.1\r\n"
                       "Host: x\r\nContent-Length: 1000000\r\n\r\ngood" % (
                           api.session, task)).encode())
        equal(ended(api, task)["error_info"],
              ["UPDATE_APPLY_FAILED", "the client hung up"], "cut")
        status(put_update(b, api, b"good", 1 << 40), 400, b"length")
        # without credentials
        status(exchange(b, b"PUT /update HTTP/1.1\r\nHost: x\r\n"
                        b"Content-Length: 4\r\n\r\ngood"), 401)
    with Bench() as b:
        api = b.ready()
        status(put_update(b, api, b"good"), 500,
               b"OPERATION_NOT_ALLOWED: no program for updates")


def log_out(b, other):
    """Ends another client's session."""
    call = {"method": "session.logout", "id": 1, "params": [other.session]}
    status(exchange(b, post(json.dumps(call).encode(), "/jsonrpc")), 200)


def put(b, api, query, length, *data, version="1.1"):
    length = "" if length is None else "Content-Length: %d\r\n" % length
    return exchange(b, ("PUT /import_raw_vdi/?session_id=%s&%s HTTP/%s\r\n%s"
                        "Host: x\r\n\r\n" % (api.session, query, version,
                                  length)).encode(), *data)


def get(b, api, vdi):
    answer = exchange(b, ("GET /export_raw_vdi?vdi=%s HTTP/1.0\r\n"
                          "Cookie: session_id=%s\r\n\r\n" %
                          (vdi, api.session)).encode())
    status(answer, 200)
    return answer.split(b"\r\n\r\n", 1)[1]


def ended(api, task):
    return until("the task", lambda: api("task.get_status", task) !=
                 "pending" and api("task.get_record", task))


def disks_stream_in_every_way():
    with Bench() as b:
        api = b.ready()
        vdi = b.vdi(api, 4 * MIB)
        data = os.urandom(4 * MIB)
        task = api("task.create", "import", "")
        q = "vdi=%s&format=raw&task_id=%s"
        status(put(b, api, q % (vdi, task), len(data), data), 200)
        record = ended(api, task)
        equal(record["status"], "success", "task")
        equal(record["result"], "<value>%s</value>" % vdi, "result")
        check(get(b, api, vdi) == data, "other bytes came back")
        status(put(b, api, "vdi=" + vdi, 0), 200,	# a probe
               b"\r\nConnection: close\r\n")
        check(get(b, api, vdi) == data, "the probe changed the disk")
        task = api("task.create", "1 PiB", "")
        put(b, api, q % (vdi, task), 1 << 50, data)
        equal(ended(api, task)["status"], "success", "1 PiB")
        task = api("task.create", "cut", "")
        put_cut(b, api, q % (vdi, task), data)
        record = ended(api, task)
        equal(record["error_info"][0], "VDI_IO_ERROR", "cut")
        task = api("task.create", "chunked", "")
        half = 2 * MIB
        put(b, api, q % (vdi, task) + "&chunked=true", None,
            struct.pack("<QI", half, half) + data[half:],
            struct.pack("<QI", 0, half) + data[:half],
            struct.pack("<QI", 0, 0))
        equal(ended(api, task)["status"], "success", "chunked")
        uuid = api("VDI.get_uuid", vdi)
        check(get(b, api, uuid) == data, "chunked bytes")
        task = api("task.create", "too much", "")
        put(b, api, q % (vdi, task), len(data) + 512, data, b"x" * 512)
        equal(ended(api, task)["error_info"][0], "VDI_IO_ERROR", "too much")
        count = len(api("VDI.get_all"))
        task = api("task.create", "new, cut", "")
        put_cut(b, api, "sr_id=%s&task_id=%s" % (b.sr(api), task), data)
        equal(ended(api, task)["status"], "failure", "new, cut")
        equal(len(api("VDI.get_all")), count, "disks after a failed import")
        task = api("task.create", "new", "")
        put(b, api, "sr_id=%s&task_id=%s" % (b.sr(api), task), len(data),
            data)
        new = ended(api, task)["result"][len("<value>"):-len("</value>")]
        check(get(b, api, new) == data, "new disk")
        with connect(b) as s:
            s.sendall(("PUT /import_raw_vdi?session_id=%s&vdi=%s HTTP/1.0\r\n"
                       "\r\n" % (api.session, vdi)).encode())
            status(s.recv(1000), 200)


def put_cut(b, api, query, data):
    with connect(b) as s:
        s.sendall(("PUT /import_raw_vdi?session_id=%s&%s HTTP/1.1\r\n"
                   "Host: x\r\nContent-Length: %d\r\n\r\n" % (
                       api.session, query, len(data))).encode() +
                  data[:MIB])


def a_transfer_that_stalls_is_cancelled():
    """Long before its client is given up; what it made goes, too."""
    with Bench() as b:
        api = b.ready()
        large = b.vdi(api, 64 * MIB)
        before = set(api("VDI.get_all"))
        b.control("delay vdi_destroy 1500")
        for head in ("PUT /import_raw_vdi?vdi=%s" % large,
                     "PUT /import_raw_vdi?chunked=true&vdi=%s" % large,
                     "PUT /import_raw_vdi?sr_id=%s" % b.sr(api),
                     "GET /export_raw_vdi?vdi=%s" % large):
            task = api("task.create", "stalls", "")
            with connect(b) as s:
                s.sendall(("%s&session_id=%s&task_id=%s HTTP/1.1\r\n"
                           "Host: x\r\nContent-Length: %d\r\n\r\n" % (
                               head, api.session, task, 8 * MIB)).encode() +
                          struct.pack("<QI", 0, 8 * MIB))
                until("the transfer", lambda: [
                    v for v in api("VDI.get_all")
                    if api("VDI.get_current_operations", v)])
                api("task.cancel", task)
                equal(ended(api, task)["status"], "cancelled", head)
            equal(set(api("VDI.get_all")), before, "disks")
            equal(api("VDI.get_current_operations", large), {}, "operations")


def a_blob_that_is_cut_is_what_it_was():
    with Bench() as b:
        api = b.ready()
        blob = api("pool.create_new_blob", api("pool.get_all")[0], "notes",
                   "text/plain", False)
        task = api("task.create", "cut", "")
        with connect(b) as s:
            s.sendall(("PUT /blob?ref=%s&session_id=%s&task_id=%s HTTP/1.1"
                       "\r\nHost: x\r\nContent-Length: 9\r\n\r\nhell" % (
                           blob, api.session, task)).encode())
        equal(ended(api, task)["error_info"],
              ["IMPORT_ERROR_PREMATURE_EOF"], "error")
        equal(api("blob.get_size", blob), "0", "size")


def streams_want_credentials():
    with Bench() as b:
        api = b.ready()
        basic = "GET /export_raw_vdi?vdi=%s HTTP/1.1\r\n" \
            "Host: x\r\nAuthorization: Basic %s\r\n\r\n"

        def coded(text):
            return base64.b64encode(text.encode()).decode()

        status(exchange(b, b"GET /export_raw_vdi?vdi=x HTTP/1.0\r\n\r\n"),
               401, b'WWW-Authenticate: Basic realm="get_export_raw_vdi"')
        status(exchange(b, (basic % ("x", coded("root:no"))).encode()), 401)
        status(exchange(b, (basic % ("x", coded("root:" + PASSWORD))
                            ).encode()), 400)
        vdi = b.vdi(api)
        status(exchange(b, (basic % (vdi, coded("root:" + PASSWORD))
                            ).encode()), 200)
        task = api("task.create", "refused", "")
        status(exchange(b, ("PUT /import_raw_vdi?vdi=%s&task_id=%s HTTP/1.1"
                            "\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" % (vdi, task)
                            ).encode()), 401)
        # A stranger changes nothing, not even a client's own task.
        equal(api("task.get_status", task), "pending", "task")
        # Nobody ends the task of a running operation.
        b.control("delay vm_start 600000")
        running = api("Async.VM.start", b.vm(api), False, False)
        status(exchange(b, ("GET /export_raw_vdi?vdi=%s&task_id=%s HTTP/1.0"
                            "\r\n\r\n" % (vdi, running)).encode()), 401)
        status(put(b, api, "vdi=%s&task_id=%s" % (vdi, running), 3, b"abc"),
               500)
        equal(api("task.get_status", running), "pending", "the start")
        api("task.cancel", running)
        equal(ended(api, running)["status"], "cancelled", "the start")
        status(put(b, api, "vdi=nothing", 3, b"abc"), 400)
        status(put(b, api, "vdi=%s&format=vmdk" % vdi, 3, b"abc"), 404)


def streams_of(b, api, vms, rest, n):
    """Opens n consoles of the VMs, each of which has few viewers, by CONNECT
    with that query or header; one more is refused."""
    asks = [("CONNECT /%s%s\r\n\r\n" % (
        api.console_path(vm), rest)).encode() for vm in vms]
    made = [connect(b) for _ in range(n)]
    for i, s in enumerate(made):
        s.sendall(asks[i % len(asks)])
        status(s.recv(1000), 200)
    status(exchange(b, asks[0]), 503)
    return made


def a_session_leaves_streams_to_others():
    with Bench() as b:
        api = b.ready()
        vms = [b.running(api, name="vm%d" % i) for i in range(5)]
        fds = "/proc/%d/fd" % b.xapi.pid
        before = len(os.listdir(fds))
        mine = streams_of(b, api, vms, "&session_id=%s HTTP/1.0" % api.session,
                          32)
        for s in mine[1:]:
            s.close()
        until("places", lambda: len(os.listdir(fds)) < before + 10, 30)
        basic = streams_of(b, api, vms, " HTTP/1.0\r\nAuthorization: Basic "
                           + base64.b64encode(("root:" + PASSWORD).encode()
                                              ).decode(), 32)
        b.login().console(vms[4]).sock.close()
        for s in mine[:1] + basic:
            s.close()


def closes(s):
    """How many bytes come until the server closes it."""
    s.settimeout(30)
    got = read_all(s)
    check(not got.endswith(b"<<TimeoutError>>"), "it is not closed")
    return len(got)


def a_session_takes_its_streams_along():
    with Bench() as b:
        api = b.ready()
        other = b.login()
        vm = b.running(api)
        vdi, big = b.vdi(api), b.vdi(api, 64 * MIB)
        mine, theirs = api.console(vm), other.console(vm)
        # Without a length: a client that hangs up would be done.
        up, down = connect(b), connect(b)
        task = other("task.create", "import", "")
        up.sendall(("PUT /import_raw_vdi?session_id=%s&vdi=%s&task_id=%s "
                    "HTTP/1.0\r\n\r\n" % (other.session, vdi, task)
                    ).encode() + b"x" * MIB)
        down.sendall(("GET /export_raw_vdi?session_id=%s&vdi=%s HTTP/1.0"
                      "\r\n\r\n" % (other.session, big)).encode())
        until("bytes", lambda: api("task.get_progress", task))
        status(down.recv(1000), 200)
        log_out(b, other)
        closes(theirs.sock)
        check(closes(down) < 64 * MIB, "the whole disk")
        closes(up)
        equal(ended(api, task)["error_info"], ["SESSION_INVALID",
                                               other.session], "error")
        until("locks", lambda: not any(
            api("VDI.get_current_operations", v) for v in (vdi, big)))
        mine.wait("I am up", 60)
        mine.type("hello there\n")
        mine.wait("hello there", 60)


def end_of(b, client):
    """xapi's end of a connection, and its number there."""
    pidfd = os.pidfd_open(b.xapi.pid)
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        for name in os.listdir("/proc/%d/fd" % b.xapi.pid):
            path = "/proc/%d/fd/%s" % (b.xapi.pid, name)
            if not os.readlink(path).startswith("socket:"):
                continue
            s = socket.socket(fileno=libc.syscall(
                SYS_PIDFD_GETFD, pidfd, int(name), 0))
            try:
                if s.getpeername()[1] == client.getsockname()[1]:
                    return s, int(name)
            except (OSError, IndexError):   # it listens, or is a unix socket
                pass
            s.close()
    finally:
        os.close(pidfd)
    raise Failed("no such connection")


def socket_of(b, client):
    return end_of(b, client)[0]


def watcher_of(b, client):
    """Which epoll of xapi looks at the connection; None: a worker has it."""
    s, number = end_of(b, client)
    s.close()
    folder = "/proc/%d/fdinfo" % b.xapi.pid
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError), \
                open(os.path.join(folder, name)) as f:
            if re.search(r"^tfd:\s+%d " % number, f.read(), re.M):
                return int(name)
    return None


def the_daemon_is_confined():
    """All its threads; what the confinement holds is test_confine's."""
    with Bench() as b:
        b.ready()
        tasks = "/proc/%d/task" % b.xapi.pid
        for thread in os.listdir(tasks):
            with open("%s/%s/status" % (tasks, thread)) as f:
                status_of = dict(line.split(":", 1) for line in f)
            equal(status_of["Seccomp"].strip(), "2", "Seccomp")
            equal(status_of["NoNewPrivs"].strip(), "1", "NoNewPrivs")


# Gives xapi the user it becomes, in a mount name space of its own.
AS_ROOT = '''mount -t tmpfs users "$1/etc" &&
cp /etc/passwd "$1/etc" && sed -i /^xapi:/d "$1/etc/passwd" &&
echo xapi:x:12345:12345::/:/bin/false >>"$1/etc/passwd" &&
mount --bind "$1/etc/passwd" /etc/passwd && shift && exec "$@"'''


def the_daemon_sees_its_own_folder_and_the_secrets_only():
    """As it is started on the appliance: by root, who is asked to let go."""
    with open(os.path.join(ROOT, "xapi-c/xapi/options.c")) as f:
        secret = re.search(r'secret_path = "/(state/.*)"', f.read())[1]
    with Bench() as b:
        b.kill_xapi()
        for name in ("etc", "state", "state/login", "state/other", "run"):
            os.mkdir(b.path(name))
        with open(b.path("xapi.log"), "wb") as log:
            b.xapi = subprocess.Popen(
                ["unshare", "-m", "sh", "-c", AS_ROOT, "sh", b.dir,
                 os.path.join(ROOT, "build/host/xapi"),
                 "--state", b.path("state/xapi"),
                 "--secret", b.path(secret),
                 "--xenops", b.path("run/xenops.sock"), "--listen-all",
                 "--http-port", str(b.http), "--https-port", str(b.https)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        b.until_up()
        inside = "/proc/%d/root%s" % (b.xapi.pid, b.dir)
        equal(sorted(os.listdir(inside)), ["run", "state"], "what it sees")
        equal(sorted(os.listdir(inside + "/state")), ["login", "xapi"],
              "what it sees of the state")
        with open("/proc/%d/status" % b.xapi.pid) as f:
            check("Uid:\t12345\t12345\t12345\t12345\n" in f.read(), "its user")


def clients_without_power_are_missed():
    """The kernel's own 2 hours and 11 minutes would hold a stream as long."""
    with Bench() as b:
        api = b.ready()
        console = api.console(b.running(api))
        idle = connect(b)
        for client in (console.sock, idle):
            with socket_of(b, client) as s:
                def tcp(name):
                    return s.getsockopt(socket.IPPROTO_TCP, name)
                check(s.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                      "no keep-alive")
                silent_s = tcp(socket.TCP_KEEPIDLE) + \
                    tcp(socket.TCP_KEEPINTVL) * tcp(socket.TCP_KEEPCNT)
                check(silent_s <= 300, "asked for %d s" % silent_s)
                check(0 < tcp(socket.TCP_USER_TIMEOUT) <= 300000,
                      "what is sent is never missed")


def resume(b, options):
    """Does a second TLS 1.2 connection go on with the first one's session?"""
    context = tls()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.options |= options
    address = ("127.0.0.1", b.https)
    with context.wrap_socket(socket.create_connection(address)) as s:
        session = s.session
    with context.wrap_socket(socket.create_connection(address),
                             session=session) as s:
        return s.session_reused


def tls_sessions_cost_the_server_nothing():
    with Bench() as b:
        check(resume(b, 0), "not resumed by a ticket")
        check(not resume(b, ssl.OP_NO_TICKET), "the server keeps sessions")


def silent_clients_make_room():
    with Bench() as b:
        b.ready()
        silent = [socket.create_connection(("127.0.0.1", b.https))
                  for _ in range(60)]
        b.login()		# a newcomer is served
        gone = 0
        for s in silent:
            s.settimeout(0.01)
            try:
                gone += s.recv(1) == b""
            except socket.timeout:
                pass
            except ConnectionResetError:
                gone += 1
            s.close()
        check(gone >= 28, "only %d were sent away" % gone)


def strangers(b, n, data=b""):
    """Plain connections to the HTTP port from so many addresses that none has
    more than its share, which have sent data."""
    made = []
    for i in range(n):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.bind(("127.0.1.%d" % (1 + i // 30), 0))
        s.connect(("127.0.0.1", b.http))
        s.sendall(data)
        s.setblocking(False)
        made.append(s)
    return made


def how_many(connections, is_so):
    """Of how many that is so for what can be read without waiting."""
    n = 0
    for s in connections:
        try:
            n += is_so(s.recv(1))
        except BlockingIOError:
            pass
        except ConnectionResetError:
            n += is_so(b"")
    return n


def allow_http(api):
    api("pool.set_https_only", api("pool.get_all")[0], False)


def strangers_hold_up_nobody():
    """Wrong passwords take long to look at, and there are many."""
    with Bench() as b:
        api = b.ready()
        allow_http(api)
        with open(b.path("secret"), "w") as f:
            f.write(subprocess.run(
                ["openssl", "passwd", "-6", "-salt", "rounds=500000$salty",
                 "-stdin"], check=True, input="x", capture_output=True,
                text=True).stdout)
        login = json.dumps({"method": "session.login_with_password", "id": 1,
                            "params": ["root", "wrong"]}).encode()
        crowd = strangers(b, 200, post(login, "/jsonrpc"))
        pool = api("pool.get_all")[0]
        for i in range(5):
            api("pool.add_to_other_config", pool, "key %d" % i, "")
        served = how_many(crowd, bool)
        check(served < 150, "%d strangers were served before" % served)
        for s in crowd:
            s.close()


LOGIN = {"method": "session.login_with_password", "id": 1}


def guess_from(b, address):
    """A connection from there that has sent a wrong password."""
    s = socket.socket()
    s.bind((address, 0))
    s.settimeout(30)
    s.connect(("127.0.0.1", b.http))
    s.sendall(post(json.dumps(dict(LOGIN, params=["root", "wrong"])).encode(),
                   "/jsonrpc"))
    return s


def a_flood_of_guesses_keeps_nobody_out():
    """From hundreds of addresses, more at a time than strangers may be."""
    with Bench() as b:
        allow_http(b.ready())
        crowd = ["127.0.%d.%d" % (2 + i // 100, 1 + i % 100)
                 for i in range(300)]
        for address in crowd:
            with guess_from(b, address) as s:
                status(read_all(s), 200)
        over = threading.Event()
        made = []

        def flood():
            while not over.is_set():
                made.append(guess_from(b, crowd[len(made) % len(crowd)]))
                if len(made) > 400:
                    made[len(made) - 401].close()
        guesser = threading.Thread(target=flood)
        guesser.start()
        try:
            until("the flood", lambda: len(made) > 300)
            for i in range(20):
                answer = exchange(b, post(json.dumps(dict(
                    LOGIN, params=["root", PASSWORD])).encode(), "/jsonrpc"),
                    plain=True)
                status(answer, 200, b"OpaqueRef:")
        finally:
            over.set()
            guesser.join()
            for s in made:
                s.close()


def strangers_hold_no_stream():
    with Bench() as b:
        api = b.ready()
        allow_http(api)
        vdi = b.vdi(api, MIB)
        crowd = strangers(b, 120, b"GET /export_raw_vdi?vdi=%s&session_id="
                          b"OpaqueRef:0 HTTP/1.0\r\n\r\n" % vdi.encode())
        equal(len(get(b, api, vdi)), MIB, "bytes of the disk")
        for s in crowd:
            s.close()


def strangers_are_few_and_the_oldest_go():
    """Neither those who say nothing nor those who do not read what they asked
    for keep a newcomer out."""
    with Bench() as b:
        allow_http(b.ready())
        silent = strangers(b, 288)
        b.login()
        gone = how_many(silent, lambda data: not data)
        check(32 <= gone <= 40, "%d of 288 were sent away" % gone)
        for s in silent:
            s.close()
        deaf = strangers(b, 288, post(LIST, headers="") * 40)
        b.login()
        for s in deaf:
            s.close()
        equal(b.xapi.poll(), None, "xapi")


def descriptors_may_be_few():
    with Bench() as b:
        b.ready()
        b.kill_xapi()
        b.start_xapi(limits=(64, 300))
        with open("/proc/%d/limits" % b.xapi.pid) as f:
            files = [line.split() for line in f
                     if line.startswith("Max open files")][0]
        equal(files[3:5], ["300", "300"], "limits of xapi")
        api = b.login()
        silent = strangers(b, 240)
        b.vdi(b.login())
        gone = how_many(silent, lambda data: not data)
        check(gone >= 90, "only %d were sent away" % gone)
        equal(len(api("VDI.get_all")), 1, "disks")
        for s in silent:
            s.close()


def pipelined_calls_are_all_answered():
    with Bench() as b:
        api = b.ready()
        allow_http(api)
        calls = b"".join(post(json.dumps({
            "jsonrpc": "2.0", "method": "pool.get_uuid", "id": i,
            "params": [api.session, api("pool.get_all")[0]]}).encode(),
            "/jsonrpc", headers="") for i in range(300))
        for plain in (False, True):
            answer = exchange(b, calls + post(LIST), plain=plain)
            ids = re.findall(rb'"id":(\d+)}', answer)
            equal(ids, [b"%d" % i for i in range(300)], "replies")


def half_requests_are_answered():
    with Bench() as b:
        allow_http(b.ready())
        for data in (b"GET / HTTP/1.1\r\nHo", post(LIST)[:-20],
                     post(LIST, headers="") + post(LIST)[:30]):
            with connect(b, plain=True) as s:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
                answer = read_all(s)
            check(b"HTTP/1.1 400 " in answer, "%r" % answer[-300:])
        with connect(b) as s:
            s.sendall(post(LIST)[:-20])
            socket.socket.shutdown(s, socket.SHUT_WR)	# without goodbye
            status(read_all(s), 400)
        with connect(b, plain=True) as s:
            s.sendall(post(LIST, headers=""))
            s.shutdown(socket.SHUT_WR)
            answer = read_all(s)
            status(answer, 200)
            check(b" 400 " not in answer, "400 after a whole request")


def many_wait_and_slow_readers_hold_nobody_up():
    with Bench() as b:
        api = b.ready()
        pool = api("pool.get_all")[0]
        token = api("event.from", ["*"], api("event.inject", "pool", pool),
                    10.0)["token"]
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "event.from",
                           "params": [api.session, ["pool"], token, 60]})
        parked = []
        for _ in range(200):
            s = connect(b)
            s.sendall(post(body.encode(), "/jsonrpc", headers=""))
            parked.append(s)
        call = json.dumps({"method": "role.get_all_records", "id": 1,
                           "params": [api.session]}).encode()
        slow = []
        for _ in range(20):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", b.https))
            s = tls().wrap_socket(s)
            s.settimeout(30)
            s.sendall(post(call, "/jsonrpc", headers="") * 20)
            slow.append(s)
        start = time.monotonic()
        for _ in range(20):
            api("pool.get_all")
        check(time.monotonic() - start < 5, "others wait")
        api("pool.add_to_other_config", pool, "wake", "up")
        for s in parked:
            check(b"200 OK" in s.recv(1000), "not woken")
            s.close()
        mark, got, replies = b'"error":null', b"", 0
        while replies < 20:
            more = slow[0].recv(65536)
            check(more, "the slow reader lost its replies")
            got = got[1 - len(mark):] + more
            replies += got.count(mark)
        for s in slow:
            s.close()
        equal(b.xapi.poll(), None, "xapi")


def call(session, method, *params):
    return post(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                            "params": [session, *params]}).encode(),
                "/jsonrpc", headers="")


def known(b, session, n, data):
    """n connections that have shown a session, and then sent data."""
    crowd = []
    for _ in range(n):
        s = connect(b, plain=True)
        s.sendall(call(session, "pool.get_all"))
        check(b"200 OK" in s.recv(4096), "the session is not known")
        crowd.append(s)
    for s in crowd:
        s.sendall(data)
    return crowd


def answers(s, n):
    """The bodies of n replies, and what came behind them."""
    got, bodies = b"", []
    while len(bodies) < n:
        head, found, rest = got.partition(b"\r\n\r\n")
        size = re.search(rb"Content-Length: (\d+)", head)
        if found and len(rest) >= int(size[1]):
            bodies.append(json.loads(rest[:int(size[1])]))
            got = rest[int(size[1]):]
            continue
        more = s.recv(65536)
        check(more, "%d of %d replies came" % (len(bodies), n))
        got += more
    return bodies


def asks(b, api, plain=False):
    """A connection that asks one small thing after the other, and so is a
    reader's; the request; and who watches those that do not."""
    getter = call(api.session, "pool.get_uuid", api("pool.get_all")[0])
    with connect(b) as idle:
        own = watcher_of(b, idle)
    s = connect(b, plain)

    def lent():
        s.sendall(getter)
        check("result" in answers(s, 1)[0], "no result")
        return watcher_of(b, s) not in (own, None)

    until("a reader", lent)
    return s, getter, own


def who_asks_much_may_ask_for_anything():
    """What a reader does not answer goes where it belongs, in order."""
    with Bench() as b:
        api = b.ready()
        allow_http(api)
        pool = api("pool.get_all")[0]
        write = call(api.session, "pool.set_name_label", pool, "new name")
        read = call(api.session, "pool.get_name_label", pool)
        for plain in (False, True):
            s, getter, own = asks(b, api, plain)
            s.sendall(getter * 3 + write + read + getter[:-30])
            values = [x["result"] for x in answers(s, 5)]
            equal(values[:3], [api("pool.get_uuid", pool)] * 3, "before")
            equal(values[3:], ["", "new name"], "a write, and after it")
            s.sendall(getter[-30:] + getter * 100)
            equal([x["result"] for x in answers(s, 101)], values[:1] * 101,
                  "the rest")
            s.close()
            s, getter, own = asks(b, api, plain)
            until("its return", lambda: watcher_of(b, s) == own)
            s.sendall(getter)
            equal(answers(s, 1)[0]["result"], values[0], "after a pause")
            s.close()
            s, getter, own = asks(b, api, plain)
            s.sendall(b"GET /\0 HTTP/1.1\r\n\r\n")
            status(read_all(s), 400)
            s.close()
            s, getter, own = asks(b, api, plain)
            s.sendall(getter + b"GET /app.css HTTP/1.0\r\n\r\n")
            status(read_all(s), 200, b"text/css")
            s.close()
            s, getter, own = asks(b, api, plain)
            s.sendall(call(api.session, "no.message"))
            equal(answers(s, 1)[0]["error"]["message"],
                  "MESSAGE_METHOD_UNKNOWN", "an unknown message")
            s.close()
            big = call(api.session, "pool.get_by_uuid", "x" * 20000)
            s, getter, own = asks(b, api, plain)
            s.sendall(big)
            equal(answers(s, 1)[0]["error"]["message"], "UUID_INVALID",
                  "a long request")
            s.close()


def who_asks_much_meets_what_others_change():
    with Bench() as b:
        api = b.ready()
        allow_http(api)
        pool = api("pool.get_all")[0]
        token = api("event.from", ["pool"], "", 10.0)["token"]
        s, getter, _ = asks(b, api)
        s.sendall(call(api.session, "event.from", ["pool"], token, 60.0))
        until("the wait", lambda: watcher_of(b, s) is not None)
        api("pool.set_name_label", pool, "news")
        equal(answers(s, 1)[0]["result"]["events"][0]["snapshot"][
            "name_label"], "news", "the event")
        other = b.login()
        gone, getter, _ = asks(b, other)
        other("session.logout")
        gone.sendall(getter)
        equal(answers(gone, 1)[0]["error"]["message"], "SESSION_INVALID",
              "after the logout")
        plain, getter, _ = asks(b, api, plain=True)
        api("pool.set_https_only", pool, True)
        plain.sendall(getter)
        status(read_all(plain), 403)
        left, _, _ = asks(b, api)
        name = left.getsockname()
        left.close()
        until("the end", lambda: name[1] not in peers(b))


def peers(b):
    with open("/proc/net/tcp") as four, open("/proc/net/tcp6") as six:
        rows = [line.split() for f in (four, six) for line in f][1:]
    return {int(r[2].rsplit(":", 1)[1], 16) for r in rows
            if r[3] == "01" and r[1].endswith(":%04X" % b.https)}


def more_ask_much_than_readers_take():
    with Bench() as b:
        api = b.ready()
        allow_http(api)
        getter = call(api.session, "pool.get_uuid", api("pool.get_all")[0])
        crowd = known(b, api.session, 4 * 64 + 40, getter)
        for _ in range(6):
            for s in crowd:
                check("result" in answers(s, 1)[0], "no result")
                s.sendall(getter)
        for s in crowd:
            check("result" in answers(s, 1)[0], "no result")
            s.close()
        asks(b, api)[0].close()         # there is room again


def a_session_leaves_threads_to_others():
    """Its calls wait long for a VM that is busy, and are more than all the
    threads that there are."""
    with Bench() as b:
        api = b.ready()
        allow_http(api)
        vm = b.running(api, shutdown="ignore")
        api("Async.VM.clean_shutdown", vm)
        until("the shutdown to begin",
              lambda: api("VM.get_current_operations", vm))
        other = b.login()
        crowd = known(b, api.session, 160,
                      call(api.session, "VM.clean_shutdown", vm))
        start = time.monotonic()
        for _ in range(3):
            other("VM.get_by_name_label", "guest")
            other("network.get_all_records")
            other("task.create", "mine", "")
            b.login()
        check(time.monotonic() - start < 5, "others wait for threads")
        for s in crowd:
            s.close()


def calls_beyond_a_share_are_all_served():
    with Bench() as b:
        api = b.ready()
        allow_http(api)
        vms = [b.running(api, name="vm%d" % i, shutdown="slow")
               for i in range(2)]
        crowd = known(b, api.session, 70, call(
            api.session, "VM.assert_operation_valid", vms[0],
            "clean_shutdown"))
        crowd += known(b, api.session, 70, call(
            api.session, "VM.clean_shutdown", vms[1]))
        for s in crowd:
            check(b"200 OK" in s.recv(4096), "a call got no reply")
            s.close()


def those_who_wait_make_room():
    """A session that waits on every connection that there may be does not keep
    others out."""
    with Bench() as b:
        b.ready()
        b.kill_xapi()
        b.start_xapi(limits=(64, 500))
        api, other = b.login(), b.login()
        allow_http(api)
        pool = other("pool.get_all")[0]
        token = other("event.from", ["*"], other("event.inject", "pool", pool),
                      10.0)["token"]
        lone = known(b, other.session, 1, call(
            other.session, "event.from", ["pool"], token, 600))[0]
        wait = call(api.session, "event.from", ["sr"], token, 600)
        crowd = []
        for _ in range(260):
            crowd += known(b, api.session, 1, wait)
        newcomer = b.login()
        newcomer("pool.add_to_other_config", pool, "wake", "up")
        lone.settimeout(10)
        check(b"200 OK" in lone.recv(4096), "the lone one was sent away")
        for s in crowd:
            s.close()


def half_bodies_of_sessions_are_bounded():
    with Bench() as b:
        api = b.ready()
        allow_http(api)
        half = post(b"", "/jsonrpc", headers="", length=300000) + b" " * 290000
        before = memory(b)
        crowd = known(b, api.session, 500, half)
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            api("pool.get_all")
            grown = memory(b) - before
            check(grown < 80 * MIB, "%d MiB were taken" % (grown // MIB))
        for s in crowd:
            s.close()


def replies_that_nobody_takes_are_bounded():
    with Bench() as b:
        api = b.ready()
        allow_http(api)
        fds = "/proc/%d/fd" % b.xapi.pid
        before = len(os.listdir(fds))
        everything = post(xmlrpc.client.dumps(
            (api.session, ["*"], "", 0.0), "event.from").encode(), headers="")
        crowd = []
        for _ in range(500):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            s.connect(("127.0.0.1", b.http))
            s.sendall(call(api.session, "pool.get_all"))
            check(b"200 OK" in s.recv(4096), "the session is not known")
            crowd.append(s)
        for s in crowd:
            s.sendall(everything * 30)
        until("some to be sent away",
              lambda: len(os.listdir(fds)) < before + 450, 40)
        api("pool.get_all")
        for s in crowd:
            s.close()


def memory(b):
    with open("/proc/%d/statm" % b.xapi.pid) as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def no_field_grows_without_end():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        for add, remove, args in (
                ("VM.add_to_other_config", "VM.remove_from_other_config",
                 ("v" * 100000,)),
                ("VM.add_tags", "VM.remove_tags", ())):
            word = "k" * (10 if args else 100000)
            for i in range(3):
                api(add, vm, word + str(i), *args)
            refused("INVALID_VALUE", api, add, vm, word + "3", *args)
            api(remove, vm, word + "0")
            api(add, vm, word + "3", *args)
        task = api("task.create", "mine", "")
        api("task.set_other_config", task, {"k": "v" * 4000})
        refused("INVALID_VALUE", api, "task.set_other_config", task,
                {"k": "v" * 5000})
        refused("INVALID_VALUE", api, "task.add_to_other_config", task, "l",
                "v" * 200)
        for field, value in (("result", "v" * 5000), ("error_info",
                                                      ["v" * 500] * 10)):
            refused("INVALID_VALUE", api, "task.set_" + field, task, value)


def tasks_that_wait_take_little():
    """As many as there may be, as large as a message may be."""
    with Bench() as b:
        api = b.ready()
        allow_http(api)
        vm = b.running(api, shutdown="ignore")
        vdi = b.vdi(api)
        for _ in range(70):
            api("Async.VM.clean_shutdown", vm)
        before = memory(b)
        large = call(api.session, "Async.VDI.snapshot", vdi,
                     {"k": "v" * 280000})
        with connect(b, plain=True) as s:
            for _ in range(100):
                s.sendall(large)
                answer = s.recv(4096)
        check(b"TOO_MANY_PENDING_TASKS" in answer, "%r" % answer)
        grown = memory(b) - before
        check(grown < 16 * MIB, "%d MiB were taken" % (grown // MIB))
        other = b.login()
        other.run("VDI.snapshot", vdi, {"k": "v" * 280000})


def frames(opcode, payload, n):
    """n WebSocket frames of a client, with a mask of zeros."""
    return n * (bytes([0x80 | opcode, 0x80 | len(payload)]) + bytes(4) +
                payload)


def a_client_that_leaves_a_deaf_console_is_missed():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api, console="deaf")
        fds = "/proc/%d/fd" % b.xapi.pid
        before = len(os.listdir(fds))
        console = api.console(vm)
        check(len(os.listdir(fds)) > before, "no descriptor for a console")
        console.sock.sendall(frames(2, b"x" * 100, 300))
        console.sock.close()
        until("the console to be closed",
              lambda: len(os.listdir(fds)) <= before, 30)


def pings_whose_answers_nobody_reads_are_not_taken():
    with Bench() as b:
        api = b.ready()
        console = api.console(b.running(api))
        console.wait("I am up")
        pings = frames(9, b"p" * 125, 8000)
        console.sock.settimeout(2)
        try:
            for _ in range(64):
                console.sock.sendall(pings)
            check(False, "64 MiB of PINGs were taken")
        except socket.timeout:
            pass
        for _ in range(1000):
            console._frame()
        equal(b.xapi.poll(), None, "xapi")


if __name__ == "__main__":
    sys.exit(main([
        heads_are_read_as_xenapi_hosts_do, pages_are_served,
        bad_bodies_get_status_500_and_nothing_more,
        ambiguous_bodies_end_the_connection,
        stalled_requests_time_out,
        envelopes_follow_the_version_asked_for,
        texts_read_back_as_they_were_acknowledged,
        plain_http_serves_calls_once_it_may,
        events_wake_those_who_wait, a_registered_session_is_told_what_is_next,
        a_token_is_good_after_a_restart,
        disks_stream_in_every_way, a_transfer_that_stalls_is_cancelled,
        updates_are_uploaded,
        a_blob_that_is_cut_is_what_it_was, streams_want_credentials,
        a_session_leaves_streams_to_others, a_session_takes_its_streams_along,
        clients_without_power_are_missed,
        the_daemon_is_confined,
        the_daemon_sees_its_own_folder_and_the_secrets_only,
        tls_sessions_cost_the_server_nothing,
        silent_clients_make_room,
        strangers_hold_up_nobody,
        a_flood_of_guesses_keeps_nobody_out,
        strangers_hold_no_stream,
        strangers_are_few_and_the_oldest_go,
        descriptors_may_be_few,
        pipelined_calls_are_all_answered,
        half_requests_are_answered,
        many_wait_and_slow_readers_hold_nobody_up,
        who_asks_much_may_ask_for_anything,
        who_asks_much_meets_what_others_change,
        more_ask_much_than_readers_take,
        a_session_leaves_threads_to_others,
        calls_beyond_a_share_are_all_served,
        those_who_wait_make_room,
        half_bodies_of_sessions_are_bounded,
        replies_that_nobody_takes_are_bounded,
        no_field_grows_without_end, tasks_that_wait_take_little,
        a_client_that_leaves_a_deaf_console_is_missed,
        pings_whose_answers_nobody_reads_are_not_taken,
    ]))
