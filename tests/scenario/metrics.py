"""Metrics: what is sampled, who may see it, and that archives stay.

	metrics.py [NAME...]
"""

import base64
import http.client
import json
import math
import re
import signal
import sys
import time
import xml.etree.ElementTree as ET

from bench import PASSWORD, Bench, check, equal, main, refused, until
from api import tls

STEP = 5


def get(b, path, session=None, **headers):
    """Status and body."""
    c = http.client.HTTPSConnection("127.0.0.1", b.https, context=tls(),
                                    timeout=60)
    if session:
        path += ("&" if "?" in path else "?") + "session_id=" + session
    c.request("GET", path, headers=headers)
    answer = c.getresponse()
    body = answer.read().decode()
    c.close()
    return answer.status, body


def updates(b, api, query):
    status, body = get(b, "/rrd_updates?" + query, api.session)
    equal(status, 200, "status of " + query)
    return json.loads(body)


def newest(b, api, query="start=-10&interval=5&host=true&json=true"):
    """Name of each data source: its newest value."""
    u = updates(b, api, query)
    values = u["data"][0]["values"] if u["data"] else []
    return {legend.split(":", 1)[1]: float(x)
            for legend, x in zip(u["meta"]["legend"], values)}


def near(got, want, what):
    check(abs(got - want) <= 0.02 * want,
          "%s is %r, not about %r" % (what, got, want))


def variable(name, level, **parts):
    parts = dict({"trigger_level": level}, **parts)
    return '<variable><name value="%s"/>%s</variable>' % (name, "".join(
        '<alarm_%s value="%s"/>' % (k, v) for k, v in parts.items()))


def told(api, uuid):
    """Of an object: alarms by the name of the variable, and their messages."""
    alarms = {}
    for m in api("message.get_all_records").values():
        if m["name"] != "ALARM" or m["obj_uuid"] != uuid:
            continue
        value, xml = m["body"].split("\nconfig:\n")
        name = ET.fromstring(xml).find("name").attrib["value"]
        alarms.setdefault(name, []).append(
            dict(m, value=float(value[len("value: "):])))
    return alarms


def who_asks_is_told():
    """What the simulator counts never changes: levels do."""
    with Bench() as b:
        api = b.ready()
        host, sr = api("host.get_all")[0], b.sr(api)
        vm = b.running(api)
        uuid = api("VM.get_uuid", vm)
        now = {"trigger_period": 0}
        configs = {
            ("VM", vm): [
                variable("cpu_usage", "0.05", priority=2, **now),
                variable("network_usage", "1e9", **now),
                variable("disk_usage", "1000", trigger_period=600),
                variable("no_such_thing", "0", **now)],
            ("host", host): [
                variable("memory_free_kib", "1e14", **now),
                variable("network_usage", "1e5", trigger_sense="low", **now),
                variable("loadavg", "0.1", auto_inhibit_period=5, **now)],
            ("SR", sr): [
                variable("sr_io_throughput_total_per_host", "0.01", **now),
                variable("physical_utilisation", "-0.1", **now)]}
        for (what, ref), config in configs.items():
            api(what + ".add_to_other_config", ref, "perfmon",
                "<config>%s</config>" % "".join(config))
        other = b.vm(api, name="bad")
        api("VM.add_to_other_config", other, "perfmon", "<config><variable/>")
        until("alarms of the VM", lambda: "cpu_usage" in told(api, uuid))
        host_uuid, sr_uuid = (api("host.get_uuid", host),
                              api("SR.get_uuid", sr))
        until("a second one", lambda: len(
            told(api, host_uuid).get("loadavg", [])) > 1)
        alarms = told(api, uuid)
        equal(list(alarms), ["cpu_usage"], "alarms of the VM")
        equal(len(alarms["cpu_usage"]), 1, "in an hour")
        alarm = alarms["cpu_usage"][0]
        near(alarm["value"], 0.1, "value")
        equal((alarm["cls"], alarm["priority"]), ("VM", "2"), "message")
        check('\t<alarm_trigger_level value="0.05"/>\n' in alarm["body"],
              alarm["body"])
        alarms = told(api, host_uuid)
        equal(sorted(alarms), ["loadavg", "memory_free_kib"], "of the host")
        equal(alarms["loadavg"][0]["priority"], "3", "priority")
        equal(sorted(told(api, sr_uuid)), [
            "physical_utilisation", "sr_io_throughput_total_per_host"],
              "of the SR")
        equal(told(api, api("VM.get_uuid", other)), {}, "of the bad one")
        api("host.remove_from_other_config", host, "perfmon")


