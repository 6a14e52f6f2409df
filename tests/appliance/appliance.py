"""Drives the appliance in QEMU: power, serial console, screen, volumes.

A Machine is a bare server with the ISO in its drive.  Its serial console is a
stream that a thread reads into a log; wait() looks for a pattern in what
came since the last wait().  Nothing here sleeps for a fixed time: each wait
has a limit and fails with the end of the log.

	with Machine("build/bedplate.iso", disks=[blank("d.img", 2048)]) as m:
		m.boot()
		rc, text = m.shell("cat /etc/bedplate-release")

Standard library only; QEMU, mtools and e2fsprogs are called as programs.
Limits are for plain emulation on a busy machine; $APPLIANCE_PATIENCE, a
factor, stretches them all.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

# Emulated AMD without what the emulation gets wrong: SMAP kills a PV dom0,
# AVX crashes programs now and then, RDTSCP and MONITOR disturb guests.
CPU = ("EPYC,-monitor,-smap,-rdtscp,-avx,-avx2,-f16c,-fma,-xsave,-xsaveopt,"
       "-xsavec,-xgetbv1,+svm,+npt,check=off")
OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"
# another QEMU has its firmware from the machine's own packages
QEMU = [os.environ.get("APPLIANCE_QEMU", "qemu-system-x86_64")] + [
    a for d in ("seabios", "qemu", "../lib/ipxe/qemu")
    for a in ("-L", "/usr/share/" + d) if "APPLIANCE_QEMU" in os.environ]
# what the hypervisor and the kernel write to dom0's console, when they please
OTHERS = re.compile(r"(?:\(XEN\)|\[ *\d+\.\d{6}\]) .*(?:\n|$)")
PATIENCE = float(os.environ.get("APPLIANCE_PATIENCE", "1"))


class Failed(Exception):
    """What a test reports; carries the end of the serial log."""


def blank(path, mib):
    """An empty disk of that size."""
    with open(path, "wb") as f:
        f.truncate(mib << 20)
    return path


def fat_volume(path, label, files, mib=8):
    """A FAT disk with {name: bytes}, e.g. the BEDPLATE volume's answers."""
    blank(path, mib)
    env = dict(os.environ, MTOOLS_SKIP_CHECK="1")
    subprocess.run(["mformat", "-i", path, "-v", label, "::"],
                   check=True, env=env)
    for name, data in files.items():
        subprocess.run(["mcopy", "-i", path, "-", "::" + name], input=data,
                       check=True, env=env)
    return path


def ext4_volume(path, label, mib=64):
    """An empty ext4 disk, e.g. BEDPLATE-STATE."""
    blank(path, mib)
    subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-L", label,
                    path], check=True)
    return path


def usb_disk(path, name):
    """Arguments of QEMU for a raw image as a stick, beside Machine's disks."""
    return ["-drive", "id=%s,if=none,format=raw,file=%s"
            % (name, os.path.abspath(path)),
            "-device", "usb-storage,bus=usb.0,drive=" + name]


def with_option(iso, path, option):
    """A copy of the ISO that hands one more option to dom0's kernel.  GRUB's
    configuration keeps its place and size: comments make room."""
    with open(iso, "rb") as f:
        data = f.read()
    m = re.search(rb"# Screen and first serial.*?\"Restart\" {[^}]*}\n", data,
                  re.S)
    text = re.sub(rb"^#.*\n", b"", m[0], flags=re.M).replace(
        b"/boot/vmlinuz ", b"/boot/vmlinuz %s " % option.encode())
    if len(text) > len(m[0]):
        raise Failed("no room for '%s' in grub.cfg" % option)
    with open(path, "wb") as f:
        f.write(data[:m.start()] + text.ljust(len(m[0]), b"\n") +
                data[m.end():])
    return path


