#!/usr/bin/env python3
"""SRs of other kinds than disks, over the simulator.

	storage.py [NAME...]
"""

import hashlib
import http.client
import os
import sys

from bench import MIB, Bench, check, equal, main, refused
from api import tls


def send(b, api, path, data):
    c = http.client.HTTPSConnection("127.0.0.1", b.https, context=tls())
    c.request("PUT", "%s&session_id=%s" % (path, api.session), body=data)
    r = c.getresponse()
    r.read()                # to the end: the answer's head comes first
    return r.status


def fetch(b, api, path):
    c = http.client.HTTPSConnection("127.0.0.1", b.https, context=tls())
    c.request("GET", "%s&session_id=%s" % (path, api.session))
    return c.getresponse().read()


def library(api, **config):
    return api.run("SR.create", api("host.get_all")[0],
                   dict({"location": "state"}, **config), "0", "library", "",
                   "iso", "", False, {})


def image(api, sr, name, size=2 * MIB):
    return api("VDI.create", {
        "name_label": name, "name_description": "", "SR": sr,
        "virtual_size": str(size), "type": "user", "sharable": False,
        "read_only": False, "other_config": {}})


def names(api, sr):
    return sorted(api("VDI.get_name_label", v) for v in api("SR.get_VDIs", sr))


def cd_drive(api, vm, device="3"):
    return api("VBD.create", {
        "VM": vm, "VDI": "OpaqueRef:NULL", "userdevice": device,
        "bootable": False, "mode": "RO", "type": "CD", "empty": True,
        "other_config": {}, "qos_algorithm_type": "",
        "qos_algorithm_params": {}})


def an_iso_goes_up_and_into_a_drive():
    with Bench() as b:
        api = b.ready()
        elsewhere, vm = b.sr(api), b.running(api)
        sr = library(api)
        equal((api("SR.get_type", sr), api("SR.get_content_type", sr)),
              ("iso", "iso"), "type and content_type")
        iso = image(api, sr, "debian 13", 2 * MIB - 100)
        record = api("VDI.get_record", iso)
        equal({k: record[k] for k in ("name_label", "location", "type",
                                      "read_only", "virtual_size", "missing")},
              {"name_label": "debian 13.iso", "location": "debian 13.iso",
               "type": "user", "read_only": True,
               "virtual_size": str(2 * MIB), "missing": False}, "record")
        equal(record["allowed_operations"], ["destroy"], "allowed")
        data = os.urandom(2 * MIB)
        equal(send(b, api, "/import_raw_vdi?vdi=" + iso, data), 200, "upload")
        with open(b.path("host/sr/%s/debian 13.iso" % api("SR.get_uuid", sr)),
                  "rb") as f:
            check(f.read() == data, "the file is not what was sent")
        equal(hashlib.sha256(fetch(b, api, "/export_raw_vdi?vdi=" + iso))
              .digest(), hashlib.sha256(data).digest(), "what comes back")
        cd = cd_drive(api, vm)
        api.run("VBD.insert", cd, iso)
        equal(api("VBD.get_VDI", cd), iso, "in the drive")
        refused("VDI_IN_USE", api.run, "VDI.destroy", iso)
        equal(send(b, api, "/import_raw_vdi?vdi=" + iso, data), 500,
              "an upload into a disk in use")
        api.run("VBD.eject", cd)
        # a guest never writes to it
        refused("VDI_READONLY", b.vbd, api, vm, iso, "5")
        # elsewhere it is a disk like any other
        copy = api.run("VDI.copy", iso, elsewhere, "OpaqueRef:NULL",
                       "OpaqueRef:NULL")
        check(fetch(b, api, "/export_raw_vdi?vdi=" + copy) == data, "the copy")
        api.run("VDI.destroy", iso)
        equal(names(api, sr), [], "disks")


