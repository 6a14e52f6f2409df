"""Network name spaces for tests: machines that share this kernel and nothing
else.  They go with the process that made them."""

import contextlib
import ctypes
import os
import subprocess
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
ENTERED = "NETNS_TEST"


def enter():
    """Starts the program again where mounts and /run are its own."""
    if os.environ.get(ENTERED):
        subprocess.run(["mount", "-t", "tmpfs", "run", "/run"], check=True)
        return
    flags = "-m" if os.geteuid() == 0 else "-rmn"
    os.environ[ENTERED] = "1"
    os.execvp("unshare", ["unshare", flags, sys.executable] + sys.argv)


def run(*argv, **kwargs):
    return subprocess.run(argv, check=True, text=True,
                          capture_output=True, **kwargs).stdout


class Machine:
    """A name space with its loopback up."""

    def __init__(self, name):
        self.name = name
        run("ip", "netns", "add", name)
        self.prefix = ("ip", "netns", "exec", name)
        self.ip("link", "set", "lo", "up")

    def close(self):
        run("ip", "netns", "del", self.name)

    def run(self, *argv, **kwargs):
        return run(*self.prefix, *argv, **kwargs)

    def ip(self, *args):
        return run("ip", "-n", self.name, *args)

    def mac(self, dev):
        return self.ip("-br", "link", "show", "dev", dev).split()[2]

    def sysctl(self, path):
        """The lines of a sysctl.conf that are about the network."""
        with open(path) as f, self.here():
            for line in f:
                if line.startswith("net."):
                    name, value = line.split("=")
                    with open("/proc/sys/" + name.strip().replace(".", "/"),
                              "w") as out:
                        out.write(value.strip())

    @contextlib.contextmanager
    def here(self):
        """Sockets made meanwhile belong to this machine."""
        with open("/proc/self/ns/net") as old, \
                open("/run/netns/" + self.name) as new:
            self._set(new)
            try:
                yield
            finally:
                self._set(old)

    @staticmethod
    def _set(f):
        if LIBC.setns(f.fileno(), CLONE_NEWNET) == -1:
            e = ctypes.get_errno()
            raise OSError(e, os.strerror(e))


def cable(a, a_dev, b, b_dev):
    """Joins two machines; both ends stay down."""
    run("ip", "-n", a.name, "link", "add", a_dev, "type", "veth", "peer",
        "name", b_dev, "netns", b.name)