def free_port():
    with contextlib.closing(socket.socket()) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Machine:
    """iso: None boots from the first disk.  firmware: bios or uefi.
    medium: cd or usb.  disks: raw images (written to).  ports: {name: port
    of the appliance}; self.port[name] is the one on 127.0.0.1 it has here,
    chosen freely unless (PORT, HERE) is given as a pair.  medium_index: when the
    firmware tries the medium, 0 first.  network: options of QEMU's network, for
    what it serves.  variables: file that keeps UEFI's, or none is kept.
    terminal: the serial console is the terminal of whoever runs self.argv.

    One thread emulates all CPUs: with one each, QEMU 7.2 now and then runs
    code that another CPU is just changing, and Linux changes its own.  So two
    CPUs show that the appliance runs on two, at the price of time."""

    def __init__(self, iso, firmware="bios", medium="cd", disks=(),
                 memory_mib=2048, cpus=1, ports=None, extra=(), name="host",
                 terminal=False, medium_index=0, network="", variables=""):
        self.name = name
        self.dir = tempfile.mkdtemp(prefix="appliance-")
        self.port, forwards = {}, ""
        for key, want in (ports or {"https": 443, "http": 80}).items():
            there, here = want if isinstance(want, tuple) else (want, 0)
            self.port[key] = here or free_port()
            forwards += ",hostfwd=tcp:127.0.0.1:%d-:%d" % (
                self.port[key], there)
        self.argv = [
            *QEMU, "-name", name, "-machine", "q35",
            "-accel", "tcg,thread=single", "-cpu", CPU, "-smp", str(cpus),
            "-m", str(memory_mib), "-nodefaults", "-vga", "std",
            "-display", "none", "-no-reboot",
            "-device", "qemu-xhci,id=usb",
            "-chardev", "stdio,id=serial,mux=on,signal=off" if terminal else
            "socket,id=serial,server=on,wait=off,path=serial,"
            "logfile=serial.log", "-serial", "chardev:serial",
            "-qmp", "unix:qmp,server=on,wait=off",
            "-netdev", "user,id=net0" + (network and "," + network) + forwards,
            "-device", "e1000,netdev=net0,mac=52:54:00:be:d0:01"]
        if terminal:
            self.argv += ["-mon", "chardev=serial"]
        self._firmware(firmware, variables)
        self._media(iso, medium, disks, medium_index)
        self.argv += extra
        self.log = bytearray()
        self.position = 0
        self.news = threading.Condition()
        self.process = None
        self.password = None
        self.at_shell = False

    def _firmware(self, firmware, variables):
        if firmware == "uefi":
            path = os.path.abspath(
                variables or os.path.join(self.dir, "vars.fd"))
            if not os.path.exists(path):
                shutil.copy(OVMF_VARS, path)
            self.argv += [
                "-drive", "if=pflash,unit=0,format=raw,readonly=on,file="
                + OVMF_CODE,
                "-drive", "if=pflash,unit=1,format=raw,file=" + path]

    def _media(self, iso, medium, disks, index):
        if iso:
            device = ("ide-cd,bus=ide.5" if medium == "cd"
                      else "usb-storage,bus=usb.0")
            self.argv += [
                "-drive", "id=medium,if=none,readonly=on,format=raw,%sfile=%s"
                % ("media=cdrom," if medium == "cd" else "",
                   os.path.abspath(iso)),
                "-device", "%s,drive=medium,bootindex=%d" % (device, index)]
        for i, disk in enumerate(disks):
            self.argv += [
                "-drive", "id=disk%d,if=none,format=raw,file=%s"
                % (i, os.path.abspath(disk)),
                "-device", "ide-hd,drive=disk%d,bus=ide.%d" % (i, i)]

    # power

    def start(self):
        with open(os.path.join(self.dir, "qemu.log"), "wb") as log:
            self.process = subprocess.Popen(
                self.argv, cwd=self.dir, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        self.serial = self._connect("serial")
        threading.Thread(target=self._read, daemon=True).start()
        self.started = time.monotonic()
        return self

    def stop(self):
        """Cuts the power."""
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()
        with contextlib.suppress(AttributeError):
            self.serial.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def wait_off(self, limit_s=120):
        """Until the machine has switched itself off (or restarted)."""
        try:
            self.process.wait(limit_s * PATIENCE)
        except subprocess.TimeoutExpired:
            self.fail("still on after %d s" % limit_s)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        if isinstance(error, Failed) and self.at_shell and (
                "xenopsd/current" not in str(error)):
            with contextlib.suppress(Failed):
                error.args = ("%s\n%s" % (error, self.daemon_logs()),)
        self.stop()

    # the serial console

    def _connect(self, name):
        deadline = time.monotonic() + 30
        while True:
            s = socket.socket(socket.AF_UNIX)
            try:
                s.connect(os.path.join(self.dir, name))
                return s
            except OSError:
                s.close()
                if (self.process.poll() is not None
                        or time.monotonic() > deadline):
                    raise Failed("QEMU: " + self.qemu_log()) from None
                time.sleep(0.05)

    def _read(self):
        while True:
            try:
                data = self.serial.recv(65536)
            except OSError:
                data = b""
            with self.news:
                self.log += data
                self.news.notify_all()
            if not data:
                return

    def wait(self, pattern, limit_s=60):
        """The match of a regular expression in what came since the last
        wait(); waits for it at most limit_s."""
        regex = re.compile(pattern.encode(), re.M)
        deadline = time.monotonic() + limit_s * PATIENCE
        with self.news:
            while True:
                m = regex.search(self.log, self.position)
                if m:
                    self.position = m.end()
                    return m
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                if self.process.poll() is not None:
                    self.fail("off while waiting for '%s'" % pattern)
                self.news.wait(min(left, 1))
        self.fail("no '%s' within %d s" % (pattern, limit_s))

    def type(self, text):
        try:
            self.serial.sendall(text.encode())
        except OSError as e:
            self.fail("QEMU took no more: %s: %s" % (e, self.qemu_log()))

    def qemu_log(self):
        with open(os.path.join(self.dir, "qemu.log"), errors="replace") as f:
            return f.read().strip()[-2000:]

    def fail(self, text):
        tail = bytes(self.log[-20000:]).decode("utf-8", "replace")
        tail = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", tail)
        # of what was asked again and again, once
        tail = re.sub(r"(@+rc=\d+\n)\1+", r"\1", tail)[-6000:]
        raise Failed("%s: %s\n--- end of its serial log\n%s\n---" % (
            self.name, text, tail))

    def boot(self, limit_s=240):
        """Until the console screen is there; answers seconds from power-on."""
        self.wait("p password   n network", limit_s)
        return time.monotonic() - self.started

    def set_password(self, password):
        """On the console screen, as the operator does it; the first time."""
        self.leave_shell()
        self.type("p")
        self.wait("new password: ")
        self.type(password + "\n")
        self.wait("once more: ")
        self.type(password + "\n")
        self.wait("Log in as root")
        self.password = password

    def leave_shell(self):
        """Back to the console screen, if that is not where we are."""
        self.type("\x04" if self.at_shell else "")
        self.at_shell = False

    def enter_shell(self):
        """From the console screen to a root shell with a plain prompt."""
        self.type("s")
        if self.password is not None:
            self.wait("root's password: ")
            self.type(self.password + "\n")
        self.wait("exit returns")
        self.wait("# ")
        self.type("PS1='@@'; stty -echo\n")
        self.wait("echo")
        self.wait("@@")
        self.at_shell = True

    def shell(self, command, limit_s=60):
        """Runs a command in dom0; its exit status and output."""
        if not self.at_shell:
            self.enter_shell()
        self.type("%s\necho \"@rc=$?\"\n" % command)
        start = self.position
        m = self.wait(r"@rc=(\d+)\s", limit_s)
        text = bytes(self.log[start:m.start()]).decode("utf-8", "replace")
        text = text.replace("\r", "").replace("@@", "")
        return int(m.group(1)), OTHERS.sub("", text).strip("\n")

    def expect(self, command, limit_s=60):
        """The output of a command that must succeed."""
        rc, text = self.shell(command, limit_s)
        if rc != 0:
            self.fail("'%s' failed with %d: %s" % (command, rc, text))
        return text

    def until(self, command, limit_s=60):
        """Repeats a command in dom0 until it succeeds; its output.  Each try
        is a short line: the serial console of a busy machine loses from long
        ones."""
        deadline = time.monotonic() + limit_s * PATIENCE
        while True:
            rc, text = self.shell(command, max(limit_s, 60))
            if rc == 0:
                return text
            if time.monotonic() > deadline:
                self.fail("'%s' did not succeed within %d s: %s" % (
                    command, limit_s, text))
            time.sleep(0.5)

    def disk(self, i):
        """The device of disks[i]: dom0 names them in no certain order."""
        return "/dev/" + self.expect(
            "ls /sys/devices/pci*/*/ata%d/host*/target*/*/block | cat"
            % (i + 1))

    def daemon_logs(self, lines=40):
        """The ends of all service logs, the likeliest culprits' first.  Short
        lines: the serial console of a busy machine loses from long ones."""
        names = self.shell("cd /state/log; ls | cat")[1].split()
        names.sort(key=lambda n: (n[:2] not in ("xe", "xa"), n))
        commands = ["tail -n %d %s/current" % (lines, n) for n in names]
        commands += ["dmesg | tail -n 20 | tr -d '[]'", "xl list",
                     "xl dmesg | tail -n 20 | tr -d '()'"]
        return "\n".join("# %s\n%s" % (c, self.shell(c)[1])
                         for c in commands)

    # QEMU's monitor

    def monitor(self, command, **arguments):
        """One QMP command; its answer."""
        s = self._connect("qmp")
        with contextlib.closing(s), s.makefile("rw") as f:
            f.readline()
            for message in ({"execute": "qmp_capabilities"},
                            {"execute": command, "arguments": arguments}):
                f.write(json.dumps(message) + "\n")
                f.flush()
                while True:
                    answer = json.loads(f.readline())
                    if "return" in answer or "error" in answer:
                        break
        if "error" in answer:
            self.fail("monitor: %s" % answer["error"])
        return answer["return"]

    def screenshot(self, path):
        self.monitor("screendump", filename=os.path.abspath(path))


def attempt(test, failure):
    """Runs a test; whether it passed.  failure: how its line begins."""
    name = test.__name__.replace("_", " ")
    start = time.monotonic()
    try:
        test()
        print("PASS appliance: %s (%.0f s)" % (
            name, time.monotonic() - start), flush=True)
        return True
    except (Failed, OSError, subprocess.SubprocessError) as e:
        first, _, rest = str(e).partition("\n")
        print("%s appliance: %s: %s" % (failure, name, first), flush=True)
        print(rest, file=sys.stderr, flush=True)
        return False


def main(tests, names=()):
    """Runs functions that take nothing; a line for each; exit status.  names:
    only those whose name has one of these in it.

    Plain emulation of a hypervisor and its guests goes wrong now and then: a
    program of dom0 or a whole guest dies of it.  So what fails is tried once
    more, and the first failure is shown and counted as such."""
    chosen = [t for t in tests
              if not names or any(n in t.__name__ for n in names)]
    if not chosen:
        print("FAIL appliance: there is no test of that name")
        return 1
    bad = [t for t in chosen if not attempt(t, "AGAIN") and
           not attempt(t, "FAIL")]
    return 1 if bad else 0
