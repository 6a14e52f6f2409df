"""SRs on a real NFS server: tests/unit/test_storage_nfs.c in dom0, whose kernel
mounts what nfs-ganesha of this machine exports (NFS 4; its NFS 3 wants a port
mapper).

	test_nfs.py PROGRAM
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time

import appliance
import guest

ISO = os.environ.get("ISO") or os.path.join(guest.ROOT, "build",
                                            "bedplate.iso")
HERE = "10.0.2.2"               # this machine, seen from the appliance

CONFIG = """\
NFS_CORE_PARAM { Protocols = 4; NFS_Port = 2049; Bind_addr = 127.0.0.1;
    Enable_NLM = false; Enable_RQUOTA = false;
    Plugins_Dir = /usr/lib/x86_64-linux-gnu/ganesha; }
NFSV4 { RecoveryRoot = %(dir)s; RecoveryBackend = fs; Grace_Period = 1;
    Lease_Lifetime = 10; Only_Numeric_Owners = true; UseGetpwnam = true; }
"""
EXPORT = """\
EXPORT { Export_Id = %(id)d; Path = %(dir)s/%(name)s; Pseudo = /%(name)s;
    Access_Type = RW; Squash = No_Root_Squash; SecType = sys;
    Protocols = 4; Transports = TCP; FSAL { Name = VFS; } }
"""

SCRIPT = """\
cp /mnt/tn /run/tn
export NFS_TEST_SERVER=%s CK_VERBOSITY=verbose
export CK_DEFAULT_TIMEOUT=300
/run/tn >/run/tn.log 2>&1
rc=$?
[ $rc = 0 ] || grep -v Passed /run/tn.log
[ $rc = 0 ] || dmesg | tail -n 20 | tr -d '[]'
exit $rc
""" % HERE


@contextlib.contextmanager
def server(folder):
    """Exports /disks and /images, which has an image."""
    config = os.path.join(folder, "ganesha.conf")
    for name in "disks", "images":
        os.mkdir(os.path.join(folder, name))
    with open(os.path.join(folder, "images", "cd.iso"), "wb") as f:
        f.write(b"CD001".ljust(4096, b"\0"))
    with open(config, "w") as f:
        f.write(CONFIG % {"dir": folder})
        for i, name in enumerate(("disks", "images")):
            f.write(EXPORT % {"id": i + 1, "dir": folder, "name": name})
    p = subprocess.Popen(
        ["ganesha.nfsd", "-F", "-f", config, "-p", folder + "/pid",
         "-L", folder + "/log"], stdin=subprocess.DEVNULL)
    try:
        wait_for(p, folder + "/log")
        yield
    finally:
        p.terminate()
        try:
            p.wait(10)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()


def wait_for(p, log):
    for _ in range(100):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", 2049), 1).close()
            return
        if p.poll() is not None:
            break
        time.sleep(0.2)
    with open(log, errors="replace") as f:
        raise appliance.Failed("the server does not start\n" +
                               f.read()[-2000:])


def srs_on_an_nfs_server():
    with open(sys.argv[1], "rb") as f:
        program = f.read()
    with tempfile.TemporaryDirectory() as d, server(d):
        volume = appliance.fat_volume(
            os.path.join(d, "tests.img"), "TESTS",
            {"tn": program, "run": SCRIPT.encode()}, 16)
        with appliance.Machine(ISO, disks=[volume]) as m:
            m.boot()
            m.expect("mount -t vfat %s /mnt" % m.disk(0))
            rc, text = m.shell("sh /mnt/run", 600)
            if rc != 0:
                raise appliance.Failed("the tests failed\n" + text)


if __name__ == "__main__":
    sys.exit(appliance.main([srs_on_an_nfs_server]))
