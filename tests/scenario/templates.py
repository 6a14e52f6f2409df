"""The default templates, and VMs made from them as clients make them.

	templates.py [NAME...]
"""

import sys
import xml.etree.ElementTree as ET

from bench import Bench, check, equal, main, refused
from xe import xe

GIB = 1 << 30
USUAL = ("Other install media", "Debian Bookworm 12", "Rocky Linux 9",
         "Ubuntu Noble Numbat 24.04", "Windows 11 (64-bit)",
         "Windows Server 2022 (64-bit)", "Generic Linux UEFI",
         "Linux PV guest (boots from its own disk)",
         "Linux PVH guest (boots from its own disk)")


def templates(api):
    return {t: r for t, r in api("VM.get_all_records").items()
            if r["is_a_template"]}


def the_usual_templates_are_there():
    with Bench() as b:
        api = b.ready()
        found = templates(api)
        names = sorted(r["name_label"] for r in found.values())
        check(not set(USUAL) - set(names), "of the usual: %s" % names)
        equal(len(set(names)), len(names), "names")
        for r in found.values():
            name, other = r["name_label"], r["other_config"]
            # what one client or another goes by
            check(r["is_default_template"] and
                  other["default_template"] == "true" and
                  other["base_template_name"] == name and
                  r["reference_label"], name)
            rules = ET.fromstring(r["recommendations"])
            check(rules.tag == "restrictions" and len(rules) >= 2, name)
            for rule in rules:
                check(rule.get("field") or rule.get("property"), name)
            limits = [int(r["memory_" + k]) for k in (
                "static_min", "dynamic_min", "dynamic_max", "static_max")]
            equal(limits, sorted(limits), "memory of " + name)
            hvm = r["domain_type"] == "hvm"
            equal(r["HVM_boot_policy"], "BIOS order" if hvm else "", name)
            equal(hvm, r["HVM_boot_params"].get("firmware") in (
                "bios", "uefi"), name)
            equal(hvm, "install-methods" in other, name)
            check("cores-per-socket" in r["platform"], name)
            check("clone" in r["allowed_operations"] and
                  "start" not in r["allowed_operations"], name)


def made(api, vm, name, n_disks):
    """A VM that was made: no template, its disks of its own."""
    r = api("VM.get_record", vm)
    check(not r["is_a_template"] and not r["is_default_template"], name)
    check("disks" not in r["other_config"] and
          "default_template" not in r["other_config"], name)
    equal(r["other_config"]["base_template_name"], name, "of a clone")
    equal(len(r["VBDs"]), n_disks, "disks of " + name)
    vdis = [api("VBD.get_VDI", v) for v in r["VBDs"]]
    for v in r["VBDs"]:
        vbd = api("VBD.get_record", v)
        equal((vbd["userdevice"], vbd["bootable"], vbd["type"]),
              ("0", True, "Disk"), name)
    return vdis


def every_template_becomes_a_vm():
    with Bench() as b:
        api = b.ready()
        for ref, r in templates(api).items():
            name = r["name_label"]
            disks = ET.fromstring(r["other_config"].get(
                "disks", "<provision/>"))
            vm = api.run("VM.clone", ref, "of " + name)
            api("VM.set_name_description", vm, "made")
            api.run("VM.provision", vm)
            equal(api("VM.get_name_label", vm), "of " + name, "name")
            vdis = made(api, vm, name, len(disks))
            equal([api("VDI.get_virtual_size", v) for v in vdis],
                  [d.get("size") for d in disks], "sizes of " + name)
            api.run("VM.destroy", vm)
            for vdi in vdis:
                api.run("VDI.destroy", vdi)
        check(all(r["is_default_template"]
                  for r in templates(api).values()), "a template is no more")


def by_name(api, name):
    return [t for t, r in templates(api).items()
            if r["name_label"] == name][0]