def a_library_shows_what_lies_in_it():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        sr = library(api)
        folder = b.path("host/sr/%s/" % api("SR.get_uuid", sr))
        for name in "one.iso", "Two.IMG", "notes.txt", ".hidden.iso":
            with open(folder + name, "wb") as f:
                f.truncate(MIB)
        with open(folder.encode() + b"latin-\xe4.iso", "wb") as f:
            f.truncate(MIB)
        with open(folder + "a\nb.iso", "wb") as f:
            f.truncate(MIB)
        os.symlink("/etc/passwd", folder + "link.iso")
        os.mkfifo(folder + "fifo.iso")
        os.mkdir(folder + "folder.iso")
        api.run("SR.scan", sr)
        equal(names(api, sr), ["Two.IMG", "one.iso"], "disks")
        one = [v for v in api("SR.get_VDIs", sr)
               if api("VDI.get_name_label", v) == "one.iso"][0]
        uuid = api("VDI.get_uuid", one)
        equal(api("SR.get_virtual_allocation", sr), str(2 * MIB), "allocation")
        cd = cd_drive(api, vm)
        api.run("VBD.insert", cd, one)
        # one that is in a drive is missing; one that is in none is forgotten
        os.unlink(folder + "one.iso")
        os.unlink(folder + "Two.IMG")
        api.run("SR.scan", sr)
        equal(names(api, sr), ["one.iso"], "disks")
        check(api("VDI.get_missing", one), "not missing")
        api.run("VBD.eject", cd)
        api.run("SR.scan", sr)
        equal(names(api, sr), [], "disks")
        with open(folder + "one.iso", "wb") as f:
            f.truncate(3 * MIB)
        api.run("SR.scan", sr)
        again = api("SR.get_VDIs", sr)[0]
        equal((api("VDI.get_uuid", again), api("VDI.get_virtual_size", again)),
              (uuid, str(3 * MIB)), "the same name")
        # unplugged and plugged, or after a restart, it is the same again
        pbd = api("SR.get_PBDs", sr)[0]
        api.run("PBD.unplug", pbd)
        refused("SR_NOT_ATTACHED", api.run, "SR.scan", sr)
        api.run("PBD.plug", pbd)
        equal([api("VDI.get_uuid", v) for v in api("SR.get_VDIs", sr)],
              [uuid], "after the plug")
        b.kill_sim()
        b.kill_xapi()
        b.start_sim()
        b.start_xapi()
        api = b.ready()
        equal(api("VDI.get_uuid", api("SR.get_VDIs", sr)[0]), uuid,
              "after the restart")


def what_a_library_cannot_do_is_refused():
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        for config, code in (
                ({}, "INVALID_VALUE"),
                ({"location": "/var/opt/isos"}, "VALUE_NOT_SUPPORTED"),
                ({"location": "//server/share", "type": "cifs"},
                 "VALUE_NOT_SUPPORTED")):
            refused(code, api.run, "SR.create", host, config, "0", "s", "",
                    "iso", "iso", False, {})
        refused("OPERATION_NOT_ALLOWED", api.run, "SR.create", host,
                {"location": "state"}, "0", "s", "", "iso", "iso", True, {})
        sr = library(api)
        iso = image(api, sr, "a.iso")
        equal(refused("SR_BACKEND_FAILURE", image, api, sr, "a")[0],
              "exists", "the same name twice")
        for name in ("", "a/b", "../a", ".a", "x" * 252, "a\tb"):
            equal(refused("INVALID_VALUE", image, api, sr, name),
                  ["name_label", name], "parameters")
        for call in (("VDI.clone", iso, {}), ("VDI.snapshot", iso, {}),
                     ("VDI.resize", iso, str(4 * MIB))):
            equal(refused("SR_OPERATION_NOT_SUPPORTED", api.run, *call), [sr],
                  call[0])
        refused("SR_FULL", image, api, sr, "huge", 9 << 40)
        pbd = api("SR.get_PBDs", sr)[0]
        api.run("PBD.unplug", pbd)
        refused("SR_NOT_EMPTY", api.run, "SR.destroy", sr)
        api.run("PBD.plug", pbd)
        api.run("VDI.destroy", iso)
        api.run("PBD.unplug", pbd)
        api.run("SR.destroy", sr)
        check(sr not in api("SR.get_all"), "the SR is there")


