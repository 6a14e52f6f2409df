#!/usr/bin/env python3
"""Disk images by HTTP, over the simulator, with qemu-img as the judge.

	images.py [NAME...]
"""

import contextlib
import http.client
import os
import random
import signal
import struct
import subprocess
import sys

from bench import MIB, Bench, check, equal, main, until
from api import tls

SIZE = 12 * MIB
UNKNOWN = 1 << 50       # a length that clients make up


def connection(b):
    return http.client.HTTPSConnection("127.0.0.1", b.https, context=tls())


def start(b, api, query, length):
    """An import whose bytes are still to come, and its task."""
    task = api("task.create", "import", "")
    c = connection(b)
    c.putrequest("PUT", "/import_raw_vdi/?session_id=%s&task_id=%s&%s" % (
        api.session, task, query))
    if length is not None:
        c.putheader("Content-Length", str(length))
    c.endheaders()
    return c, task


def ended(api, task):
    return until("the task", lambda: api("task.get_status", task) !=
                 "pending" and api("task.get_record", task))


def send(b, api, query, data, length=-1):
    """The record of the task.  The client hangs up only after it has ended."""
    c, task = start(b, api, query, len(data) if length == -1 else length)
    try:
        c.send(data)
    except OSError:
        pass            # it is refused before all is sent
    record = ended(api, task)
    c.close()
    return record


def failure(record):
    equal(record["status"], "failure", record)
    return record["error_info"]


def fetch(b, api, query):
    c = connection(b)
    c.request("GET", "/export_raw_vdi/?session_id=%s&%s" % (api.session,
                                                            query))
    r = c.getresponse()
    return r, r.read()


def raw(b, api, vdi):
    return fetch(b, api, "vdi=" + vdi)[1]


def qemu_img(*args):
    p = subprocess.run(["qemu-img", *args], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, check=False)
    check(p.returncode == 0, "qemu-img %s: %s" % (" ".join(args), p.stdout))
    return p.stdout


def content(seed, size=SIZE):
    """Bytes of a disk that has holes, some in the middle of everything."""
    r = random.Random(seed)
    data = bytearray(size)
    for _ in range(8):
        at, n = r.randrange(size), r.choice((1, 512, 4096, 300000))
        data[at:at + n] = r.randbytes(len(data[at:at + n]))
    data[-512:] = r.randbytes(512)
    return bytes(data)


def made(b, data, form, *options):
    """An image of these bytes as qemu-img makes it."""
    with open(b.path("raw"), "wb") as f:
        f.write(data)
    qemu_img("convert", "-f", "raw", "-O", form, *options, b.path("raw"),
             b.path("image"))
    with open(b.path("image"), "rb") as f:
        return f.read()


def judged(b, image, form, data):
    """Another reader finds the same in it."""
    with open(b.path("image"), "wb") as f:
        f.write(image)
    with open(b.path("raw"), "wb") as f:
        f.write(data)
    qemu_img("compare", "-f", "raw", "-F", form, b.path("raw"),
             b.path("image"))


VHD = ("vpc", "-o", "force_size=on")


