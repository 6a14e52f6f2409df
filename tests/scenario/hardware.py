"""What the machine has and what became of it: records of PCI, graphics cards and
USB, what it calls itself, and of crashes.

	hardware.py [NAME...]
"""

import os
import sys
import time
import uuid

from bench import Bench, check, equal, main, refused, until


def records(api, cls):
    return api(cls + ".get_all_records")


def of_machine(b):
    """A session, once the devices are there."""
    api = b.ready()
    until("the devices", lambda: api("PCI.get_all"))
    return api


def by_address(api):
    return {r["pci_id"]: (ref, r) for ref, r in records(api, "PCI").items()}


def uuids(api):
    return {cls: sorted(r["uuid"] for r in records(api, cls).values())
            for cls in ("PCI", "PGPU", "GPU_group", "PUSB", "USB_group")}


def the_devices_of_the_machine_are_records():
    with Bench() as b:
        api = of_machine(b)
        host = api("host.get_all")[0]
        pcis = by_address(api)
        equal(sorted(api("host.get_PCIs", host)),
              sorted(ref for ref, _ in pcis.values()), "PCIs of the host")
        ref, vga = pcis["0000:03:00.0"]
        equal({k: vga[k] for k in (
            "class_id", "class_name", "vendor_id", "device_id", "host",
            "driver_name", "dependencies")}, {
                "class_id": "0300", "class_name": "VGA compatible controller",
                "vendor_id": "1a03", "device_id": "2000", "host": host,
                "driver_name": "ast", "dependencies": []}, "graphics card")
        (pgpu,) = records(api, "PGPU").values()
        equal((pgpu["PCI"], pgpu["host"], pgpu["is_system_display_device"],
               pgpu["dom0_access"]), (ref, host, True, "enabled"), "PGPU")
        group = api("GPU_group.get_record", pgpu["GPU_group"])
        equal((group["name_label"], group["GPU_types"]),
              ("Group of ASPEED Technology, Inc. ASPEED Graphics Family GPUs",
               ["1a03/2000"]), "group")
        one, two, virtual = (pcis[a] for a in (
            "0000:3b:00.0", "0000:3b:00.1", "0000:3b:02.0"))
        equal(one[1]["dependencies"], [two[0]], "other function")
        equal(virtual[1]["dependencies"], [], "of a virtual function")
        equal({r["device"]: r["PCI"] for r in records(api, "PIF").values()},
              {"eth0": one[0], "eth1": two[0]}, "PIFs")
        usb = {r["path"]: r for r in records(api, "PUSB").values()}
        equal(sorted(usb), ["1-3", "1-6"], "USB")
        stick = usb["1-6"]
        equal((stick["vendor_id"], stick["product_id"], stick["serial"],
               stick["version"], stick["speed"], stick["host"],
               stick["passthrough_enabled"]),
              ("0781", "5583", "4C530000SIM", "2.10", 480.0, host, False),
              "stick")
        equal(api("USB_group.get_name_label", stick["USB_group"]),
              "Group of SanDisk Corp. Ultra Fit USBs", "its group")


def records_of_devices_outlive_a_restart_and_no_more():
    with Bench() as b:
        api = of_machine(b)
        before = uuids(api)
        group = api("GPU_group.get_all")[0]
        api("GPU_group.set_name_description", group, "for the lab")
        stick = [r for r, x in records(api, "PUSB").items()
                 if x["path"] == "1-6"][0]
        api("PUSB.add_to_other_config", stick, "who", "lab")
        b.kill_xapi()
        b.kill_sim()
        b.start_sim()
        b.start_xapi()
        api = of_machine(b)
        equal(uuids(api), before, "after a restart")
        equal(api("PUSB.get_other_config", stick), {"who": "lab"},
              "what was said of it")
        with open(b.path("host/unplugged"), "w") as f:
            f.write("0000:03:00.0\n1-6\n0000:3b:02.0")
        b.control("event")
        until("the stick to go", lambda: stick not in api("PUSB.get_all"))
        b.control("event")
        until("the group to go", lambda: not api("GPU_group.get_all"))
        pcis = by_address(api)
        check("0000:03:00.0" not in pcis, "the card is still there")
        equal(api("PGPU.get_all"), [], "PGPUs")
        check("0000:3b:02.0" not in pcis, "the virtual function is there")
        equal(len(api("USB_group.get_all")), 1, "groups of USB")
        os.unlink(b.path("host/unplugged"))
        b.control("event")
        until("all of it", lambda: (
            len(api("PUSB.get_all")), len(api("PGPU.get_all")),
            len(api("GPU_group.get_all"))) == (2, 1, 1))
        equal(sorted(by_address(api)),
              sorted([*pcis, "0000:03:00.0", "0000:3b:02.0"]), "addresses")
        check(stick not in api("PUSB.get_all"), "it came back from the dead")


def product(api):
    version = api("host.get_software_version", api("host.get_all")[0])
    return [version.get(k) for k in ("product_brand", "product_version",
                                     "platform_version", "xencenter_min")]


OWN = ["Bedplate", "8.3.0", "3.4.0", None]


