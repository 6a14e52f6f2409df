"""The speed of the API on the simulator, each figure against a peer or a limit
measured in the same run.

	bench_api.py FOLDER-WITH-PROGRAMS [MEASURE...]

The peers: the bytes of a reply sent as one static file over the same TLS
library, and by nginx from its configuration; libvirt's virDomainGetInfo over
plain TCP against its test driver; an idle xapi.  Absolute times are of this machine; the ratios are what counts.
Exits with 1 when a goal is missed.
"""

import contextlib
import http.client
import json
import os
import resource
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "scenario"))
sys.path.insert(0, os.path.join(ROOT, "tests", "appliance"))

from api import Api, tls  # noqa: E402
from bench import Bench, free_ports, until  # noqa: E402

PROGRAMS = sys.argv[1]
POLLERS, PARKED, STARTS, RESTARTS = 80, 500, 30, 3
GUESTS, SAMPLED_S = 100, 30

missed = []


def row(what, value, goal, good):
    if not good:
        missed.append(what)
    print("  %-58s %14s   goal %-10s %s" % (
        what, value, goal, "ok" if good else "MISSED"), flush=True)


def rpc(api, method, *args):
    return json.dumps({"jsonrpc": "2.0", "method": method, "id": 1,
                       "params": [api.session, *args]})


def xml_call(api, method):
    return ("<methodCall><methodName>%s</methodName><params><param><value>%s"
            "</value></param></params></methodCall>" % (method, api.session))


def populated(vms):
    """A folder with the database of that many VMs, 2 disks and a NIC each,
    of today's schema."""
    folder = os.path.join(PROGRAMS, "db%d" % vms)
    made = os.path.join(folder, "state.db")
    maker = os.path.join(PROGRAMS, "bench_db")
    if not os.path.exists(made) or \
            os.path.getmtime(made) < os.path.getmtime(maker):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        # its status is about goals of its own
        subprocess.run([maker, folder, str(vms)], stdout=subprocess.DEVNULL)
        os.rename(os.path.join(folder, "bench.db"), made)
    return folder


class MuslBench(Bench):
    """With the xapi of the appliance, which is a static program."""

    built = {"xapi": "musl"}


@contextlib.contextmanager
def server(vms, kind=Bench):
    """xapi over that database; (bench, session, seconds to first answer)."""
    with kind() as b:
        if vms:
            b.kill_xapi()
            source = populated(vms)
            for name in os.listdir(b.path("xapi")):
                if name.startswith("state.db"):
                    os.unlink(b.path("xapi/" + name))
            shutil.copy(os.path.join(source, "state.db"),
                        b.path("xapi/state.db"))
            start = time.monotonic()
            b.start_xapi()
            up = time.monotonic() - start
        yield b, b.ready(), up if vms else 0


def load(port, clients, seconds, body, path="/jsonrpc", plain=False):
    """requests/s, median and 99th percentile in us, bytes of a reply."""
    with tempfile.NamedTemporaryFile("w") as f:
        f.write(body)
        f.flush()
        out = subprocess.run(
            [os.path.join(PROGRAMS, "load"), str(port), str(clients),
             str(seconds), path, f.name] + ["plain"] * plain, check=True, capture_output=True,
            text=True).stdout
    return [float(x) for x in out.split()]


def resident_kib(pid):
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) for line in f
                    if line.startswith("VmRSS"))