def disks_xml(*disks):
    root = ET.Element("provision")
    for i, (size, sr) in enumerate(disks):
        ET.SubElement(root, "disk", device=str(i), size=str(size), sr=sr,
                      bootable="true", type="system")
    return ET.tostring(root).decode()


def what_a_failed_provision_made_is_undone():
    with Bench() as b:
        api = b.ready()
        sr = api("SR.get_uuid", b.sr(api))
        vm = api("VM.clone", by_name(api, "Debian Bookworm 12"), "two disks")

        def give(*disks):
            api("VM.remove_from_other_config", vm, "disks")
            api("VM.add_to_other_config", vm, "disks", disks_xml(*disks))

        before = sorted(api("VDI.get_all"))
        give((GIB, ""), (GIB, sr))
        b.control("fail vdi_create no_space 1 1")
        refused("SR_FULL", api.run, "VM.provision", vm)
        equal(sorted(api("VDI.get_all")), before, "disks left")
        check(api("VM.get_is_a_template", vm), "half a VM")
        # an SR that is not there, after one that is
        give((GIB, ""), (GIB, "5c1a3c1e-53b5-4d9a-8f7e-0c8d4f1b2a3c"))
        refused("UUID_INVALID", api.run, "VM.provision", vm)
        equal(sorted(api("VDI.get_all")), before, "disks left")
        give((GIB, ""), (2 * GIB, sr))
        api.run("VM.provision", vm)
        equal(len(api("VM.get_VBDs", vm)), 2, "disks")
        equal(len(api("VDI.get_all")), len(before) + 2, "all disks")


def a_template_that_is_gone_stays_away():
    with Bench() as b:
        api = b.ready()
        all_of_them = len(templates(api))
        one = by_name(api, "Generic Linux BIOS")
        refused("VM_CANNOT_DELETE_DEFAULT_TEMPLATE", api.run, "VM.destroy",
                one)
        api("VM.set_is_a_template", one, False)
        api.run("VM.destroy", one)
        for _ in range(2):
            b.kill_xapi()
            b.start_xapi()
            api = b.ready()
            equal(len(templates(api)), all_of_them - 1, "templates")
        # asked for again
        pool = api("pool.get_all")[0]
        api("pool.remove_from_other_config", pool, "default-templates")
        b.kill_xapi()
        b.start_xapi()
        api = b.ready()
        equal(len(templates(api)), all_of_them, "templates")


def xe_installs_a_vm_on_an_sr():
    with Bench() as b:
        api = b.ready()
        sr = api("SR.get_record", b.sr(api))
        for where in ([], ["sr-uuid=" + sr["uuid"]],
                      ["sr-name-label=" + sr["name_label"]]):
            uuid = xe(b, "vm-install", "template=Windows 10 (64-bit)",
                      "new-name-label=from xe", *where)
            vm = api("VM.get_by_uuid", uuid)
            for vdi in made(api, vm, "Windows 10 (64-bit)", 1):
                equal(api("VDI.get_SR", vdi), b.sr(api), "SR")
            xe(b, "vm-uninstall", "uuid=" + uuid, "force=true")
        # without a default SR it must be named
        api("pool.set_default_SR", api("pool.get_all")[0], "OpaqueRef:NULL")
        err = xe(b, "vm-install", "template=Windows 10 (64-bit)",
                 "new-name-label=from xe", status=1)
        check("SR" in err, err)
        equal(xe(b, "vm-list", "is-control-domain=false", "--minimal"), "",
              "VMs")
        equal(api("VDI.get_all"), [], "disks")
        xe(b, "vm-install", "template=Windows 10 (64-bit)",
           "new-name-label=from xe", "sr-uuid=" + sr["uuid"])
        equal(len(api("VDI.get_all")), 1, "disks")


if __name__ == "__main__":
    sys.exit(main([
        the_usual_templates_are_there, every_template_becomes_a_vm,
        what_a_failed_provision_made_is_undone,
        a_template_that_is_gone_stays_away, xe_installs_a_vm_on_an_sr]))