def the_brand_is_a_setting():
    with Bench() as b:
        api = of_machine(b)
        pool = api("pool.get_all")[0]
        equal(product(api), OWN, "own brand")
        seen = api("event.from", ["host"], "", 60.0)["token"]
        api("pool.add_to_other_config", pool, "product_brand", "XenServer")
        equal(product(api), ["XenServer"] + OWN[1:], "brand")
        events = api("event.from", ["host"], seen, 60.0)["events"]
        equal([e["snapshot"]["software_version"]["product_brand"]
               for e in events], ["XenServer"], "brand by event")
        kept = {"product_brand": "XenServer", "product_version": "8.4.0",
                "xencenter_min": "2", "colour": "blue"}
        api("pool.set_other_config", pool, kept)
        equal(product(api), ["XenServer", "8.4.0", "3.4.0", "2"], "versions")
        for key, value in (("product_version", "8.4"),
                           ("product_version", "8.4.x"),
                           ("product_version", "8.4.0.1"),
                           ("product_version", "8.4.1234567890"),
                           ("platform_version", ""), ("product_brand", ""),
                           ("product_brand", "x" * 65),
                           ("product_brand", "\u2603"),
                           ("build_number", "a\nb"),
                           ("xencenter_max", "1.0")):
            equal(refused("INVALID_VALUE", api, "pool.set_other_config", pool,
                          {key: value}), ["other_config:" + key, value], key)
        refused("INVALID_VALUE", api, "pool.add_to_other_config", pool,
                "platform_version", "3")
        equal(api("pool.get_other_config", pool), kept, "settings")
        b.control("event")
        b.kill_xapi()
        b.start_xapi()
        api = of_machine(b)
        equal(product(api), ["XenServer", "8.4.0", "3.4.0", "2"],
              "after a restart")
        api("pool.remove_from_other_config", pool, "product_version")
        equal(product(api), ["XenServer", "8.3.0", "3.4.0", "2"], "without one")
        api("pool.set_other_config", pool, {})
        equal(product(api), OWN, "own brand again")


class Answered(Bench):
    """The first start of a host whose answer file named a product."""

    def start_xapi(self, *args, **kwargs):
        with open(self.path("product"), "w") as f:
            f.write("product_brand=XenServer\nproduct_version=8\n"
                    "colour=blue\nplatform_version=3.4.1\n")
        self.xapi_options = (*Bench.xapi_options, "--product-file",
                             self.path("product"))
        super().start_xapi(*args, **kwargs)


def the_brand_of_the_installation_counts_once():
    with Answered() as b:
        api = of_machine(b)
        pool = api("pool.get_all")[0]
        equal(product(api), ["XenServer", "8.3.0", "3.4.1", None], "brand")
        api("pool.set_other_config", pool, {})
        b.kill_xapi()
        b.start_xapi()
        api = of_machine(b)
        equal(product(api), OWN, "once it was taken back")


def put_crash(b, name, when, text):
    os.makedirs(b.path("host/crash"), exist_ok=True)
    with open(b.path("host/crash/" + name), "wb") as f:
        f.write(b"%d\n" % when + text)


def alerts(api):
    return [r["body"] for r in records(api, "message").values()
            if r["name"] == "HOST_CRASHED"]


def a_crash_is_told_once_and_forgotten_when_told_to():
    with Bench() as b:
        api = of_machine(b)
        host = api("host.get_all")[0]
        equal(api("host_crashdump.get_all"), [], "crashes of a host that had none")
        when = int(time.time()) - 60
        one, two = str(uuid.uuid4()), str(uuid.uuid4())
        said = b"x" * 5000 + b"\nKernel panic \x01\xff<&>\n"
        put_crash(b, one, when, said)
        put_crash(b, two, when + 30, b"")
        put_crash(b, "passwd", when, b"no crash")
        os.symlink("/etc/passwd", b.path("host/crash/" + str(uuid.uuid4())))
        with open(b.path("host/crash/" + str(uuid.uuid4())), "w") as f:
            f.write("no time\n")
        b.control("event")
        until("two crashes", lambda: len(api("host_crashdump.get_all")) == 2)
        ref = api("host_crashdump.get_by_uuid", one)
        record = api("host_crashdump.get_record", ref)
        equal((record["host"], record["size"]), (host, str(len(said))), "crash")
        equal(sorted(api("host.get_crashdumps", host)),
              sorted(api("host_crashdump.get_all")), "of the host")
        (words,) = [t for t in alerts(api) if "Kernel panic ??<&>" in t]
        check(len(words) < 2300, "%d bytes of last words" % len(words))
        equal(len(alerts(api)), 2, "alerts")
        b.kill_xapi()
        b.start_xapi()
        api = of_machine(b)
        b.control("event")
        until("xapi to look", lambda: "up to date" in b.log("xapi"))
        equal(len(alerts(api)), 2, "alerts after a restart")
        equal(api("host_crashdump.get_by_uuid", one), ref, "record")
        refused("OPERATION_NOT_ALLOWED", api, "host_crashdump.upload", ref,
                "http://127.0.0.1/", {})
        api("host_crashdump.destroy", ref)
        check(not os.path.exists(b.path("host/crash/" + one)), "it is kept")
        refused("HANDLE_INVALID", api, "host_crashdump.destroy", ref)
        refused("HANDLE_INVALID", api, "host_crashdump.upload", ref, "", {})
        b.control("fail crash_destroy io")
        other = api("host_crashdump.get_by_uuid", two)
        refused("SR_BACKEND_FAILURE", api, "host_crashdump.destroy", other)
        equal(api("host_crashdump.get_all"), [other], "the other")
        os.unlink(b.path("host/crash/" + two))
        b.control("event")
        until("none", lambda: not api("host_crashdump.get_all"))


if __name__ == "__main__":
    sys.exit(main([the_devices_of_the_machine_are_records,
                   records_of_devices_outlive_a_restart_and_no_more,
                   the_brand_is_a_setting,
                   the_brand_of_the_installation_counts_once,
                   a_crash_is_told_once_and_forgotten_when_told_to]))