def sampled(b, api, vm):
    """Once rates are known."""
    uuid = api("VM.get_uuid", vm)
    key = "vm:%s:vbd_xvda_read" % uuid
    until("samples", lambda: not math.isnan(newest(b, api).get(key, math.nan)))
    return uuid


def samples_arrive_and_stay():
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        vm = b.running(api)
        uuid = sampled(b, api, vm)
        now, mine = newest(b, api), "host:%s:" % api("host.get_uuid", host)
        vms = "vm:%s:" % uuid
        sr8 = api("SR.get_uuid", b.sr(api))[:8]
        for name, want in {
                mine + "cpu0": 0.05, mine + "cpu3": 0.2, mine + "cpu_avg": 0.125,
                mine + "loadavg": 0.5, mine + "memory_total_kib": 64 << 20,
                mine + "pif_eth0_rx": 1e6, mine + "pif_eth0_tx": 5e5,
                mine + "pif_aggr_rx": 3e6, mine + "running_domains": 2,
                mine + "iops_total_" + sr8: 150,
                vms + "cpu0": 0.1, vms + "memory": 128 << 20,
                vms + "memory_target": 128 << 20, vms + "vif_0_rx": 1e4,
                vms + "vif_0_tx": 5e3, vms + "vbd_xvda_read": 409600,
                vms + "vbd_xvda_iops_write": 50}.items():
            check(name in now, "%s is not among %s" % (name, sorted(now)))
            near(now[name], want, name)
        check(vms + "vbd_xvda_latency" not in now, "not asked for")

        # messages
        sources = {d["name_label"]: d
                   for d in api("host.get_data_sources", host)}
        check(sources["cpu0"]["enabled"] and sources["cpu0"]["standard"] and
              sources["cpu0"]["max"] == 1.0, str(sources["cpu0"]))
        near(api("host.query_data_source", host, "pif_eth1_rx"), 2e6, "query")
        near(api("VM.query_data_source", vm, "vbd_xvda_latency"), 1000,
             "latency")
        near(api("SR.query_data_source", b.sr(api), "io_throughput_read"),
             409600 / (1 << 20), "throughput")
        refused("INVALID_VALUE", api, "host.query_data_source", host, "no")
        refused("INVALID_VALUE", api, "VM.record_data_source", vm, "no")
        api("VM.record_data_source", vm, "vbd_xvda_latency")
        api("VM.forget_data_source_archives", vm, "cpu0")
        now = newest(b, api)
        check(vms + "vbd_xvda_latency" in now, "recorded")
        check(vms + "cpu0" not in now, "forgotten")

        # the end and the start of xapi: archives go on, choices stay
        before = updates(b, api, "start=-60&host=true&json=")
        b.xapi.send_signal(signal.SIGTERM)
        equal(b.xapi.wait(20), 0, "end of xapi")
        b.start_xapi()
        api = b.login()
        t = before["data"][0]["t"]
        column = before["meta"]["legend"].index("AVERAGE:%smemory" % vms)

        def restored():
            u = updates(b, api, "start=-120&interval=5&host=true&json=true")
            rows = {r["t"]: dict(zip(u["meta"]["legend"], r["values"]))
                    for r in u["data"]}
            return rows if t in rows and u["data"][0]["t"] != t else None
        rows = until("the archives", restored)
        equal(rows[t]["AVERAGE:%smemory" % vms],
              before["data"][0]["values"][column], "memory before the end")
        now = newest(b, api)
        check(vms + "vbd_xvda_latency" in now and vms + "cpu0" not in now,
              "what was recorded and forgotten")

        # killed: what was written before is there
        b.kill_xapi()
        b.start_xapi()
        api = b.login()
        check(t in until("the archives", restored), "lost by a kill")

        # a VM that ends has its archives, but is not told of
        api = b.ready()
        api.run("VM.hard_shutdown", vm)
        until("it to be gone", lambda: not any(
            uuid in name for name in newest(b, api)))
        equal(get(b, "/vm_rrd?uuid=" + uuid, api.session)[0], 200, "its archives")
        refused("VM_BAD_POWER_STATE", api, "VM.get_data_sources", vm)
        refused("VM_BAD_POWER_STATE", api, "VM.record_data_source", vm, "cpu0")