def cpu_s(pid):
    """Of the process and, if it is nginx's first, its workers."""
    used = 0
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        pids = [pid, *map(int, f.read().split())]
    for pid in pids:
        with open("/proc/%d/stat" % pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


class StaticFile(threading.Thread):
    """Sends the same bytes for every request, over TLS, connection kept."""

    def __init__(self, pem, size):
        super().__init__(daemon=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pem)
        self.reply = (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
                      + os.urandom(size))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            conn, _ = self.listener.accept()
            with contextlib.suppress(OSError), \
                    self.context.wrap_socket(conn, server_side=True) as s:
                while self.take_request(s):
                    s.sendall(self.reply)

    @staticmethod
    def take_request(s):
        data = b""
        while b"\r\n\r\n" not in data:
            more = s.recv(65536)
            if not more:
                return False
            data += more
        return True


def restart(vms):
    times = []
    for _ in range(RESTARTS):
        with server(vms) as (_, _, up):
            times.append(up)
    up = statistics.median(times)
    row("restart with %d VMs to the first answer" % vms, "%.2f s" % up,
        "<= 1 s", up <= 1)


def full_records(vms):
    with server(vms) as (b, api, _):
        json_body = rpc(api, "VM.get_all_records")
        xml_body = xml_call(api, "VM.get_all_records")
        for name, body, path in (("JSON-RPC", json_body, "/jsonrpc"),
                                 ("XML-RPC", xml_body, "/RPC2")):
            load(b.https, 1, 1, body, path)
            cpu = cpu_s(b.xapi.pid)
            rate, median, _, size = load(b.https, 1, 4, body, path)
            cpu = (cpu_s(b.xapi.pid) - cpu) / (rate * 4)
            peer = StaticFile(b.path("xapi/server.pem"), int(size))
            _, static, _, _ = load(peer.port, 1, 4, "")
            row("all records of %d VMs, %s, %.1f MB: %.1f ms to the last byte"
                % (vms, name, size / 1e6, median / 1000),
                "%.2f x file" % (median / static), "<= 2 x",
                median / static <= 2)
            # Not wall time: that is the client's, who decrypts it.
            row("  of which the server computes", "%.1f ms" % (cpu * 1000),
                "<= %d ms" % (vms // 50), cpu * 1000 <= vms // 50)


def memory(vms):
    """Of the program that ships, and for comparison that of this machine."""
    for kind, name in ((MuslBench, "musl"), (Bench, "glibc")):
        with server(vms, kind) as (b, api, _):
            load(b.https, 2, 1, rpc(api, "VM.get_all_records"))
            load(b.https, 2, 1, xml_call(api, "VM.get_all_records"), "/RPC2")
            mib = resident_kib(b.xapi.pid) / 1024
            row("resident memory with %d VMs, both forms made, %s" % (
                vms, name), "%.1f MiB" % mib,
                "<= 48 MiB" if kind is MuslBench else "none",
                mib <= 48 or kind is Bench)


def sampling():
    """What the 5-second samples of running guests cost; nobody asks for any."""
    with server(0) as (b, api, _):
        for i in range(GUESTS):
            b.running(api, name="v%d" % i)
        pids = {"xapi": b.xapi.pid, "simulator": b.sim.pid}
        before = {name: cpu_s(pid) for name, pid in pids.items()}
        time.sleep(SAMPLED_S)
        for name, goal in (("xapi", True), ("simulator", False)):
            percent = (cpu_s(pids[name]) - before[name]) / SAMPLED_S * 100
            row("%d guests sampled, CPU of %s" % (GUESTS, name),
                "%.2f %%" % percent, "<= 2 %" if goal else "none",
                percent <= 2 or not goal)


@contextlib.contextmanager
def nginx(pem, body):
    """nginx that answers everything with that body, over TLS; its port and
    process."""
    with tempfile.TemporaryDirectory(dir="/tmp") as d:
        port, = free_ports(1)
        conf = os.path.join(d, "conf")
        with open(conf, "w") as f:
            f.write("""
daemon off; pid %(d)s/pid; error_log stderr; worker_processes auto;
events { }
http {
    access_log off; keepalive_requests 1000000000; keepalive_timeout 600;
    client_body_temp_path %(d)s/a; proxy_temp_path %(d)s/b;
    fastcgi_temp_path %(d)s/c; uwsgi_temp_path %(d)s/d; scgi_temp_path %(d)s/e;
    server {
        listen 127.0.0.1:%(port)d ssl;
        ssl_certificate %(pem)s; ssl_certificate_key %(pem)s;
        ssl_protocols TLSv1.2 TLSv1.3;
        location / { default_type application/json; return 200 '%(body)s'; }
    }
}
""" % {"d": d, "port": port, "pem": pem, "body": body})
        daemon = subprocess.Popen(["/usr/sbin/nginx", "-c", conf, "-p", d],
                                  stderr=subprocess.DEVNULL)
        try:
            until("nginx", lambda: listens(port))
            yield port, daemon.pid
        finally:
            daemon.terminate()
            daemon.wait()


def listens(port):
    with contextlib.suppress(OSError), \
            socket.create_connection(("127.0.0.1", port), 1):
        return True


@contextlib.contextmanager
def libvirt():
    """libvirtd with its test driver on plain TCP, run as nobody; its port."""
    with tempfile.TemporaryDirectory(dir="/tmp") as d:
        port, = free_ports(1)
        with open(os.path.join(d, "conf"), "w") as f:
            f.write('listen_tls = 0\nlisten_tcp = 1\ntcp_port = "%d"\n'
                    'listen_addr = "127.0.0.1"\nauth_tcp = "none"\n' % port)
        if os.getuid() == 0:
            shutil.chown(d, "nobody")
        daemon = subprocess.Popen(
            ["/usr/sbin/libvirtd", "--listen", "--config", d + "/conf",
             "--pid-file", d + "/pid"], cwd=d,
            user="nobody" if os.getuid() == 0 else None,
            env={"HOME": d, "XDG_RUNTIME_DIR": d, "PATH": os.environ["PATH"]},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until("libvirtd", lambda: listens(port))
            yield port, daemon.pid
        finally:
            daemon.kill()
            daemon.wait()


def libvirt_rate(port, clients):
    return float(subprocess.run(
        [os.path.join(PROGRAMS, "load_libvirt"),
         "test+tcp://127.0.0.1:%d/default" % port, str(clients), "4"],
        check=True, capture_output=True, text=True).stdout)


def children_s():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def calls_cost(pid, rate, seconds=4):
    """CPU microseconds of a call, of the server's process and of its client,
    over a run that tells its calls a second."""
    server, client = cpu_s(pid), children_s()
    calls = rate() * seconds
    return [x / calls * 1e6 for x in (cpu_s(pid) - server,
                                      children_s() - client)]


def getter_costs(n, by_name):
    """With the CPU of the client alone this machine could make (cores /
    client) calls a second, whoever answers."""
    for name, costs in by_name.items():
        row("  CPU of a call, %2d clients: %s %.1f us, its client %.1f us" % (
            n, name, *costs), "%.2f x client" % (costs[0] / costs[1]),
            "none", True)


def limit(n, body, size, peer):
    """The most that this load program gets here: plain TCP, no work at all."""
    echo = subprocess.Popen([os.path.join(PROGRAMS, "echo"), str(size)],
                            stdout=subprocess.PIPE, text=True)
    try:
        port = int(echo.stdout.readline())
        rate = load(port, n, 4, body, plain=True)[0]
    finally:
        echo.kill()
        echo.wait()
    row("  limit: a body as long, plain TCP, no work, %d clients: %.0f/s"
        % (n, rate), "%.2f x" % (rate / peer), "none", True)


def small_getter():
    with server(0) as (b, api, _), libvirt() as (port, pid):
        body = rpc(api, "VM.get_power_state", api("VM.get_all")[0])
        for n in (1, 16):
            pairs = [(load(b.https, n, 4, body), libvirt_rate(port, n))
                     for _ in range(3)]
            ours = statistics.median(p[0][0] for p in pairs)
            peer = statistics.median(p[1] for p in pairs)
            row("small getter over TLS, %2d clients: %.0f/s, libvirt %.0f/s"
                % (n, ours, peer), "%.2f x" % (ours / peer), "none", True)
            limit(n, body, int(pairs[0][0][3]), peer)
            getter_costs(n, {
                "xapi": calls_cost(b.xapi.pid,
                                   lambda: load(b.https, n, 4, body)[0]),
                "libvirtd": calls_cost(pid, lambda: libvirt_rate(port, n))})


def answer(b, body):
    c = http.client.HTTPSConnection("127.0.0.1", b.https, context=tls())
    c.request("POST", "/jsonrpc", body, {"Content-Type": "application/json"})
    return c.getresponse().read().decode()


def getter_and_nginx():
    """In turns, so that what else the machine does falls on both."""
    with server(0) as (b, api, _):
        body = rpc(api, "VM.get_power_state", api("VM.get_all")[0])
        with nginx(b.path("xapi/server.pem"),
                   answer(b, body)) as (port, pid):
            for n in (1, 16):
                pairs = [(load(b.https, n, 4, body), load(port, n, 4, body))
                         for _ in range(5)]
                rate = statistics.median(o[0] / p[0] for o, p in pairs)
                median = statistics.median(o[1] / p[1] for o, p in pairs)
                ours, peer = pairs[0]
                row("small getter, %2d clients: %.0f/s, nginx %.0f/s" % (
                    n, ours[0], peer[0]), "%.2f x rate" % rate,
                    ">= 0.95 x" if n == 16 else "none", rate >= 0.95 or n == 1)
                row("  median: %.0f us, nginx %.0f us" % (ours[1], peer[1]),
                    "%.2f x" % median, "<= 1.1 x" if n == 1 else "none",
                    median <= 1.1 or n > 1)
                getter_costs(n, {
                    name: calls_cost(pid, lambda: load(port, n, 4, body)[0])
                    for name, pid, port in (("xapi", b.xapi.pid, b.https),
                                            ("nginx", pid, port))})


def start_times(api, vms):
    times = []
    for vm in vms:
        start = time.monotonic()
        api("VM.start", vm, False, False)
        times.append(time.monotonic() - start)
        api("VM.hard_shutdown", vm)
    return statistics.median(times)


class Poller(threading.Thread):
    """All records of all VMs once a second."""

    def __init__(self, b, api, stop):
        super().__init__(daemon=True)
        self.args = b.https, rpc(api, "VM.get_all_records"), stop
        self.start()

    def run(self):
        port, body, stop = self.args
        c = http.client.HTTPSConnection("127.0.0.1", port, context=tls())
        while not stop.is_set():
            c.request("POST", "/jsonrpc", body,
                      {"Content-Type": "application/json"})
            answer = c.getresponse()
            while answer.read(1 << 20):
                pass
            stop.wait(1)


def pollers(records):
    with server(records) as (b, api, _):
        vms = [b.vm(api, name="v%d" % i) for i in range(STARTS)]
        idle = start_times(api, vms)
        stop = threading.Event()
        crowd = [Poller(b, api, stop) for _ in range(POLLERS)]
        busy = start_times(api, vms)
        stop.set()
        for p in crowd:
            p.join()
        row("VM.start beside %d pollers of %d VMs: %.1f ms, idle %.1f ms" % (
            POLLERS, records, busy * 1000, idle * 1000), "%.2f x idle" % (busy / idle),
            "<= 1.2 x", busy / idle <= 1.2)


class Client:
    """A connection that has shown its session."""

    def __init__(self, api, port, context):
        self.socket = socket.create_connection(("127.0.0.1", port))
        if context:
            self.socket = context.wrap_socket(self.socket)
        self.post(rpc(api, "pool.get_all"))
        self.socket.recv(4096)

    def post(self, body):
        self.socket.sendall(
            b"POST /jsonrpc HTTP/1.1\r\nHost: x\r\n"
            b"Content-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body.encode()))


def kib_each(b, api, port, context, wait, keep, count=PARKED):
    """Memory of a connection that waits in event.from."""
    before = resident_kib(b.xapi.pid)
    for _ in range(count):
        keep.append(Client(api, port, context))
        keep[-1].post(wait)
    api("event.from", ["pool"], "", 0.0)       # after all those before
    return (resident_kib(b.xapi.pid) - before) / count


def parked():
    context, keep = tls(), []
    with server(0) as (b, api, _):
        api("pool.set_https_only", api("pool.get_all")[0], False)
        token = api("event.from", ["pool"], "", 1.0)["token"]
        wait = rpc(api, "event.from", ["sr"], token, 3600.0)
        for port, with_tls in ((b.https, context), (b.http, None)):
            kib_each(b, api, port, with_tls, wait, keep, 50)    # threads
        secure = kib_each(b, api, b.https, context, wait, keep)
        plain = kib_each(b, api, b.http, None, wait, keep)
        row("%d parked event.from, memory of each besides TLS" % PARKED,
            "%.1f KiB" % plain, "<= 16 KiB", plain <= 16)
        row("  and over TLS, with all that OpenSSL holds",
            "%.1f KiB" % secure, "none", True)
        time.sleep(2)                     # a period in which nothing happens
        cpu = cpu_s(b.xapi.pid)
        time.sleep(10)
        used = (cpu_s(b.xapi.pid) - cpu) / 10
        row("%d parked event.from, CPU" % len(keep),
            "%.2f %%" % (used * 100), "none", used < 0.01)
        for c in keep:
            c.socket.close()


if __name__ == "__main__":
    print("API on the simulator (%d cores)" % os.cpu_count())
    measures = {"records": lambda: (full_records(1000), full_records(10000)),
                "restart": lambda: restart(10000),
                "memory": lambda: memory(1000), "sampling": sampling,
                "nginx": getter_and_nginx, "getter": small_getter,
                "pollers": lambda: pollers(1000), "parked": parked}
    for name in sys.argv[2:] or measures:
        measures[name]()
    if missed:
        print("bench: API: %d goals missed" % len(missed))
    sys.exit(1 if missed else 0)
