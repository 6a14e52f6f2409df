"""The host of a scenario: xapi and the simulator as processes of their own in
a folder that goes away, and the means to hurt both.
"""

import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "appliance"))

from api import Api, Refused  # noqa: E402

PASSWORD = "correct horse"
MIB = 1 << 20


class Failed(Exception):
    pass


def check(ok, text):
    if not ok:
        raise Failed(text)


def equal(got, want, what):
    check(got == want, "%s is %r, not %r" % (what, got, want))


def refused(code, call, *args):
    """The call must fail with that error; its parameters."""
    try:
        call(*args)
    except Refused as e:
        check(e.code == code, "%r instead of %s" % (e.args[0], code))
        return e.args[0][1:]
    raise Failed("not refused with %s" % code)


def until(what, predicate, limit_s=60):
    """Waits for a condition and returns what it gave."""
    deadline = time.monotonic() + limit_s
    while True:
        value = predicate()
        if value:
            return value
        check(time.monotonic() < deadline, "waited too long for " + what)
        time.sleep(0.02)


def free_ports(n):
    """Ports nobody listens on, from below the range that the kernel gives to
    outgoing connections."""
    found, port = [], 20000 + os.getpid() % 9000
    while len(found) < n:
        port += 1
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    return found


def crypt(password):
    return subprocess.run(["openssl", "passwd", "-6", "-stdin"], check=True,
                          input=password, capture_output=True,
                          text=True).stdout


