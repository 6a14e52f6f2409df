"""Python clients of the XenAPI, run by Debian's own Python:

    sdk.py URL PASSWORD [TEST...] [named=VM]

XenAPI.py of Debian's python3-os-xenapi, and the standard library alone in the
style of the SDK's samples.  Neither is told how to take a certificate that
nobody signed but by Python's default.
"""

import ssl
import sys
import xmlrpc.client

from os_xenapi.client import XenAPI

URL, PASSWORD = sys.argv[1:3]
# of a VM that runs, on a host with a real one
NAMED = [a[len("named="):] for a in sys.argv[3:] if a.startswith("named=")]
CHOSEN = [a for a in sys.argv[3:] if not a.startswith("named=")]
MIB = 1 << 20
DISK = {"userdevice": "0", "bootable": True, "mode": "RW", "type": "Disk",
        "empty": False, "other_config": {}, "qos_algorithm_type": "",
        "qos_algorithm_params": {}}


def is_template(record):
    return record["is_default_template"] and \
        record["name_label"].startswith("Linux PV guest")


def refused_as_running(x, vm):
    try:
        x.VM.start(vm, False, False)
    except XenAPI.Failure as e:
        assert e.details == ["VM_BAD_POWER_STATE", vm, "halted", "running"], e
    else:
        raise AssertionError("a running VM started")


def xenapi_py():
    """A VM is made, started by a task, seen by events, and goes."""
    session = XenAPI.Session(URL)
    session.login_with_password("root", PASSWORD, "1.0", "sdk")
    x = session.xenapi
    assert float(session.API_version) >= 2, session.API_version
    template = next(ref for ref, r in x.VM.get_all_records().items()
                    if is_template(r))
    vm = x.VM.clone(template, "made by XenAPI.py")
    x.VM.provision(vm)
    disk = x.VDI.create({
        "SR": x.SR.get_all()[0], "name_label": "disk", "other_config": {},
        "virtual_size": str(8 * MIB), "type": "user", "sharable": False,
        "read_only": False})
    x.VBD.create(dict(DISK, VM=vm, VDI=disk))
    task, token = x.Async.VM.start(vm, False, False), ""
    while x.task.get_status(task) == "pending":
        token = getattr(x.event, "from")(
            ["task/" + task], token, 5.0)["token"]
    assert x.task.get_status(task) == "success", x.task.get_error_info(task)
    assert x.VM.get_power_state(vm) == "Running"
    refused_as_running(x, vm)
    x.VM.hard_shutdown(vm)
    x.VM.destroy(vm)
    x.VDI.destroy(disk)
    session.logout()


def a_guest():
    """One that runs is read, stopped and started; another start is refused."""
    session = XenAPI.Session(URL)
    session.login_with_password("root", PASSWORD)
    x = session.xenapi
    vm, = x.VM.get_by_name_label(NAMED[0])
    record = x.VM.get_record(vm)
    assert record["power_state"] == "Running", record
    assert x.VM.get_by_uuid(record["uuid"]) == vm
    assert x.VM_metrics.get_record(record["metrics"])["VCPUs_number"] == "1"
    x.VM.hard_shutdown(vm)
    assert x.VM.get_power_state(vm) == "Halted"
    x.VM.start(vm, False, False)
    assert int(x.VM.get_domid(vm)) > int(record["domid"])
    refused_as_running(x, vm)
    session.logout()


def vms_are_listed():
    session = XenAPI.Session(URL)
    session.login_with_password("root", PASSWORD)
    vms = session.xenapi.VM.get_all_records().values()
    assert sum(vm["is_control_domain"] for vm in vms) == 1
    assert any(is_template(vm) for vm in vms)
    session.logout()


def a_lost_session_is_renewed():
    """XenAPI.py logs in again when it reads SESSION_INVALID."""
    session = XenAPI.Session(URL)
    session.login_with_password("root", PASSWORD)
    lost = session.handle
    xmlrpc.client.ServerProxy(URL).session.logout(lost)
    assert len(session.xenapi.host.get_all()) == 1
    assert session.handle != lost
    session.logout()


def value(answer):
    assert answer["Status"] == "Success", answer
    return answer["Value"]


def standard_library():
    """Every record of every class that samples list, and legacy events."""
    proxy = xmlrpc.client.ServerProxy(URL)
    s = value(proxy.session.login_with_password("root", PASSWORD))
    for kind in ("pool", "host", "VM", "VM_metrics", "VBD", "VIF", "VDI", "SR",
                 "PBD", "PIF", "network", "host_metrics", "host_cpu", "SM",
                 "console", "task", "message", "subject", "role"):
        of = getattr(proxy, kind)
        for ref, record in value(of.get_all_records(s)).items():
            assert value(of.get_record(s, ref)) == record, kind
            assert value(of.get_by_uuid(s, record["uuid"])) == ref, kind
    value(proxy.event.register(s, ["pool"]))
    pool = value(proxy.pool.get_all(s))[0]
    value(proxy.pool.set_name_label(s, pool, "by the SDK"))
    event = value(proxy.event.next(s))[0]
    assert (event["class"], event["operation"], event["ref"]) == (
        "pool", "mod", pool), event
    assert event["snapshot"]["name_label"] == "by the SDK"
    value(proxy.session.logout(s))
    assert proxy.pool.get_all(s)["ErrorDescription"] == ["SESSION_INVALID", s]


if __name__ == "__main__":
    ssl._create_default_https_context = ssl._create_unverified_context
    failed = 0
    tests = xenapi_py, vms_are_listed, a_lost_session_is_renewed, \
        standard_library, *(NAMED and [a_guest])
    for test in tests:
        if CHOSEN and test.__name__ not in CHOSEN:
            continue
        try:
            test()
        except Exception as e:  # every kind of failure is one line
            failed = 1
            print("FAIL python client: %s: %s: %s" % (
                test.__name__, type(e).__name__, e))
        else:
            print("PASS python client: %s" % test.__name__)
    sys.exit(failed)
