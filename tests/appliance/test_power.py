"""The power goes while clients write: QEMU logs every write and flush of the
disk that keeps the state; the disk is made again as it may have been at many
points of that log, with what was not flushed lost in part; then its file
system recovers, and the database must have all that was acknowledged.

	test_power.py [CUTS]
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading

import appliance
from api import Api, Refused
from appliance import Failed
from writelog import SECTOR, Disk, Log, walk

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
ISO = os.environ.get("ISO") or os.path.join(ROOT, "build", "bedplate.iso")
XAPI = os.path.join(ROOT, "build", "host", "xapi")
PASSWORD = "correct horse"
MIB = 64
WRITES = int(os.environ.get("WRITES", "60"))
WRITERS = 3


def writer(port, vm, log, acks):
    """Counts in a VM's description; (size of the log, number) of each."""
    api = Api(port)
    api.login("root", PASSWORD)
    for n in range(1, WRITES + 1):
        api("VM.set_name_description", vm, "count %d" % n)
        acks.append((os.stat(log).st_size, n))


def record(folder):
    """Boots, writes, cuts the power; acknowledgements by VM."""
    image = appliance.ext4_volume(os.path.join(folder, "state.img"),
                                  "BEDPLATE-STATE", MIB)
    subprocess.run(["cp", image, image + ".before"], check=True)
    log = os.path.join(folder, "state.log")
    open(log, "w").close()
    extra = ["-blockdev", "driver=blklogwrites,node-name=state,"
             "file.driver=file,file.filename=%s,log.driver=file,"
             "log.filename=%s,log-sector-size=%d" % (image, log, SECTOR),
             "-device", "ide-hd,drive=state,bus=ide.3,write-cache=on"]
    with appliance.Machine(ISO, extra=extra) as m:
        m.boot()
        m.set_password(PASSWORD)
        api = Api(m.port["https"])
        api.until_up()
        api.login("root", PASSWORD)
        m.expect("grep -q ' /state ext4' /proc/mounts")
        vms = sorted(v for v, r in api("VM.get_all_records").items()
                     if r["is_a_template"])[:WRITERS]
        acks = {vm: [] for vm in vms}
        threads = [threading.Thread(target=writer, args=(
            m.port["https"], vm, log, acks[vm])) for vm in vms]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if any(len(a) < WRITES for a in acks.values()):
            m.fail("not all writes were taken\n" + m.daemon_logs())
    return image + ".before", log, acks


def counts(folder, image):
    """What the database on the disk says, by VM; None if there is none."""
    path = os.path.join(folder, "cut.img")
    with open(path, "wb") as f:
        f.write(image)
    fsck = subprocess.run(["/sbin/e2fsck", "-fp", path],
                          capture_output=True, text=True)
    if fsck.returncode > 1:
        raise Failed("e2fsck: %s" % fsck.stdout)
    db = os.path.join(folder, "state.db")
    for name in ("state.db", "state.db-wal", "state.db-journal"):
        to = os.path.join(folder, name)
        if os.path.exists(to):
            os.unlink(to)
        subprocess.run(["/sbin/debugfs", "-R", "dump /xapi/%s %s" % (name, to),
                        path], capture_output=True, check=True)
        if os.path.exists(to) and not os.path.getsize(to) and name != db:
            os.unlink(to)
    if not os.path.exists(db):
        return None
    check = subprocess.run([XAPI, "db", "check", "--file", db],
                           capture_output=True, text=True)
    if check.returncode:
        raise Failed("xapi-db check: " + check.stderr)
    dump = subprocess.run([XAPI, "db", "dump", "--file", db], text=True,
                          capture_output=True, check=True)
    found = {}
    for line in dump.stdout.splitlines()[1:]:
        o = json.loads(line)
        text = o["fields"].get("name_description", "")
        if o["class"] == "VM" and text.startswith("count "):
            found[o["ref"]] = int(text.split()[1])
    return found


def what_was_acknowledged_is_there_after_a_power_cut():
    cuts = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    seed = int(os.environ.get("SEED", "1"))
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="power-") as folder:
        before, path, acks = record(folder)
        log = Log(path)
        disk = Disk(before)
        start = min(size for a in acks.values() for size, _ in a)
        seen = set()
        usable = [i for i, e in enumerate(log.entries) if e[3] >= start]
        chosen = set(rng.sample(usable, min(cuts, len(usable))))
        print("%d operations on the disk, %d flushes, seed %d" % (
            len(log.entries), log.flushes(), seed), flush=True)
        for i, entry in walk(log, disk, chosen):
            image, mode = disk.cut(rng)
            found = counts(folder, image)
            for vm, a in acks.items():
                want = max([n for size, n in a if size <= entry[3]],
                           default=0)
                got = (found or {}).get(vm, 0)
                seen.add(got)
                if not want <= got <= WRITES:
                    raise Failed("after operation %d (%s unflushed kept, "
                                 "seed %d) the count is %d, %d was "
                                 "acknowledged" % (i, mode, seed, got, want))
        if len(seen) < min(cuts, WRITES) // 4:
            raise Failed("the cuts have shown %d states only" % len(seen))
        print("%d cuts, %d states" % (len(chosen), len(seen)), flush=True)


if __name__ == "__main__":
    try:
        sys.exit(appliance.main(
            [what_was_acknowledged_is_there_after_a_power_cut]))
    except Refused as e:
        sys.exit("FAIL appliance: %s" % e)