def programs(b):
    """Those that pack and unpack, which are nobody's children."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as f:
                ours = f.read().split(b"\0")[0].endswith(b"bedplate-image")
            if ours and os.readlink("/proc/%s/fd/1" % pid).startswith(b.dir):
                found.append(int(pid))
        except OSError:
            pass
    return found


def at_rest(b, api, *vdis):
    until("the programs to end", lambda: not programs(b))
    for vdi in vdis:
        equal(api("VDI.get_current_operations", vdi), {}, "operations")


def vhd_images_go_in_and_out():
    with Bench() as b:
        api = b.ready()
        vdi = b.vdi(api, SIZE)
        for seed, options in enumerate(([], ["-o", "subformat=fixed"])):
            data = content(seed)
            image = made(b, data, *VHD, *options)
            record = send(b, api, "format=vhd&vdi=" + vdi, image)
            equal((record["status"], record["result"]),
                  ("success", "<value>%s</value>" % vdi), record)
            check(raw(b, api, vdi) == data, "other bytes are on the disk")
        r, image = fetch(b, api, "format=vhd&vdi=" + vdi)
        equal((r.status, r.headers["Content-Type"],
               r.headers["Content-Disposition"]),
              (200, "application/vhd", 'attachment; filename="%s.vhd"' %
               api("VDI.get_uuid", vdi)), "reply")
        judged(b, image, "vpc", data)
        again = b.vdi(api, SIZE)
        equal(send(b, api, "format=vhd&vdi=" + again, image)["status"],
              "success", "our own")
        check(raw(b, api, again) == data, "our own came in as other bytes")
        at_rest(b, api, vdi, again)


def qcow2_images_go_in_and_out():
    with Bench() as b:
        api = b.ready()
        vdi = b.vdi(api, SIZE)
        for seed, options in enumerate((
                [], ["-o", "compat=0.10"], ["-o", "cluster_size=4k"],
                ["-W", "-o", "preallocation=metadata"])):
            data = content(seed)
            image = made(b, data, "qcow2", *options)
            equal(send(b, api, "format=qcow2&vdi=" + vdi, image)["status"],
                  "success", options)
            check(raw(b, api, vdi) == data, "other bytes are on the disk")
        r, image = fetch(b, api, "format=qcow2&vdi=" + vdi)
        equal((r.status, r.headers["Content-Type"],
               r.headers["Content-Disposition"]),
              (200, "application/x-qemu-disk",
               'attachment; filename="%s.qcow2"' % api("VDI.get_uuid", vdi)),
              "reply")
        judged(b, image, "qcow2", data)
        qemu_img("check", b.path("image"))
        again = b.vdi(api, SIZE)
        equal(send(b, api, "format=qcow2&vdi=" + again, image)["status"],
              "success", "our own")
        check(raw(b, api, again) == data, "our own came in as other bytes")
        for what, said in (
                (made(b, data, "qcow2", "-c"), "compressed"),
                (made(b, data, *VHD), "no header"),
                (image[:-70000], "ended early"),
                (image[:8] + b"\0\0\0\0\0\0\2\0" + image[16:],
                 "backing file")):
            code, text = failure(send(b, api, "format=qcow2&vdi=" + vdi,
                                      what))
            check(code == "VDI_IO_ERROR" and said in text, text)
        at_rest(b, api, vdi, again)


def a_client_may_not_know_the_length():
    """It hangs up once it is done, or waits for us to."""
    with Bench() as b:
        api = b.ready()
        vdi = b.vdi(api, SIZE)
        for seed, length in enumerate((UNKNOWN, None)):
            data = content(seed)
            image = made(b, data, *VHD)
            equal(send(b, api, "format=vhd&vdi=" + vdi, image,
                       length)["status"], "success", "waits")
            check(raw(b, api, vdi) == data, "waits")
            data = content(seed + 10)
            c, task = start(b, api, "format=vhd&vdi=" + vdi, length)
            c.send(made(b, data, *VHD))
            c.getresponse()     # what is unread would make this a reset
            c.close()
            equal(ended(api, task)["status"], "success", "hangs up")
            check(raw(b, api, vdi) == data, "hangs up")


def holes_cost_nothing():
    with Bench() as b:
        api = b.ready()
        vdi, other = b.vdi(api, 64 << 30), b.vdi(api, 64 << 30)
        files = [b.path("host/sr/%s/%s.raw" % (
            api("SR.get_uuid", b.sr(api)), api("VDI.get_uuid", v)))
            for v in (vdi, other)]
        with open(files[0], "r+b") as f:
            for at in 0, 40 << 30:
                f.seek(at)
                f.write(b"x" * 4096)
            f.seek(1 << 30)
            f.write(bytes(64 * MIB))
        image = fetch(b, api, "format=vhd&vdi=" + vdi)[1]
        check(len(image) < 5 * MIB, "an image of %d bytes" % len(image))
        equal(send(b, api, "format=vhd&vdi=" + other, image)["status"],
              "success", "import")
        used = os.stat(files[1]).st_blocks * 512
        check(used < MIB, "%d bytes are used" % used)
        at_rest(b, api, vdi, other)


def with_type(image, kind):
    """A VHD image of another type, by its footer's copy."""
    head = bytearray(image[:512])
    struct.pack_into(">I", head, 60, kind)
    struct.pack_into(">I", head, 64, 0)
    struct.pack_into(">I", head, 64, ~sum(head) & 0xffffffff)
    return bytes(head) + image[512:]


