"""curl against every HTTP handler that it can ask; the routes are read from
xapi's own table, so that none is forgotten.
"""

import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "scenario"))

from bench import MIB, PASSWORD, Bench, check, equal, until  # noqa: E402

ROUTES = os.path.join(HERE, "../../xapi-c/http/route.c")


def routes():
    """{(method, path)}: all but tunnels, for which curl wants a host's name,
    and the pages that answer for whole methods."""
    with open(ROUTES) as f:
        text = f.read()
    found = set(re.findall(r'HTTP_([A-Z]+), "(/[^"]*)"', text))
    found |= {("POST", path) for path in re.findall(r'RPC\("([^"]*)"', text)}
    return {r for r in found if r[0] != "CONNECT"}


class Curl:
    def __init__(self, b):
        self.b, self.asked = b, set()

    def argv(self, path, *options):
        return ["curl", "-sSk", "--max-time", "60", *options,
                "https://127.0.0.1:%d%s" % (self.b.https, path)]

    def __call__(self, method, path, want=200, *options, data=None):
        """The body of the answer, whose status must be that one."""
        self.asked.add((method, path.split("?")[0]))
        with open(self.b.path("sent"), "wb") as f:
            f.write(data or b"")
        upload = {"PUT": ["-T", self.b.path("sent")],
                  "POST": ["--data-binary", "@" + self.b.path("sent")]}
        done = subprocess.run(
            self.argv(path, "-X", method, "-o", self.b.path("body"), "-w",
                      "%{http_code}", *upload.get(method, []), *options),
            capture_output=True, timeout=90)
        check(done.returncode == 0, "%s %s: %s" % (
            method, path, done.stderr.decode()))
        with open(self.b.path("body"), "rb") as f:
            body = f.read()
        check(int(done.stdout) == want, "%s %s: %s %r" % (
            method, path, done.stdout.decode(), body[:200]))
        return body


def basic(name="root"):
    return "-u", "%s:%s" % (name, PASSWORD)


def calls(curl, session):
    is_alive = {"jsonrpc": "2.0", "id": 1, "method": "pool.get_all",
                "params": [session]}
    body = curl("POST", "/jsonrpc", 200, "-H",
                "Content-Type: application/json",
                data=json.dumps(is_alive).encode())
    equal(len(json.loads(body)["result"]), 1, "pools")
    check(b"Success" in curl(
        "POST", "/", 200, "-H", "Content-Type: text/xml", data=b"""<?xml
        version='1.0'?><methodCall><methodName>pool.get_all</methodName><params>
        <param><value><string>%s</string></value></param></params></methodCall>
        """ % session.encode()), "XML-RPC")
    curl("OPTIONS", "/")
    check(b"<html" in curl("GET", "/").lower(), "the host's page")
    # the protocol of xe, which begins without a head
    check(curl("POST", "/cli", 0, "--http0.9").startswith(b"XenSource"), "xe")
    curl("POST", "/services", 404)
    curl("POST", "/remote_db_access", 404)
    curl("PUT", "/", 403)


def disks(curl, b, api):
    vdi = b.vdi(api, 4 * MIB)
    data = os.urandom(4 * MIB)
    query = "?vdi=%s&session_id=%s" % (api("VDI.get_uuid", vdi), api.session)
    curl("PUT", "/import_raw_vdi" + query, data=data)
    equal(curl("GET", "/export_raw_vdi" + query) == data, True, "the disk")


def metrics(curl, api, vm):
    uuid = "?uuid=" + api("VM.get_uuid", vm)
    until("samples", lambda: b"_vm_cpu" in curl(
        "GET", "/metrics", 200, *basic()))
    # curl takes anything, which is JSON, unless it is told otherwise
    xml = (*basic(), "-H", "Accept: text/xml")
    updates = "/rrd_updates?start=0&host=true"
    check(b"<xport" in curl("GET", updates, 200, *xml), "updates")
    check("meta" in json.loads(curl("GET", updates, 200, *basic())), "JSON")
    for path in ("/host_rrd", "/host_rrds", "/vm_rrd" + uuid,
                 "/vm_rrds" + uuid):
        check(b"<rrd" in curl("GET", path, 200, *xml), path)
    curl("GET", "/sr_rrd?uuid=" + api("SR.get_uuid", api("SR.get_all")[0]),
         200, *basic())


def blobs(curl, api):
    blob = api("pool.create_new_blob", api("pool.get_all")[0], "notes",
               "text/plain", False)
    query = "?ref=%s&session_id=%s" % (blob, api.session)
    curl("PUT", "/blob" + query, data=b"some bytes")
    equal(curl("GET", "/blob" + query), b"some bytes", "the blob")


def administration(curl):
    check(b"pool.create_new_blob" in curl("GET", "/audit_log", 200, *basic()),
          "audit log")
    for path in ("/system-status?output=tar", "/host_logs_download"):
        curl("GET", path, 200, *basic())
        names = subprocess.run(["tar", "-tf", curl.b.path("body")], check=True,
                               capture_output=True, text=True).stdout
        check("host-status/xapi.log\n" in names, names)
    dump = curl("GET", "/pool/xmldbdump", 200, *basic())
    curl("PUT", "/pool/xmldbdump?dry_run=true", 200, *basic(), data=dump)
    # the simulator has no programs for these
    for method, path in (("PUT", "/update"), ("PUT", "/pack"),
                         ("GET", "/host_backup"),
                         ("PUT", "/host_restore")):
        check(b"OPERATION_NOT_ALLOWED" in curl(method, path, 500, *basic(),
                                               data=b"bytes"), path)


def console(curl, api, vm):
    """curl asks for a WebSocket, and is given one."""
    path = "/" + api("console.get_location", api("VM.get_consoles", vm)[0]
                     ).split("/", 3)[3]
    viewer = subprocess.Popen(curl.argv(
        path, "-N", "-i", "--http1.1", *basic(), "-H", "Upgrade: websocket",
        "-H", "Connection: Upgrade", "-H", "Sec-WebSocket-Version: 13", "-H",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "-H",
        "Sec-WebSocket-Protocol: binary"), stdout=subprocess.PIPE)
    curl.asked.add(("GET", "/console"))
    try:
        head = viewer.stdout.readline()
        check(b" 101 " in head, repr(head))
    finally:
        viewer.kill()
        viewer.wait()
        viewer.stdout.close()


def picture(curl, api, vm):
    data = curl("GET", "/vncsnapshot?uuid=" + api("VM.get_uuid", vm), 200,
                *basic())
    check(data.startswith(b"\xff\xd8\xff"), "no JPEG: %r" % data[:40])


def strangers(curl):
    """Nothing is served to who shows nothing, or a wrong password."""
    for path in ("/metrics", "/audit_log", "/host_backup", "/host_rrd"):
        curl("GET", path, 401)
        curl("GET", path, 401, "-u", "root:wrong")


def main():
    with Bench() as b:
        api, curl = b.ready(), Curl(b)
        try:
            vm = b.running(api)
            calls(curl, api.session)
            disks(curl, b, api)
            blobs(curl, api)
            metrics(curl, api, vm)
            console(curl, api, vm)
            picture(curl, api, vm)
            administration(curl)
            strangers(curl)
            equal(routes() - curl.asked, set(), "handlers not asked")
        except Exception as e:  # every kind of failure is one line
            print("FAIL clients curl: %s" % e)
            return 1
    print("PASS clients curl: every handler")
    return 0
