"""A real guest through the real API, as a client elsewhere would do it: log in
over TLS, upload a disk, make a VM from a template, start it, talk to it on its
console, plug devices, lose xapi, shut it down.

	test_guest.py [pv] [pvh] [hvm]
"""

import ipaddress
import os
import re
import sys
import tempfile

import administer
import appliance
import guest
import rfb
from api import Api, Refused
from appliance import Failed
from checks import check, refused, until

ISO = os.environ.get("ISO") or os.path.join(guest.ROOT, "build", "bedplate.iso")
PASSWORD = "correct horse"
TEMPLATES = {"pv": "Linux PV guest", "pvh": "Linux PVH guest",
             "hvm": "Other install media"}
MIB = 1 << 20


def set_password(m, api):
    """Until the console screen sets one, every login is refused."""
    refused(api, "SESSION_AUTHENTICATION_FAILED",
            "session.login_with_password", "root", "")
    refused(api, "SESSION_AUTHENTICATION_FAILED",
            "session.login_with_password", "root", PASSWORD)
    m.set_password(PASSWORD)
    refused(api, "SESSION_AUTHENTICATION_FAILED",
            "session.login_with_password", "root", "wrong")
    api.login("root", PASSWORD)


def make_storage(api, device, kind=os.environ.get("SR_TYPE", "lvm")):
    """An SR on the blank disk, named by its kind."""
    host = api("host.get_all")[0]
    api.run("SR.create", host, {"device": device}, "0", kind, "", kind, "",
            False, {}, limit_s=300)
    return api("SR.get_by_name_label", kind)[0]


def ready(m):
    """The API of a host that has just been switched on, and an SR on the first
    of its disks."""
    m.boot()
    api = Api(m.port["https"])
    api.until_up()
    set_password(m, api)
    return api, make_storage(api, m.disk(0))


def new_vdi(api, sr, name, size):
    return api("VDI.create", {
        "name_label": name, "name_description": "", "SR": sr,
        "virtual_size": str(size), "type": "user", "sharable": False,
        "read_only": False, "other_config": {}})


def new_vbd(api, vm, vdi, device):
    return api("VBD.create", {
        "VM": vm, "VDI": vdi, "userdevice": device, "bootable": device == "0",
        "mode": "RW", "type": "Disk", "empty": False, "other_config": {},
        "qos_algorithm_type": "", "qos_algorithm_params": {}})


def upload(api, sr, path):
    size = os.path.getsize(path)
    vdi = new_vdi(api, sr, "system", size)
    check(api.import_vdi(vdi, path) == 200, "import was not answered with 200")
    return vdi


def make_vm(api, sr, kind, path):
    templates = [t for t, r in api("VM.get_all_records").items()
                 if r["is_default_template"]
                 and r["name_label"].startswith(TEMPLATES[kind])]
    check(templates, "no template '%s'" % TEMPLATES[kind])
    vm = api("VM.clone", templates[0], "guest-" + kind)
    if kind == "hvm":
        # of a size that no disk here has
        api("VM.remove_from_other_config", vm, "disks")
    api("VM.provision", vm)
    size = (256 if kind == "hvm" else 192) * MIB
    api("VM.set_memory_limits", vm, str(size), str(size), str(size), str(size))
    if path:
        new_vbd(api, vm, upload(api, sr, path), "0")
    network = [n for n, r in api("network.get_all_records").items()
               if r["bridge"] == "xenbr0"][0]
    api("VIF.create", {
        "device": "0", "network": network, "VM": vm, "MAC": "", "MTU": "1500",
        "other_config": {}, "qos_algorithm_type": "",
        "qos_algorithm_params": {}})
    return vm, network


def start_and_talk(api, vm, limit_s=900):
    api.run("VM.start", vm, False, False, limit_s=900)
    check(api("VM.get_power_state", vm) == "Running", "not Running")
    console = api.console(vm)
    console.type("echo; echo I $(echo am) up\n")
    console.wait("I am up", limit_s)
    return console


def check_two_viewers(api, vm, console):
    """Both get all of it, and who comes later what was said before."""
    second = api.console(vm)
    second.wait("I am up", 300)
    words = " ".join(str(i) for i in range(1000, 1100))
    console.type("echo $(seq 1000 1099) e''nd\n")
    for c in (console, second):
        c.wait(words + " end", 300)
    second.close()


def check_text_screen(api, vm, console):
    """The console's text, drawn, for a viewer of pictures."""
    screen = rfb.Viewer(rfb.Framed(api, api.console_path(vm, "rfb")),
                        (rfb.ZRLE,))
    console.run("echo on the screen")
    screen.wait("^on the screen$", rfb.terminus(), 300)
    screen.close()


SEEN = "echo seen by me"