def a_bad_image_fails_and_hurts_nothing_else():
    with Bench() as b:
        api = b.ready()
        vdi, small = b.vdi(api, SIZE), b.vdi(api, SIZE // 2)
        neighbour = b.vdi(api, SIZE)
        data = content(1)
        equal(send(b, api, "vdi=" + neighbour, data)["status"], "success",
              "raw")
        image = made(b, data, *VHD)
        for what, disk, said in (
                (image[:-512], vdi, "ended early"),
                (image[:600], vdi, "ended early"),
                (b"x", vdi, "ended early"),
                (with_type(image, 4), vdi, "parent"),
                (made(b, data, "qcow2"), vdi, "qcow2"),
                (os.urandom(SIZE), vdi, "no footer"),
                (os.urandom(2 * SIZE), vdi, "larger than the disk"),
                (image, small, "larger than the disk")):
            code, text = failure(send(b, api, "format=vhd&vdi=" + disk, what))
            equal(code, "VDI_IO_ERROR", text)
            check(said in text, "'%s' does not tell of '%s'" % (text, said))
            at_rest(b, api, disk)
        check(raw(b, api, neighbour) == data, "the neighbour has changed")
        equal(send(b, api, "format=vhd&vdi=" + vdi, image)["status"],
              "success", "afterwards")
        check(raw(b, api, vdi) == data, "afterwards")
        folder = b.path("host/sr/%s/" % api("SR.get_uuid", b.sr(api)))
        for disk, size in ((vdi, SIZE), (small, SIZE // 2)):
            equal(os.stat(folder + api("VDI.get_uuid", disk) + ".raw").st_size,
                  size, "the file of a disk")


def answer(b, verb, path, session):
    c = connection(b)
    c.request(verb, "%s&session_id=%s" % (path, session), body=b"abc" if
              verb == "PUT" else None)
    return c.getresponse().status


def what_is_no_image_is_refused():
    with Bench() as b:
        api = b.ready()
        vdi, large = b.vdi(api, SIZE), b.vdi(api, 2041 << 30)
        most = b.vdi(api, 2040 << 30)

        def status(verb, path):
            task = api("task.create", "refused", "")
            got = answer(b, verb, path + "&task_id=" + task, api.session)
            return [got] + failure(ended(api, task))

        for verb, path in (("PUT", "/import_raw_vdi/"),
                           ("GET", "/export_raw_vdi/")):
            equal(status(verb, path + "?format=vmdk&vdi=" + vdi),
                  [404, "NOT_IMPLEMENTED", "format=vmdk"], path)
            equal(status(verb, path + "?format=vhd&vdi=nothing")[:2],
                  [400, "UUID_INVALID"], path)
        equal(status("PUT", "/import_raw_vdi/?format=vhd&sr_id=" + b.sr(api)
                     )[:2], [400, "VDI_MISSING"], "no disk")
        equal(status("GET", "/export_raw_vdi/?format=vhd&vdi=%s&base=%s" % (
            vdi, vdi)), [404, "NOT_IMPLEMENTED", "base="], "a delta")
        equal(status("GET", "/export_raw_vdi/?format=vhd&vdi=" + large),
              [500, "VDI_TOO_LARGE", large, str(2040 << 30)], "too large")
        # the largest that there is
        image = fetch(b, api, "format=vhd&vdi=" + most)[1]
        equal(send(b, api, "format=vhd&vdi=" + large, image)["status"],
              "success", "the largest")
        at_rest(b, api, vdi, large, most)


def under_way(b, api, query, data):
    """An import that has begun to write and waits for its client; the pid of
    its program."""
    c, task = start(b, api, query, len(data))
    c.send(data[:len(data) // 2])
    until("progress", lambda: api("task.get_progress", task))
    return c, task, until("the program", lambda: programs(b))[0]


def coming_out(b, api, vdi):
    """An export of which a MiB has come; its answer and task."""
    task = api("task.create", "export", "")
    c = connection(b)
    c.request("GET", "/export_raw_vdi/?format=vhd&vdi=%s&session_id=%s"
              "&task_id=%s" % (vdi, api.session, task))
    r = c.getresponse()
    r.read(MIB)
    return r, task


def kill_9_fails_the_transfer_alone():
    with Bench() as b:
        api = b.ready()
        vdi = b.vdi(api, 4 * SIZE)
        data = os.urandom(4 * SIZE)
        image = made(b, data, *VHD)
        c, task, pid = under_way(b, api, "format=vhd&vdi=" + vdi, image)
        os.kill(pid, signal.SIGKILL)
        equal(failure(ended(api, task)),
              ["VDI_IO_ERROR", "its program ended silently"], "import")
        c.close()
        at_rest(b, api, vdi)
        equal(send(b, api, "format=vhd&vdi=" + vdi, image)["status"],
              "success", "again")
        check(raw(b, api, vdi) == data, "again")
        r, task = coming_out(b, api, vdi)
        os.kill(until("the program", lambda: programs(b))[0], signal.SIGKILL)
        check(len(r.read()) < len(image) - MIB, "all of the image")
        equal(failure(ended(api, task)),
              ["VDI_IO_ERROR", "the image was cut short"], "export")
        at_rest(b, api, vdi)
        api("VDI.destroy", vdi)


def who_hangs_up_or_cancels_ends_the_program():
    with Bench() as b:
        api = b.ready()
        vdi = b.vdi(api, 4 * SIZE)
        image = made(b, os.urandom(4 * SIZE), *VHD)
        c, task, _ = under_way(b, api, "format=vhd&vdi=" + vdi, image)
        c.close()
        code, text = failure(ended(api, task))
        check(code == "VDI_IO_ERROR" and "ended early" in text, text)
        at_rest(b, api, vdi)
        c, task, _ = under_way(b, api, "format=vhd&vdi=" + vdi, image)
        api("task.cancel", task)
        equal(ended(api, task)["status"], "cancelled", "import")
        at_rest(b, api, vdi)
        c.close()
        equal(send(b, api, "format=vhd&vdi=" + vdi, image)["status"],
              "success", "again")
        for act in (lambda: api("task.cancel", task), lambda: r.close()):
            r, task = coming_out(b, api, vdi)
            act()
            check(ended(api, task)["status"] != "success", "the task")
            at_rest(b, api, vdi)
        api("VDI.destroy", vdi)


def a_program_that_hangs_has_ended_before_the_disk_is_anothers():
    """However its transfer ends: it would write when it goes on."""
    def cancel(b, api, task):
        api("task.cancel", task)
        equal(ended(api, task)["status"], "cancelled", "import")
        return api

    def kill_xapi(b, _api, _task):
        b.kill_xapi()
        b.start_xapi()
        return b.login()

    for end in cancel, kill_xapi:
        with Bench() as b:
            api = b.ready()
            vdi = b.vdi(api, 4 * SIZE)
            image = made(b, os.urandom(4 * SIZE), *VHD)
            c, task, pid = under_way(b, api, "format=vhd&vdi=" + vdi, image)
            os.kill(pid, signal.SIGSTOP)
            c.send(image[len(image) // 2:][:MIB // 8])
            api = end(b, api, task)
            data = os.urandom(4 * SIZE)
            until("the disk", lambda: send(b, api, "vdi=" + vdi, data)[
                "status"] == "success")
            equal(programs(b), [], "programs")
            check(raw(b, api, vdi) == data, "the disk of another")
            c.close()
            at_rest(b, api, vdi)


def a_restart_of_xenopsd_fails_the_transfer():
    with Bench() as b:
        api = b.ready()
        vdi = b.vdi(api, 4 * SIZE)
        image = made(b, os.urandom(4 * SIZE), *VHD)
        c, task, _ = under_way(b, api, "format=vhd&vdi=" + vdi, image)
        b.kill_sim()
        with contextlib.suppress(OSError):      # who is silent is waited for
            c.send(image[len(image) // 2:])
        check(ended(api, task)["status"] == "failure", "the task")
        c.close()
        until("the programs to end", lambda: not programs(b))


SCENARIOS = [
    vhd_images_go_in_and_out,
    qcow2_images_go_in_and_out,
    a_client_may_not_know_the_length,
    holes_cost_nothing,
    a_bad_image_fails_and_hurts_nothing_else,
    what_is_no_image_is_refused,
    kill_9_fails_the_transfer_alone,
    who_hangs_up_or_cancels_ends_the_program,
    a_program_that_hangs_has_ended_before_the_disk_is_anothers,
    a_restart_of_xenopsd_fails_the_transfer,
]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS))