def replies_are_as_clients_expect():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        uuid = sampled(b, api, vm)
        s = api.session
        q = "/rrd_updates?start=-10&interval=5&host=true"
        # XML is for those who say nothing
        for path, headers, want in (
                (q, {}, "<xport>"), (q + "&json=false", {}, '{"meta"'),
                (q, {"Accept": "*/*"}, '{"meta"'),
                (q, {"Accept": "text/xml"}, "<xport>"),
                (q + "&json=1", {"Accept": "text/xml;q=0.9,*/*;q=0.1"},
                 "<xport>"),
                ("/host_rrd", {}, "<rrd>"), ("/host_rrds?json=1", {}, "{"),
                ("/vm_rrd?uuid=" + uuid, {}, "<rrd>"),
                ("/vm_rrds?uuid=" + uuid, {}, "<rrd>"),
                ("/sr_rrd?uuid=" + api("SR.get_uuid", b.sr(api)), {},
                 "<rrd>")):
            status, body = get(b, path, s, **headers)
            check(status == 200 and body.startswith(want), "%s %s: %d %.80s" %
                  (path, headers, status, body))
        root = ET.fromstring(get(b, q, s)[1])
        meta = {e.tag: e.text for e in root.find("meta")}
        rows = root.findall("data/row")
        equal(len(rows), int(meta["rows"]), "rows")
        equal(rows[0].find("t").text, meta["end"], "the newest row")
        equal(rows[-1].find("t").text, meta["start"], "the oldest row")
        equal(len(rows[0].findall("v")), int(meta["columns"]), "columns")
        check(all(re.match("AVERAGE:(host|vm):[-0-9a-f]{36}:", e.text)
                  for e in root.findall("meta/legend/entry")), "legend")
        u = updates(b, api, "start=-10&json=1&vm_uuid=%s" % uuid)
        check(all(uuid in e for e in u["meta"]["legend"]), "one VM only")
        equal(updates(b, api, "start=-10&json=1&vm_uuid=&host=True")["meta"]
              ["columns"], "0", "columns of nothing")
        for interval in (5, 60, 3600, 86400):
            u = updates(b, api, "start=%d&interval=%d&json=1" % (
                time.time() - interval, interval))
            equal(u["meta"]["step"], str(interval), "step")
        rrd = json.loads(get(b, "/host_rrd?json", s)[1])
        equal([len(a["database"]) for a in rrd["rra"]], [120, 120, 168, 366],
              "rows")
        check(float(rrd["lastupdate"]) % STEP == 0, "last update")

        # who may not, and what cannot be
        equal(get(b, q)[0], 401, "without a session")
        equal(get(b, q, "OpaqueRef:nobody")[0], 401, "a session of nobody")
        basic = base64.b64encode(b"root:" + PASSWORD.encode()).decode()
        equal(get(b, "/metrics", Authorization="Basic " + basic)[0], 200,
              "Basic")
        for path in ("/rrd_updates", "/rrd_updates?start=x", "/vm_rrd",
                     "/rrd_updates?start=1&cf=MOST",
                     "/rrd_updates?start=1&interval=99999999999999999999",
                     "/rrd_updates?start=", "/sr_rrd"):
            equal(get(b, path, s)[0], 400, path)
        equal(get(b, "/vm_rrd?uuid=../../secret", s)[0], 404, "no such VM")
        text = get(b, "/metrics", s)[1]
        check('bedplate_vm_cpu_usage_ratio{uuid="%s",cpu="0"} ' % uuid in text,
              text[:500])

        # a xenopsd that does not answer is a gap, and holds up nobody
        b.control("delay samples_get 60000")
        time.sleep(STEP)
        began = time.monotonic()
        api("host.get_all_records")
        newest(b, api)
        check(time.monotonic() - began < 2, "held up")
        b.control("clear")


if __name__ == "__main__":
    sys.exit(main([samples_arrive_and_stay, replies_are_as_clients_expect,
                   who_asks_is_told]))