def check_screen(api, vm, console):
    """A viewer sees the guest's graphics card, and types at its keyboard."""
    # alone at its keyboard, on an empty screen
    console.run("[ ! -e /sh ] || kill -9 $(cat /sh)")
    console.run("printf '\\033c' >/dev/tty1")
    console.run("sh </dev/tty1 >/dev/tty1 2>&1 & echo $! >/sh")
    screen = rfb.Viewer(rfb.Raw(api, api.console_path(vm, "rfb")))
    # a key that comes while the keyboard's buffer is full is lost
    for end, key in enumerate(SEEN, 1):
        screen.type(key)
        screen.wait(re.escape(SEEN[:end].rstrip()) + "$", rfb.vga(), 300)
    screen.type("\n")
    screen.wait("^seen by me$", rfb.vga(), 300)
    screen.close()


def check_network(m, console):
    """The guest has an address and reads a page from dom0."""
    m.expect("(while :; do printf 'HTTP/1.0 200 OK\\r\\n\\r\\nhello guest\\n' |"
             " nc -l -p 8081; done) >/dev/null 2>&1 &")
    dom0 = m.expect("ip -4 addr show dev xenbr0 | "
                    "sed -n 's,.*inet \\([0-9.]*\\)/.*,\\1,p'").strip()
    address = console.run("ip -4 addr show dev eth0 | grep inet")
    check("inet " in address, "the guest has no address: " + address)
    page = console.run("wget -q -O - http://%s:8081/" % dom0)
    check("hello guest" in page, "no page from dom0: " + page)


def check_metrics(api, vm):
    """What the machine and the guest do is measured."""
    host = api("host.get_all")[0]
    for cls, ref, names in (
            ("host", host, ("cpu0", "cpu_avg", "pif_eth0_rx", "loadavg",
                            "memory_free_kib", "running_vcpus")),
            ("VM", api("host.get_control_domain", host), ("cpu0", "memory")),
            ("VM", vm, ("cpu0", "cpu_usage", "memory", "vif_0_tx",
                        "vbd_xvda_read", "vbd_xvda_iops_write"))):
        for name in names:
            until("%s of %s" % (name, cls), lambda: number(
                api, cls + ".query_data_source", ref, name) >= 0)
    kib = number(api, "host.query_data_source", host, "memory_total_kib")
    check(kib * 1024 == float(api("host_metrics.get_memory_total", api(
        "host.get_metrics", host))), "the host has %s KiB" % kib)
    memory = number(api, "VM.query_data_source", vm, "memory")
    check(0.9 <= memory / (192 * MIB) <= 1.1, "the VM has %s" % memory)


def number(api, method, ref, name):
    """A value, or -1 while there is none."""
    try:
        x = api(method, ref, name)
    except Refused:
        return -1
    return x if x == x else -1


def check_hotplug(api, vm, sr, network, console):
    vdi = new_vdi(api, sr, "second", 16 * MIB)
    vbd = new_vbd(api, vm, vdi, "1")
    api.run("VBD.plug", vbd)
    refused(api, "DEVICE_ALREADY_ATTACHED", "VBD.plug", api.session, vbd)
    console.run("until [ -b /dev/xvdb ]; do sleep 1; done")
    console.run("echo kept >/dev/xvdb")
    api.run("VBD.unplug", vbd)
    check(not api("VBD.get_currently_attached", vbd), "still attached")
    vif = api("VIF.create", {
        "device": "1", "network": network, "VM": vm, "MAC": "", "MTU": "1500",
        "other_config": {}, "qos_algorithm_type": "",
        "qos_algorithm_params": {}})
    api.run("VIF.plug", vif)
    console.run("until [ -d /sys/class/net/eth1 ]; do sleep 1; done")
    api.run("VIF.unplug", vif)
    api("VIF.destroy", vif)
    api("VBD.destroy", vbd)
    api("VDI.destroy", vdi)


def check_buttons(api, vm, console):
    """The guest's kernel says that it was asked, and goes on."""
    api.run("VM.send_sysrq", vm, "h")
    console.wait("sysrq: HELP")
    api.run("VM.send_trigger", vm, "nmi")
    # what the reason was depends on ports that not every kind has
    console.wait("Dazed and confused, but trying to continue")
    console.run("true")


def link_local(mac):
    b = [int(x, 16) for x in mac.split(":")]
    return str(ipaddress.ip_address("fe80::%02x%02x:%02xff:fe%02x:%02x%02x" % (
        b[0] ^ 2, b[1], b[2], b[3], b[4], b[5])))


def in_guest(console, command):
    """Does it succeed there?"""
    return "@yes" in console.run(
        "if %s </dev/null >/dev/null 2>&1; then echo @y''es; fi" % command)