class Bench:
    """With PASSWORD set and both programs up unless told otherwise."""

    built = {}      # programs that are not from build/host
    sim_options = ()
    xapi_options = ("--listen-all",)
    secret = "secret"   # where the password's hash is
    inside = ()     # a command that runs them, e.g. in a name space

    def __init__(self, secret=True, faults=""):
        self.folder = tempfile.TemporaryDirectory(prefix="scenario.")
        self.dir = self.folder.name
        self.http, self.https = free_ports(2)
        self.faults = faults
        self.sim = self.xapi = None
        self.clients = []
        os.mkdir(self.path("xapi"), 0o700)
        if secret:
            with open(self.path(self.secret), "w") as f:
                f.write(crypt(PASSWORD))

    def path(self, name):
        return os.path.join(self.dir, name)

    def __enter__(self):
        try:
            self.start_sim()
            self.start_xapi()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            self.show_logs()
        refused, told = self.refused_calls(), self.told_sessions()
        self.stop()
        check(kind or not refused, refused)
        check(kind or not told, told)

    def _spawn(self, program, *args, limits=None):
        log = open(self.path(program + ".log"), "ab")
        env = dict(os.environ, SIM_FAULTS=self.faults)
        return subprocess.Popen(
            [*self.inside,
             os.path.join(ROOT, "build", self.built.get(program, "host"),
                          program), *args],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
            preexec_fn=limits and (lambda: resource.setrlimit(
                resource.RLIMIT_NOFILE, limits)))

    def start_sim(self):
        self.sim = self._spawn(
            "xenopsd-sim", "--state", self.path("host"), "--socket",
            self.path("xenops.sock"), "--secret", self.path(self.secret),
            "--picture", os.path.join(ROOT, "build/host/bedplate-rfb"),
            "--image", os.path.join(ROOT, "build/host/bedplate-image"),
            *self.sim_options)
        until("the simulator", lambda: os.path.exists(
            self.path("host/control.sock")))

    def start_xapi(self, wait=True, limits=None):
        """limits: of descriptors, soft and hard."""
        self.xapi = self._spawn(
            "xapi", "--state", self.path("xapi"), "--secret",
            self.path(self.secret), "--xenops", self.path("xenops.sock"),
            "--http-port", str(self.http), "--https-port", str(self.https),
            "--local-socket", self.path("xapi.sock"), "--site",
            os.path.join(ROOT, "build/site"), "--no-drop",
            *self.xapi_options, limits=limits)
        if wait:
            self.until_up()

    def until_up(self):
        def answers():
            check(self.xapi.poll() is None, "xapi ended")
            try:
                Api(self.https).raw("system.isAlive", "yes")
            except Refused:
                pass
            except OSError:
                return False
            return True
        until("xapi", answers)

    def login(self, password=PASSWORD):
        api = Api(self.https)
        api.login("root", password)
        self.clients.append(api)
        return api

    def ready(self):
        """A session, once xapi has seen the host."""
        api = self.login()
        until("the host", lambda: api("SR.get_all") and
              api("host.get_all_records") and api("network.get_all"))
        return api

    def kill_xapi(self):
        self.xapi.send_signal(signal.SIGKILL)
        self.xapi.wait()

    def kill_sim(self):
        self.sim.send_signal(signal.SIGKILL)
        self.sim.wait()
        os.unlink(self.path("host/control.sock"))

    def ask(self, line):
        """What the simulator says to that; see xenopsd/sim/sim.h."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.path("host/control.sock"))
            s.sendall(line.encode() + b"\n")
            return s.recv(4096).decode().strip()

    def control(self, line):
        """Tells it what to do wrong."""
        answer = self.ask(line)
        check(answer == "ok", "%s: %s" % (line, answer))

    def stop(self):
        for p in (self.xapi, self.sim):
            if p and p.poll() is None:
                p.terminate()
                try:
                    p.wait(20)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()
        self.folder.cleanup()

    def log(self, program):
        with open(self.path(program + ".log"), errors="replace") as f:
            return f.read()

    def refused_calls(self):
        """What xapi's confinement kept from it, of which it needs nothing."""
        return "".join(line for line in self.log("xapi").splitlines(True)
                       if "refused system call" in line)

    def told_sessions(self):
        """Lines of the logs, which more may read than may do everything, with a
        session's reference: that is a credential."""
        lines = (self.log("xapi") + self.log("xenopsd-sim")).splitlines(True)
        return "".join(line for line in lines
                       if any(c.session in line for c in self.clients))

    def show_logs(self):
        for name in ("xapi", "xenopsd-sim"):
            print("---- %s.log" % name)
            print("".join(self.log(name).splitlines(True)[-60:]), end="")
        print("----")

    # what scenarios are made of

    def sr(self, api):
        return api("SR.get_all")[0]

    def vdi(self, api, size=4 * MIB, name="disk"):
        return api("VDI.create", {
            "name_label": name, "name_description": "", "SR": self.sr(api),
            "virtual_size": str(size), "type": "user", "sharable": False,
            "read_only": False, "other_config": {}})

    def vbd(self, api, vm, vdi, device, mode="RW"):
        return api("VBD.create", {
            "VM": vm, "VDI": vdi, "userdevice": device,
            "bootable": device == "0", "mode": mode, "type": "Disk",
            "empty": False, "other_config": {}, "qos_algorithm_type": "",
            "qos_algorithm_params": {}})

    def vif(self, api, vm, device, network=None):
        return api("VIF.create", {
            "device": device, "VM": vm, "MAC": "", "MTU": "1500",
            "network": network or until(
                "a network", lambda: api("network.get_all"))[0],
            "other_config": {}, "qos_algorithm_type": "",
            "qos_algorithm_params": {}})

    def vm(self, api, name="guest", **xenstore):
        """A halted VM with a disk and a NIC; xenstore: what the simulated
        guest is to do (sim/machine.h)."""
        template = [t for t, r in api("VM.get_all_records").items()
                    if r["is_default_template"]
                    and r["name_label"].startswith("Linux PV guest")][0]
        vm = api("VM.clone", template, name)
        api("VM.provision", vm)
        size = str(128 * MIB)
        api("VM.set_memory_limits", vm, size, size, size, size)
        self.vbd(api, vm, self.vdi(api), "0")
        self.vif(api, vm, "0")
        for key, value in xenstore.items():
            api("VM.add_to_xenstore_data", vm, "vm-data/sim/" + key, value)
        return vm

    def running(self, api, **kwargs):
        vm = self.vm(api, **kwargs)
        api.run("VM.start", vm, False, False)
        return vm


def main(scenarios):
    """Runs those named on the command line, or all; PASS and FAIL lines."""
    wanted = sys.argv[1:]
    bad = 0
    for name in set(wanted) - {s.__name__ for s in scenarios}:
        bad = 1
        print("FAIL scenario %s: there is none of that name" % name)
    for scenario in scenarios:
        name = scenario.__name__
        if wanted and name not in wanted:
            continue
        start = time.monotonic()
        try:
            scenario()
        except Exception as e:  # every kind of failure is one line
            bad = 1
            text = str(e).replace("\n", " ")[:500]
            print("FAIL scenario %s: %s: %s" % (name, type(e).__name__, text))
        else:
            print("PASS scenario %s (%.1f s)" % (
                name, time.monotonic() - start))
        sys.stdout.flush()
    return bad