def srs_on_nfs_servers_come_and_go():
    with Bench() as b:
        api = b.ready()
        host, vm = api("host.get_all")[0], b.running(api)

        def create(kind, config, content="", shared=True):
            return api.run("SR.create", host, config, "0", "s", "", kind,
                           content, shared, {})

        check({"iso", "nfs"} <= set(api("SR.get_supported_types")), "types")
        for config, field in (
                ({"serverpath": "/x"}, "server"),
                ({"server": "nas"}, "serverpath"),
                ({"server": "nas", "serverpath": "x"}, "serverpath"),
                ({"server": "nas", "serverpath": "/x", "nfsversion": "2"},
                 "nfsversion")):
            equal(refused("INVALID_VALUE", create, "nfs", config)[0],
                  "device_config:" + field, "field")
        config = {"server": "2001:db8::1", "serverpath": "/x"}
        sr = create("nfs", config)
        equal((api("SR.get_shared", sr), api("SR.get_content_type", sr)),
              (True, "user"), "shared and content_type")
        pbd = api("SR.get_PBDs", sr)[0]
        equal(api("PBD.get_device_config", pbd), config, "device_config")
        disk = image(api, sr, "a disk")
        check(not api("VDI.get_read_only", disk), "read-only")
        lib = create("iso", {"location": "nas:/images"})
        folder = b.path("host/sr/%s/" % api("SR.get_uuid", lib))
        with open(folder + "cd.iso", "wb") as f:
            f.truncate(MIB)
        api.run("SR.scan", lib)
        equal(names(api, lib), ["cd.iso"], "disks")
        iso = api("SR.get_VDIs", lib)[0]
        cd = cd_drive(api, vm)
        api.run("VBD.insert", cd, iso)
        api.run("VBD.eject", cd)
        equal(send(b, api, "/import_raw_vdi?vdi=" + iso, b"x" * MIB), 500,
              "an upload")
        for call in ((image, api, lib, "new"), (api.run, "VDI.destroy", iso)):
            refused("SR_OPERATION_NOT_SUPPORTED", *call)
        api.run("PBD.unplug", api("SR.get_PBDs", lib)[0])
        uuid, found = api("SR.get_uuid", lib), api("VDI.get_uuid", iso)
        api.run("SR.forget", lib)
        # known again by hand, it shows the same disks
        known = (uuid, "again", "", "iso", "iso", True, {})
        refused("UUID_INVALID", api.run, "SR.introduce", "x", *known[1:])
        refused("SR_UNKNOWN_DRIVER", api.run, "SR.introduce", uuid, "s", "",
                "smb", "", True, {})
        lib = api.run("SR.introduce", *known)
        refused("SR_UUID_EXISTS", api.run, "SR.introduce", *known)
        refused("SR_NOT_ATTACHED", api.run, "SR.scan", lib)
        again = api.run("PBD.create", {
            "host": host, "SR": lib, "other_config": {},
            "device_config": {"location": "nas:/images"}})
        api.run("PBD.plug", again)
        equal([api("VDI.get_uuid", v) for v in api("SR.get_VDIs", lib)],
              [found], "disks after introduce")
        b.control("fail sr_attach timeout")
        api.run("PBD.unplug", pbd)
        equal(refused("SR_BACKEND_FAILURE", api.run, "PBD.plug", pbd)[0],
              "timeout", "status")
        b.control("clear")
        api.run("PBD.plug", pbd)
        equal(api("SR.get_VDIs", sr), [disk], "disks")


SCENARIOS = [
    an_iso_goes_up_and_into_a_drive, a_library_shows_what_lies_in_it,
    what_a_library_cannot_do_is_refused, srs_on_nfs_servers_come_and_go,
]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS))