def check_silence(m, api, vm, console):
    """dom0 is met on the management network, and not on one that is the
    guests' own: not by ARP, not by IPv6, not even by who knows its MAC."""
    dom0 = m.expect("ip -4 addr show dev xenbr0 | "
                    "sed -n 's,.*inet \\([0-9.]*\\)/.*,\\1,p'").strip()
    check(in_guest(console, "nc -w 20 %s 443" % dom0),
          "the API is not on the management network")
    network = api("network.create", {
        "name_label": "internal", "name_description": "", "MTU": "1500",
        "other_config": {}, "bridge": "", "managed": True, "tags": []})
    vif = api("VIF.create", {
        "device": "1", "network": network, "VM": vm, "MAC": "", "MTU": "1500",
        "other_config": {}, "qos_algorithm_type": "",
        "qos_algorithm_params": {}})
    api.run("VIF.plug", vif)
    bridge = api("network.get_bridge", network)
    mac = m.expect("cat /sys/class/net/%s/address" % bridge).strip()
    console.run("until [ -d /sys/class/net/eth1 ]; do sleep 1; done")
    console.run("ip link set eth0 down; ip link set eth1 up; "
                "ip addr add 10.0.2.77/24 dev eth1")
    console.run("until ip -6 addr show dev eth1 | grep -q fe80; do sleep 1; "
                "done")
    check(not in_guest(console, "arping -I eth1 -c 3 -w 5 %s" % dom0),
          "dom0 answers ARP on an internal network")
    console.run("arp -i eth1 -s %s %s" % (dom0, mac))
    for address in (dom0, link_local(mac) + "%eth1"):
        for command in ("ping -c 3 -W 2 %s", "nc -w 5 %s 443"):
            check(not in_guest(console, command % address),
                  "dom0 is met on an internal network: " + command % address)
    # what was typed is on the console, too
    text = console.run("cat /sys/class/net/eth1/address")
    own = link_local(re.search(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", text)[0])
    text = console.run("ping6 -c 3 -W 2 ff02::1%eth1")
    others = set(re.findall(r"bytes from ([0-9a-f:]+[0-9a-f])", text)) - {own}
    check(not others, "somebody else answers to all nodes of an internal "
          "network: %s" % others)
    console.run("ip addr flush dev eth1; ip link set eth0 up")
    api.run("VIF.unplug", vif)
    api("VIF.destroy", vif)
    api("network.destroy", network)


def check_vlan_is_there(m, api, pif, bridge):
    """In dom0 and by the API, which is where it was."""
    m.expect("grep -q '^eth0.100 *| 100 *| eth0$' /proc/net/vlan/config")
    m.expect("cd /sys/class/net/%s/brif; [ -e eth0.100 ]" % bridge)
    m.expect("ip link show dev eth0.100 up | grep -q eth0.100")
    for name in ("eth0.100", bridge):
        m.expect("grep -qx 1 /proc/sys/net/ipv6/conf/%s/disable_ipv6" % name)
        m.expect("! ip addr show dev %s | grep inet" % name)
    m.expect("[ -e /sys/class/net/xenbr0/brif/eth0 ]")
    m.expect("ip -4 addr show dev xenbr0 | grep 'inet 10.0.2.15/'")
    check(api("PIF.get_currently_attached", pif), "the VLAN is not attached")


def check_vlan_survives(m, api, pif, bridge):
    """It outlives the daemons; one that is lost is made again."""
    index = m.expect("cat /sys/class/net/eth0.100/ifindex")
    kill = "kill -9 $(cat /etc/service/%s/supervise/pid)"
    m.expect(kill % "xenopsd")
    m.expect(kill % "xapi")
    api.until_up()
    api.login("root", PASSWORD)
    check_vlan_is_there(m, api, pif, bridge)
    m.expect("ip link del eth0.100")
    api.wait_field("PIF", pif, "currently_attached", False)
    m.expect(kill % "xenopsd")
    api.wait_field("PIF", pif, "currently_attached", True)
    check_vlan_is_there(m, api, pif, bridge)
    check(m.expect("cat /sys/class/net/eth0.100/ifindex") != index,
          "it was never lost")


def check_vlan_carries(m, api, vm, network, vlan):
    """What a guest sends leaves with the tag; a VLAN in use stays."""
    vif = api("VIF.create", {
        "device": "1", "network": network, "VM": vm, "MAC": "", "MTU": "1500",
        "other_config": {}, "qos_algorithm_type": "",
        "qos_algorithm_params": {}})
    api.run("VIF.plug", vif)
    console = api.console(vm)
    console.run("until [ -d /sys/class/net/eth1 ]; do sleep 1; done")
    sent = "/sys/class/net/eth0.100/statistics/tx_packets"
    before = m.expect("cat " + sent).strip()
    console.run("ip link set eth1 up; arping -I eth1 -c 3 -w 5 192.0.2.1")
    m.until("[ $(cat %s) -gt %s ]" % (sent, before), 60)
    error = refused(api, "VIF_IN_USE", "VLAN.destroy", api.session, vlan)
    check(error[1:] == [network, vif], "in use by: %s" % error)
    api.run("VIF.unplug", vif)
    api("VIF.destroy", vif)
    return console


def check_vlan(m, api, vm, console):
    """A tag of the management NIC as a network for guests."""
    network = api("network.create", {
        "name_label": "tagged", "name_description": "", "MTU": "1500",
        "other_config": {}, "bridge": "", "managed": True, "tags": []})
    eth0 = [p for p, r in api("PIF.get_all_records").items() if r["physical"]][0]
    pif, = api("pool.create_VLAN_from_PIF", eth0, network, "100")
    vlan = api("PIF.get_VLAN_master_of", pif)
    bridge = api("network.get_bridge", network)
    check_vlan_is_there(m, api, pif, bridge)
    console.close()
    check_vlan_survives(m, api, pif, bridge)
    console = check_vlan_carries(m, api, vm, network, vlan)
    api("VLAN.destroy", vlan)
    m.expect("! ip link show dev eth0.100")
    m.expect("! grep eth0.100 /proc/net/vlan/config")
    refused(api, "HANDLE_INVALID", "PIF.get_uuid", api.session, pif)
    refused(api, "HANDLE_INVALID", "VLAN.get_uuid", api.session, vlan)
    api("network.destroy", network)
    m.expect("! ip link show dev " + bridge)
    return console


def check_suspend(m, api, sr, vm, console):
    """What is in its memory alone is there when it goes on; meanwhile it has no
    domain, no device and no volume that is active."""
    console.run("echo in memory >/kept")
    boot = console.run("cat /proc/sys/kernel/random/boot_id").split()[-1]
    console.close()
    api.run("VM.suspend", vm, limit_s=600)
    check(api("VM.get_power_state", vm) == "Suspended", "not Suspended")
    image = api("VM.get_suspend_VDI", vm)
    check(api("VDI.get_type", image) == "suspend", "no image")
    m.expect("[ $(xl list | wc -l) = 2 ]")
    check(not m.expect("ls /run/xenopsd/domains /run/xenopsd/use").split()[2:],
          "something of it is left")
    refused(api, "VM_BAD_POWER_STATE", "VM.start", api.session, vm, False,
            False)
    api.run("VM.resume", vm, False, False, limit_s=600)
    check(api("VM.get_power_state", vm) == "Running", "not Running")
    refused(api, "HANDLE_INVALID", "VDI.get_record", api.session, image)
    until("what it does when asked to", lambda: {
        "suspend", "clean_shutdown"} <= set(api("VM.get_allowed_operations",
                                                vm)))
    console = api.console(vm)
    check("in memory" in console.run("cat /kept"), "it forgot")
    check(boot in console.run("cat /proc/sys/kernel/random/boot_id"),
          "it booted again")
    return console


def unplug_second(api, vm, console):
    """A guest that has been resumed gives its disk back, and nothing else has
    it: QEMU has emulated ones of the first four again at that moment."""
    vbd, = [v for v in api("VM.get_VBDs", vm)
            if api("VBD.get_userdevice", v) == "1"]
    vdi = api("VBD.get_VDI", vbd)
    api.run("VBD.unplug", vbd)
    console.run("while [ -b /dev/xvdb ]; do sleep 1; done")
    api("VBD.destroy", vbd)
    api.run("VDI.destroy", vdi)


def check_checkpoint(api, sr, vm, console):
    """The guest goes on after it; a revert brings back what was in memory and on
    the disk then, and the guest goes on from there."""
    vbd = new_vbd(api, vm, new_vdi(api, sr, "then", 16 * MIB), "1")
    api.run("VBD.plug", vbd)
    console.run("until [ -b /dev/xvdb ]; do sleep 1; done")
    console.run("echo then >/kept; echo then >/dev/xvdb; sync")
    boot = console.run("cat /proc/sys/kernel/random/boot_id").split()[-1]
    console.close()
    point = api.run("VM.checkpoint", vm, "point", limit_s=900)
    check(api("VM.get_power_state", vm) == "Running", "not Running")
    console = api.console(vm)
    check("then" in console.run("cat /kept"), "it forgot")
    console.run("echo now >/kept; echo now >/dev/xvdb; sync")
    console.close()
    api.run("VM.revert", point, limit_s=600)
    check(api("VM.get_power_state", vm) == "Suspended", "not Suspended")
    api.run("VM.resume", vm, False, False, limit_s=600)
    console = api.console(vm)
    check("then" in console.run("cat /kept"), "it knows what came later")
    console.run("echo 3 >/proc/sys/vm/drop_caches")
    check("then" in console.run("head -n 1 /dev/xvdb"), "the disk does")
    check(boot in console.run("cat /proc/sys/kernel/random/boot_id"),
          "it booted again")
    unplug_second(api, vm, console)
    disks = [api("VBD.get_VDI", v) for v in api("VM.get_VBDs", point)
             if not api("VBD.get_empty", v)]
    api.run("VM.destroy", point)
    for vdi in disks:
        api.run("VDI.destroy", vdi)
    return console


def check_kill(m, api, vm):
    """xapi dies; the guest runs on and is found again."""
    domid = api("VM.get_domid", vm)
    m.expect("kill -9 $(cat /etc/service/xapi/supervise/pid)")
    api.until_up()
    api.login("root", PASSWORD)
    # the record may be the old one until xapi has asked xenopsd
    until("the operations to be known again",
          lambda: "pause" in api("VM.get_allowed_operations", vm))
    check(api("VM.get_power_state", vm) == "Running", "not Running")
    check(api("VM.get_domid", vm) == domid, "the domain is another one")


def check_reboot_without_xapi(m, api, vm, console):
    """A guest that reboots while xapi is down comes back."""
    domid = api("VM.get_domid", vm)
    m.expect("sv down /etc/service/xapi")
    m.until("sv status /etc/service/xapi | grep -q ^down")
    console.close()
    m.expect("xl reboot %s" % domid)
    # short lines: the serial console of a busy machine loses long ones
    m.until("! xl domname %s 2>&-" % domid, 300)
    m.until("[ $(xl list | wc -l) = 3 ]", 300)
    m.expect("sv up /etc/service/xapi")
    api.until_up()
    api.login("root", PASSWORD)
    until("the new domain", lambda: int(api("VM.get_domid", vm)) > int(domid))
    check(api("VM.get_power_state", vm) == "Running", "not Running")
    console = api.console(vm)
    # what it said before the reboot is there, too
    console.type("echo; echo and $(echo up) again\n")
    console.wait("and up again", 900)
    return console


def kernel_volume(path):
    """A volume with a guest's kernel and initramfs, and an extension pack."""
    kernel, initrd = path + ".kernel", path + ".initrd"
    guest.unpacked_kernel(kernel)
    guest.initramfs(initrd)
    files = {}
    for name, part in (("kernel", kernel), ("initrd", initrd),
                       ("hello.pack", administer.hello_pack(
                           os.path.dirname(path)))):
        with open(part, "rb") as f:
            files[name] = f.read()
    return appliance.fat_volume(path, "KERNELS", files, 64)


def check_kernel_folder(m, api, vm):
    """A PV guest with a kernel of the host's folder, and no other's."""
    check(m.expect("stat -c '%U %a' /state/kernels").split() == ["root", "755"],
          "/state/kernels is not root's")
    api("VM.set_PV_kernel", vm, "kernel")
    api("VM.set_PV_ramdisk", vm, "initrd")
    api("VM.set_PV_args", vm, "console=hvc0 panic=5 quiet from=dom0")
    try:
        api.run("VM.start", vm, False, False)
        raise Failed("a guest started without its kernel")
    except Refused as e:
        check("kernel" in " ".join(e.args[0]), "no kernel: %s" % e.args[0])
    m.expect("cp /mnt/kernel /mnt/initrd /state/kernels")
    console = start_and_talk(api, vm)
    check("from=dom0" in console.run("cat /proc/cmdline"), "another kernel")
    console.close()
    api.run("VM.hard_shutdown", vm)


def administrate(m, api, vm):
    """What is not the API itself; the guest runs before and not after it."""
    administer.check_packs(m, api, "/mnt")
    administer.check_two_xe(m, api, vm, PASSWORD)
    administer.check_clients(api, vm, PASSWORD)
    api.run("VM.hard_shutdown", vm)


def until_ticks(m, pattern, limit_s):
    """Until the guest of check_save has said it."""
    try:
        m.until("grep -q '%s' /run/ticks" % pattern, limit_s)
    except Failed:
        m.fail("the guest did not say '%s', but: %s" % (
            pattern, m.expect("tail -n 20 /run/ticks")))


def last_tick(m, limit_s=300):
    """The highest number that the guest of check_save has written so far."""
    until_ticks(m, "tick [0-9]", limit_s)
    text = m.expect("grep 'tick [0-9]' /run/ticks | tail -n 1")
    return int(re.findall(r"tick (\d+)", text)[-1])


def listen(m):
    """What the guest of check_save prints goes to /run/ticks."""
    m.until("xenstore-read /local/domain/$(xl domid t)/console/tty", 120)
    m.expect("T=$(xenstore-read /local/domain/$(xl domid t)/console/tty)")
    m.expect("stty raw -echo <$T; :>/run/ticks")
    m.expect("cat $T >/run/ticks 2>&- & L=$!")


def check_save(m, kind):
    """A guest that is saved goes on where it was when it is restored.  It is
    one of xl's: xenopsd leaves it alone."""
    m.expect("mkdir -p /run/g; mount -t vfat -o ro %s /run/g" % m.disk(1))
    for line in ('name="t"', 'type="%s"' % kind, 'kernel="/run/g/kernel"',
                 'ramdisk="/run/g/initrd"', "memory=160", "vcpus=1",
                 'extra="console=hvc0 quiet panic=5"'):
        m.expect("echo '%s' >>/run/t.cfg" % line)
    m.expect("xl create /run/t.cfg", 600)
    listen(m)
    until_ticks(m, "I am up", 900)
    m.expect("echo 'n=0; while sleep 1; do n=$((n+1)); echo tick $n; done' >$T")
    before = last_tick(m)
    disk = m.disk(2)
    m.expect("xl save t %s" % disk, 900)
    m.until("! xl domid t", 300)
    saved = last_tick(m)
    check(saved >= before, "ticks went from %d to %d" % (before, saved))
    m.expect("xl restore -p %s" % disk, 900)
    listen(m)
    m.expect("xl unpause t")
    after = last_tick(m)
    check(after > saved, "tick %d was followed by %d" % (saved, after))
    check("I am up" not in m.expect("cat /run/ticks"), "it booted again")
    m.expect("xl destroy t; umount /run/g")


def models(m):
    """What QEMU left or has in dom0: processes, files, users, groups."""
    return m.expect(
        "pidof qemu-system-i386 bedplate-box; "
        "ls /run/xen /var/log/xen | grep -E 'qemu|qmp'; "
        "grep -l '^Uid:.1310' /proc/[0-9]*/status 2>&-; "
        "ls -d /sys/fs/cgroup/qemu-* 2>&-; :").split()


def check_box(m):
    """QEMU runs as nobody in particular, sees nothing, can become nothing."""
    pid = m.expect("pidof qemu-system-i386").strip()
    check(pid.isdigit(), "QEMU's process: '%s'" % pid)
    status = dict(line.split(":", 1) for line in m.expect(
        "grep -E '^(Uid|Gid|Cap(Eff|Prm)|NoNewPrivs|Seccomp|VmRSS):' "
        "/proc/%s/status" % pid).split("\n") if ":" in line)
    uid = {int(u) for u in status["Uid"].split()}
    check(len(uid) == 1 and min(uid) > 131072, "QEMU's users: %s" % uid)
    check({int(u) for u in status["Gid"].split()} == {131072},
          "QEMU's groups: " + status["Gid"])
    for name in ("CapEff", "CapPrm"):
        check(int(status[name], 16) == 0, "QEMU has capabilities")
    check(status["NoNewPrivs"].strip() == "1", "QEMU may gain privileges")
    check(status["Seccomp"].strip() == "2", "QEMU may call what it likes")
    group = m.expect("cut -d : -f 3 /proc/%s/cgroup" % pid).strip()
    check(group == "/qemu-%d" % (min(uid) - 131072), "QEMU's group: " + group)
    limits = m.expect("cd /sys/fs/cgroup%s; cat memory.max cpu.max" % group)
    check(limits.split() == ["134217728", "100000", "100000"],
          "QEMU's limits: " + limits)
    kib = int(status["VmRSS"].split()[0])
    print("     QEMU takes %d KiB of dom0" % kib)
    check(kib <= 48 << 10, "QEMU takes %d KiB" % kib)
    for name in ("mnt", "net", "ipc", "uts"):
        own, dom0 = m.expect("for p in %s 1; do readlink /proc/$p/ns/%s; "
                             "done" % (pid, name)).split()
        check(own != dom0, "QEMU shares dom0's namespace: " + name)
    check(not m.expect("ls -A /proc/%s/root/" % pid).strip(),
          "QEMU's root folder is not empty")
    mounts = m.expect("cut -d ' ' -f 2 /proc/%s/mountinfo" % pid)
    check(len(mounts.split()) < 16, "QEMU's mounts: " + mounts)


def check_cd(api, sr, cd, console, folder):
    """The guest reads the disk that is put in, and none when it is out again.
    Short lines: its emulated serial port loses long ones."""
    path = os.path.join(folder, "cd.img")
    with open(path, "wb") as f:
        f.write(b"Here it is\n".ljust(2048, b"\0") * 1024)
    vdi = upload(api, sr, path)
    read = "head -c 11 /dev/sr0"
    console.run("until [ -b /dev/sr0 ]; do sleep 1; done")
    check("No medium" in console.run(read), "something is in the drive")
    for _ in range(2):
        api.run("VBD.insert", cd, vdi)
        until("the disk to be read", lambda: "Here it is" in console.run(read))
        refused(api, "VDI_IN_USE", "VDI.destroy", api.session, vdi)
        api.run("VBD.eject", cd)
        until("the drive to be empty", lambda: "No medium" in
              console.run(read))
    api("VDI.destroy", vdi)


def boot_from_cd(api, vm, cd):
    """The same image, which is one of a CD too, in the drive."""
    disk = [v for v in api("VM.get_VBDs", vm)
            if api("VBD.get_userdevice", v) == "0"][0]
    vdi = api("VBD.get_VDI", disk)
    api("VBD.destroy", disk)
    api.run("VBD.insert", cd, vdi)
    api("VM.set_HVM_boot_params", vm, {"order": "dc"})
    start_and_talk(api, vm, 1800)


def check_model_dies(m, api, vm):
    """A guest whose QEMU is killed has crashed; it does not hang."""
    api("VM.set_actions_after_crash", vm, "destroy")
    m.expect("kill -9 $(pidof qemu-system-i386)")
    until("the crash to be seen",
          lambda: api("VM.get_power_state", vm) == "Halted")


def check_refusals(api, vm):
    """What is not there is refused by its name, and nothing is made."""
    for field, key, value, code in (
            ("platform", "nic_type", "ne2k", "VALUE_NOT_SUPPORTED"),
            ("HVM_boot_params", "firmware", "ofw", "VALUE_NOT_SUPPORTED"),
            ("platform", "vtpm", "true", "VALUE_NOT_SUPPORTED"),
            ("platform", "hvm_serial", "file:/x", "VALUE_NOT_SUPPORTED"),
            ("platform", "vga", "qxl", "VALUE_NOT_SUPPORTED"),
            ("platform", "acpi", "perhaps", "INVALID_VALUE")):
        was = api("VM.get_" + field, vm)
        api("VM.set_" + field, vm, dict(was, **{key: value}))
        refused(api, code, "VM.start", api.session, vm, False, False)
        api("VM.set_" + field, vm, was)


def hvm_guest():
    """An unmodified guest: BIOS, emulated disk, then its own PV drivers."""
    with tempfile.TemporaryDirectory() as d:
        path = guest.bios_disk(os.path.join(d, "guest.img"))
        blank = appliance.blank(os.path.join(d, "blank.img"), 2048)
        with appliance.Machine(ISO, disks=[blank]) as m:
            try:
                api, sr = ready(m)
                vm, network = make_vm(api, sr, "hvm", path)
                cd = api("VBD.create", {
                    "VM": vm, "VDI": "OpaqueRef:NULL", "userdevice": "3",
                    "bootable": False, "mode": "RO", "type": "CD",
                    "empty": True, "other_config": {},
                    "qos_algorithm_type": "", "qos_algorithm_params": {}})
                check_refusals(api, vm)
                check(not models(m), "of refused guests there is: %s" %
                      models(m))
                # emulated twice, its BIOS is slow to read the kernel
                console = start_and_talk(api, vm, 1800)
                check_box(m)
                disks = console.run("ls /sys/block")
                check("xvda" in disks and "sda" not in disks.replace(
                    "xvda", ""), "the guest's disks: " + disks)
                check_screen(api, vm, console)
                check_network(m, console)
                check_hotplug(api, vm, sr, network, console)
                check_buttons(api, vm, console)
                check_cd(api, sr, cd, console, d)
                api("VM.set_suspend_SR", vm, sr)
                console = check_suspend(m, api, sr, vm, console)
                check_box(m)
                check_screen(api, vm, console)
                console = check_checkpoint(api, sr, vm, console)
                check_network(m, console)
                check_kill(m, api, vm)
                api.run("VM.clean_shutdown", vm, limit_s=600)
                check(api("VM.get_power_state", vm) == "Halted", "not Halted")
                check(not models(m), "a guest left: %s" % models(m))
                boot_from_cd(api, vm, cd)
                check_model_dies(m, api, vm)
                check(not models(m), "a crash left: %s" % models(m))
            except (Refused, ConnectionError, TimeoutError, OSError) as e:
                m.fail("%s: %s" % (type(e).__name__, e))


def shows(api, vm, pattern):
    """For a while.  A viewer that came before the picture changed its size, sees
    none of the new one."""
    screen = rfb.Viewer(rfb.Raw(api, api.console_path(vm, "rfb")))
    try:
        return screen.wait(pattern, rfb.vga(), 10)
    except TimeoutError:
        return None
    finally:
        screen.close()


NETBOOT = """#!ipxe
echo started from the network by ${net0/chip}
:stay
sleep 3600
goto stay
"""


def netboot_guest():
    """No disk, no driver: by the card's own program and the network's DHCP."""
    with tempfile.TemporaryDirectory() as d:
        with open(os.path.join(d, "guest.ipxe"), "w") as f:
            f.write(NETBOOT)
        blank = appliance.blank(os.path.join(d, "blank.img"), 2048)
        with appliance.Machine(
                ISO, disks=[blank],
                network="tftp=%s,bootfile=guest.ipxe" % d) as m:
            try:
                api, sr = ready(m)
                vm = make_vm(api, sr, "hvm", None)[0]
                api("VM.set_HVM_boot_params", vm, {"order": "n"})
                for card, chip in ("", "rtl8139"), ("e1000", "82540em"):
                    api("VM.set_platform", vm, dict(
                        api("VM.get_platform", vm), nic_type=card))
                    api.run("VM.start", vm, False, False, limit_s=900)
                    until("its program", lambda: shows(
                        api, vm, "^started from the network by " + chip),
                        1200)
                    api.run("VM.hard_shutdown", vm)
                    check(not models(m), "a guest left: %s" % models(m))
                m.expect("! ls /sys/class/net | grep -q emu")
            except (Refused, ConnectionError, TimeoutError, OSError) as e:
                m.fail("%s: %s" % (type(e).__name__, e))


def utilisation(api, sr):
    """What its disks take, in bytes."""
    api("SR.scan", sr)
    return {ref: int(r["physical_utilisation"])
            for ref, r in api("VDI.get_all_records").items()
            if r["SR"] == sr}


MEMORY_WAYS = {"pv": "suspend", "pvh": "checkpoint"}


def check_memory(m, api, sr, vm, console, ways):
    """A checkpoint is a suspend and more: one of them is enough for an hour."""
    api("VM.set_suspend_SR", vm, sr)
    if "suspend" in ways:
        console = check_suspend(m, api, sr, vm, console)
        check_network(m, console)
    if "checkpoint" in ways:
        console = check_checkpoint(api, sr, vm, console)
        check_network(m, console)
    return console


def guest_test(kind, whole=False):
    with tempfile.TemporaryDirectory() as d:
        path = guest.disk(os.path.join(d, "guest.img"))
        blank = appliance.blank(os.path.join(d, "blank.img"), 2048)
        volume = kernel_volume(os.path.join(d, "kernels.img"))
        spare = appliance.blank(os.path.join(d, "spare.img"), 256)
        with appliance.Machine(ISO, disks=[blank, volume, spare]) as m:
            try:
                api, sr = ready(m)
                vm, network = make_vm(api, sr, kind, path)
                console = start_and_talk(api, vm)
                used = utilisation(api, sr)
                check(any(used.values()), "no disk takes room: %s" % used)
                check_two_viewers(api, vm, console)
                check_text_screen(api, vm, console)
                check_network(m, console)
                check_metrics(api, vm)
                check_hotplug(api, vm, sr, network, console)
                check_buttons(api, vm, console)
                if kind == "pv":
                    check_silence(m, api, vm, console)
                    console = check_vlan(m, api, vm, console)
                ways = MEMORY_WAYS.values() if whole else [MEMORY_WAYS[kind]]
                console = check_memory(m, api, sr, vm, console, ways)
                used = utilisation(api, sr)
                check_kill(m, api, vm)
                check_reboot_without_xapi(m, api, vm, api.console(vm))
                if kind == "pv":
                    m.expect("mount -t vfat %s /mnt" % m.disk(1))
                    administrate(m, api, vm)
                else:
                    api.run("VM.clean_shutdown", vm, limit_s=600)
                check(api("VM.get_power_state", vm) == "Halted", "not Halted")
                after = utilisation(api, sr)
                check(all(after[ref] >= used[ref] for ref in used),
                      "disks took %s, then %s" % (used, after))
                if kind == "pv":
                    check_kernel_folder(m, api, vm)
                else:
                    check_save(m, kind)
            except (Refused, ConnectionError, TimeoutError, OSError) as e:
                m.fail("%s: %s" % (type(e).__name__, e))


def pv_guest():
    guest_test("pv")


def pvh_guest():
    guest_test("pvh")


def pv_guest_whole():
    guest_test("pv", whole=True)


def pvh_guest_whole():
    guest_test("pvh", whole=True)


if __name__ == "__main__":
    kinds = sys.argv[1:] or ["pv"]
    sys.exit(appliance.main([{"pv": pv_guest, "pvh": pvh_guest,
                              "pv-whole": pv_guest_whole,
                              "pvh-whole": pvh_guest_whole,
                              "hvm": hvm_guest, "netboot": netboot_guest}[k] for k in kinds]))
