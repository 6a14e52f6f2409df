"""xe: commands of the stock grammar through our own program, and through the
thin protocol as anybody may speak it.

	xe.py [NAME...]
"""

import os
import re
import stat
import subprocess
import sys

from bench import PASSWORD, ROOT, Bench, check, equal, main, until
import thin

XE = os.path.join(ROOT, "build", "host", "xe")


def here(b):
    return b.path("xapi.sock")


def xe(b, *args, status=0, typed=None, env=None):
    """What our program prints (stderr, if it is to fail), over the socket."""
    p = subprocess.run(
        [XE, *args], capture_output=True, text=True, timeout=120,
        input=typed, stdin=None if typed else subprocess.DEVNULL,
        env=dict(os.environ, XE_SOCKET=here(b), HOME=b.dir, **(env or {})))
    equal(p.returncode, status, "status of xe %s (%s%s)" % (
        " ".join(args), p.stdout, p.stderr))
    return p.stderr if status else p.stdout.rstrip("\n")


def remote(b, *args, **kw):
    return xe(b, *args, "-s", "127.0.0.1", "-p", str(b.https), **kw)


def lists_show_what_the_api_has():
    with Bench() as b:
        api = b.ready()
        sr = api("SR.get_all")[0]
        rec = api("SR.get_record", sr)
        equal(xe(b, "sr-list", "--minimal"), rec["uuid"], "sr-list")
        text = xe(b, "sr-list")
        width = len("    name-description ( RW)")
        equal(text.split("\n")[:2], [
            "uuid ( RO)".ljust(width) + ": " + rec["uuid"],
            "name-label ( RW)".rjust(width) + ": " + rec["name_label"]],
            "the head of a list")
        equal(xe(b, "sr-list", "type=none", "--minimal"), "", "no SR")
        equal(xe(b, "sr-list", "params=type", "--minimal",
                 "name-label=" + rec["name_label"]), rec["type"], "type")
        equal(xe(b, "host-list", "params=name-label", "--minimal"),
              api("host.get_name_label", api("host.get_all")[0]), "host")
        equal(xe(b, "vm-list", "--minimal", "is-control-domain=false"), "",
              "VMs")
        equal(len(xe(b, "template-list", "--minimal").split(",")),
              len([1 for v in api("VM.get_all_records").values()
                   if v["is_a_template"]]), "templates")
        err = xe(b, "vm-list", "colour=red", status=1)
        check("Unknown field 'colour'" in err, err)
        err = xe(b, "fly-to-the-moon", status=1)
        check("Unknown command: fly-to-the-moon\n" in err, err)


def parameters_are_read_and_written():
    with Bench() as b:
        api = b.ready()
        net = api("network.get_all")[0]
        uuid = "uuid=" + api("network.get_uuid", net)
        xe(b, "network-param-set", uuid, "name-label=a, b",
           "other-config:k=v=w")
        equal(api("network.get_name_label", net), "a, b", "name_label")
        equal(api("network.get_other_config", net)["k"], "v=w", "key k")
        equal(xe(b, "network-param-get", uuid, "param-name=name-label"),
              "a, b", "param-get")
        equal(xe(b, "network-param-get", uuid, "param-name=name-label",
                 "--minimal"), "a\\, b", "param-get --minimal")
        equal(xe(b, "network-param-get", uuid, "param-name=other-config",
                 "param-key=k"), "v=w", "a key")
        equal(xe(b, "network-list", "other-config:k=v=w", "--minimal"),
              uuid[5:], "list by a key")
        xe(b, "network-param-add", uuid, "param-name=tags", "param-key=t")
        equal(xe(b, "network-list", "tags:contains=t", "--minimal"), uuid[5:],
              "list by a tag")
        xe(b, "network-param-remove", uuid, "param-name=tags", "param-key=t")
        equal(api("network.get_tags", net), [], "tags")
        xe(b, "network-param-add", uuid, "param-name=other-config", "x=y")
        xe(b, "network-param-clear", uuid, "param-name=other-config")
        equal(api("network.get_other_config", net), {}, "other_config")
        err = xe(b, "network-param-set", uuid, "bridge=x", status=1)
        check("read-only" in err, err)
        err = xe(b, "network-param-get", "uuid=nobody", "param-name=tags",
                 status=1)
        check("\ntype: network\nuuid: nobody\n" in err, err)
        check("MAC ( RO)" in xe(b, "pif-param-list", "uuid=" + api(
            "PIF.get_uuid", api("PIF.get_all")[0])), "pif-param-list")


def others_need_a_password():
    with Bench() as b:
        api = b.ready()
        want = api("SR.get_uuid", api("SR.get_all")[0])
        user = "-u", "root", "-pw"
        equal(remote(b, "sr-list", *user, PASSWORD, "--minimal"), want,
              "sr-list over TLS")
        path = b.path("words")
        with open(path, "w") as f:
            f.write("root\n%s\n" % PASSWORD)
        equal(remote(b, "sr-list", "-pwf", path, "--minimal"), want,
              "sr-list with a password file")
        equal(remote(b, "sr-list", "--minimal", env={
            "XE_EXTRA_ARGS": "username=root,password=" + PASSWORD}), want,
            "sr-list with XE_EXTRA_ARGS")
        check("Authentication failed" in
              remote(b, "sr-list", *user, "wrong horse", status=1), "refused")
        sessions = len(api("session.get_all_subject_identifiers"))
        equal(sessions, 0, "subjects")
        help_ = remote(b, "help", "vm-list")
        check("reqd params" in help_ and "params" in help_, help_)
        check("vm-list" in remote(b, "help", "--all", "--minimal").split(","),
              "help --all")


def the_socket_is_roots():
    with Bench() as b:
        b.ready()
        equal(stat.S_IMODE(os.stat(here(b)).st_mode), 0o600, "its mode")
        code = """if 1:
            import http.client, socket, sys, xmlrpc.client
            class C(http.client.HTTPConnection):
                def connect(self):
                    self.sock = socket.socket(socket.AF_UNIX)
                    self.sock.connect(%r)
            class T(xmlrpc.client.Transport):
                def make_connection(self, host):
                    return C("x")
            h = xmlrpc.client.ServerProxy("http://x", transport=T())
            s = h.session.login_with_password("root", "")["Value"]
            print(h.host.get_all(s)["Status"])
        """ % here(b)
        equal(subprocess.run([sys.executable, "-c", code], timeout=60,
                             capture_output=True, text=True).stdout,
              "Success\n", "XML-RPC over the socket")
        b.kill_xapi()
        b.start_xapi()
        equal(len(xe(b, "host-list", "--minimal")), 36, "after a restart")


def anybody_may_speak_the_protocol():
    with Bench() as b:
        api = b.ready()
        want = api("SR.get_uuid", api("SR.get_all")[0])
        words = ["username=root", "password=" + PASSWORD]
        for where in ({"port": b.https}, {"path": here(b)}):
            equal(thin.Thin(["sr-list", "--minimal", *words], **where).run(),
                  (0, want + "\n", ""), "sr-list")
            status, out, err = thin.Thin(["sr-list", "x=y", *words],
                                         **where).run()
            equal((status, out), (1, ""), "a bad filter")
        equal(thin.Thin(["session_id=" + api.session, "sr-list", "--minimal"],
                        port=b.https).run(), (0, want + "\n", ""),
              "with a session")
        api("session.logout")
        status, out, err = thin.Thin(["session_id=" + api.session, "sr-list"],
                                     port=b.https).run()
        equal(status, 1, "with an old session")


def rude_clients_harm_nobody():
    with Bench() as b:
        b.ready()
        words = ["sr-list", "username=root", "password=" + PASSWORD]
        stalled = [thin.Thin(words, port=b.https) for _ in range(30)]
        for body in (["", "\0\1", "\xff"], ["=" * 300], ["a" * 199000],
                     ["x"] * 50000, ["-u"], ["sr-list", "-u"],
                     ["session_id=", "sr-list"], ["--minimal"]):
            t = thin.Thin(body, port=b.https)
            equal(t.run()[0], 1, "status of %r" % (body[:2],))
        t = thin.Thin(words, port=b.https)
        t.greet(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100)
        try:
            check(not t.s.recv(1), "an answer after a wrong greeting")
        except OSError:
            pass
        t = thin.Thin(["x" * 250000], port=b.https)
        check(t.run()[0] == 1, "too long")
        equal(len(xe(b, "sr-list", "--minimal")), 36, "meanwhile")
        more = [thin.Thin(words, port=b.https) for _ in range(3)]
        for t in more[:-1]:
            t.take(len(thin.HELLO))
        status, _, err = more[-1].run()
        check(status == 1 and "too many commands" in err, err)
        stalled += more
        for t in stalled:
            t.s.close()
        until("the next", lambda: thin.Thin(
            [*words, "--minimal"], port=b.https).run()[0] == 0)


SCRIPT = """
vm=$(xe vm-install template="$(xe template-list name-label="Linux PV guest" \
    params=uuid --minimal)" new-name-label=first)
xe vm-param-set uuid=$vm name-description="made by a script" \
    other-config:owner=me
xe vm-memory-limits-set uuid=$vm static-min=128MiB dynamic-min=128MiB \
    dynamic-max=128MiB static-max=128MiB
sr=$(xe sr-list --minimal)
xe vm-disk-add uuid=$vm disk-size=8MiB device=5 sr-uuid=$sr >/dev/null
vdi=$(xe vdi-create sr-uuid=$sr name-label=more virtual-size=4MiB)
vbd=$(xe vbd-create vm-uuid=$vm vdi-uuid=$vdi device=6 bootable=true)
net=$(xe network-list --minimal | cut -d , -f 1)
vif=$(xe vif-create vm-uuid=$vm network-uuid=$net device=0)
xe vm-start vm=first
xe vm-list power-state=running is-control-domain=false --minimal
xe vm-param-get uuid=$vm param-name=power-state
xe vm-pause uuid=$vm
xe vm-unpause uuid=$vm
xe vm-reboot name-label=first force=true
xe vbd-list vm-uuid=$vm params=device --minimal
xe vm-shutdown vm=first --force
xe vm-list uuid=$vm params=power-state --minimal
xe vif-destroy uuid=$vif
xe vm-clone uuid=$vm new-name-label=second >/dev/null
xe vm-list name-label=second params=power-state --minimal
xe vm-destroy vm=second
xe vm-uninstall uuid=$vm force=true
xe vm-list is-control-domain=false --minimal
xe vdi-list uuid=$vdi --minimal
"""


def a_script_of_the_stock_grammar_runs():
    with Bench() as b:
        api = b.ready()
        bin_ = b.path("bin")
        os.mkdir(bin_)
        os.symlink(XE, os.path.join(bin_, "xe"))
        names = [v["name_label"] for v in api("VM.get_all_records").values()
                 if v["is_a_template"] and
                 v["name_label"].startswith("Linux PV guest")]
        p = subprocess.run(
            ["sh", "-eu", "-c", SCRIPT.replace("Linux PV guest", names[0])],
            capture_output=True, text=True, timeout=300, env=dict(
                os.environ, XE_SOCKET=here(b), HOME=b.dir,
                PATH=bin_ + ":" + os.environ["PATH"]))
        equal((p.returncode, p.stderr), (0, ""), "the script, " + p.stdout)
        lines = p.stdout.split("\n")
        equal(len(lines[0]), 36, "the running VM")
        check(lines[1] == "running" and len(lines[2].split(",")) >= 2 and
              lines[3:5] == ["halted", "halted"], p.stdout)
        equal(lines[5:], ["All objects destroyed", "", "", ""], "the end")


MANUAL = os.path.join(ROOT, "xapi-c", "xe", "xe.1")
COMPLETION = os.path.join(ROOT, "xapi-c", "xe", "completion.bash")


def manual_commands():
    """{command: (parameters that must be given, that may be)}"""
    with open(MANUAL) as f:
        text = f.read().split("\n.SH COMMANDS\n")[1].split("\n.SH ")[0]
    found = {}
    for line in re.findall(r"^\.TP\n(.*)$", text.replace("\\-", "-"), re.M):
        name, words = re.fullmatch(r"\\fB([a-z-]+)\\fR ?(.*)", line).groups()
        check(name not in found, name + " is there twice")
        found[name] = (
            [w for w in words.split() if w[0] != "["],
            [w.strip("[]") for w in words.split() if w[0] == "["])
    return found


def helped(b, commands):
    """The same by xe help."""
    found = {}
    for text in xe(b, "help", *commands).split("command name")[1:]:
        lines = [line.split(":", 1)[1].strip() for line in text.split("\n")
                 if ":" in line]
        found[lines[0]] = tuple([w for w in line.split(", ") if w]
                                for line in lines[1:3])
    return found


VERBS = ("list", "param-list", "param-get", "param-set", "param-add",
         "param-remove", "param-clear")


def the_manual_has_every_command():
    with Bench() as b:
        b.ready()
        written = manual_commands()
        names = xe(b, "help", "--all").split("\n")
        classes = [n[:-len("-param-get")] for n in names
                   if n.endswith("-param-get")]
        general = {"%s-%s" % (c, v) for c in classes for v in VERBS}
        check(general <= set(names), "commands of classes")
        equal(sorted(written), sorted(set(names) - general - {"help"}),
              "commands")
        told = helped(b, written)
        for name, words in written.items():
            equal(words, told[name], name)
        with open(MANUAL) as f:
            text = f.read().replace("\\-", "-")
        text = text.split(".SH COMMANDS OF EVERY CLASS")[1].split(".TP")[0]
        equal(re.split(r",\n", text.split("objects:\n")[1].rstrip(".\n")),
              classes, "classes")


def complete(b, line):
    p = subprocess.run(
        ["bash", "-uc", "source '%s'; COMP_LINE=$1 COMP_POINT=${#1}; _xe; "
         "printf '%%s\\n' \"${COMPREPLY[@]}\"" % COMPLETION, "bash", line],
        capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
        env=dict(os.environ, XE_SOCKET=here(b), HOME=b.dir,
                 PATH="%s:%s" % (os.path.dirname(XE), os.environ["PATH"])))
    equal((p.returncode, p.stderr), (0, ""), "completion of " + line)
    return p.stdout.split()


def a_line_is_completed():
    with Bench() as b:
        api = b.ready()
        vm = api("VM.get_uuid", b.vm(api, name="some-guest"))
        check("vm-list" in complete(b, "xe "), "no command")
        equal(complete(b, "xe vm-insta"), ["vm-install"], "a command")
        equal(complete(b, "xe --minimal vm-insta"), ["vm-install"], "another")
        equal(complete(b, "xe vm-install te"),
              ["template=", "template-uuid="], "parameters")
        check({"uuid=", "vm=", "force="} <=
              set(complete(b, "xe vm-shutdown ")), "what chooses VMs")
        equal(complete(b, "xe vm-start uuid=" + vm[:8]), [vm], "a uuid")
        equal(complete(b, "xe vm-memory-limits-set vm=some"), ["some-guest"],
              "a name")
        equal(complete(b, "xe vm-param-get uuid=" + vm[:8]), [vm], "a VM's")
        equal(complete(b, "xe vdi-create sr-uuid="),
              [api("SR.get_uuid", b.sr(api))], "an SR")
        # nothing is made of what is not known
        for line in ("xe -s ", "xe no-such-command x", "xe vm-start uuid=zz",
                     "xe vm-start force=", "xe vm-start '$(touch x)'"):
            equal(complete(b, line), [], line)


def failures_are_told_as_xe_tells_them():
    with Bench() as b:
        api = b.ready()
        b.vm(api, name="one")
        err = xe(b, "vm-shutdown", "vm=one", status=1)
        check("VM" in err and "halted" in err.lower(), err)
        check("No matching VMs" in xe(b, "vm-start", "vm=none", status=1),
              "no VM")
        b.vm(api, name="two")
        check("--multiple" in xe(b, "vm-start", status=1), "two VMs")
        check("new-name-label" in xe(b, "vm-clone", "vm=one", status=1),
              "a name is needed")
        err = xe(b, "vm-uninstall", "vm=one", typed="no\n", status=1)
        check("Aborted (you typed: 'no')" in err, err)
        equal(len(xe(b, "vm-list", "name-label=one", "--minimal")), 36,
              "it is still there")
        xe(b, "vm-uninstall", "vm=one", typed="yes\n")
        equal(xe(b, "vm-list", "name-label=one", "--minimal"), "", "gone")


def copies_go_with_their_disks():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        console = api.console(vm)
        console.wait("I am up")
        console.close()
        uuid, sr = api("VM.get_uuid", vm), api("SR.get_uuid", b.sr(api))
        xe(b, "vm-disk-add", "uuid=" + uuid, "disk-size=4MiB", "device=5",
           "sr-uuid=" + sr)
        disks = len(api("VDI.get_all"))
        copy = xe(b, "vm-checkpoint", "uuid=" + uuid, "new-name-label=then")
        check(len(api("VDI.get_all")) > disks, "no disk was kept")
        err = xe(b, "snapshot-uninstall", "snapshot-uuid=" + copy,
                 typed="no\n", status=1)
        check("Aborted" in err, err)
        xe(b, "snapshot-uninstall", "snapshot-uuid=" + copy, "--force")
        equal(xe(b, "snapshot-list", "--minimal"), "", "snapshots")
        equal(len(api("VDI.get_all")), disks, "disks")
        xe(b, "snapshot-uninstall", "snapshot-uuid=nobody", "--force",
           status=1)
        xe(b, "vm-shutdown", "uuid=" + uuid, "--force")
        form = xe(b, "vm-clone", "uuid=" + uuid, "new-name-label=form")
        xe(b, "vm-param-set", "uuid=" + form, "is-a-template=true")
        xe(b, "template-uninstall", "template-uuid=" + form, "force=true")
        equal(len(api("VDI.get_all")), disks, "disks at the end")


def guests_go_before_the_host():
    """What init asks for."""
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        xe(b, "host-prepare-for-poweroff")
        equal(api("VM.get_power_state", vm), "Halted", "the guest")
        equal(api("host.get_enabled", api("host.get_all")[0]), False,
              "enabled")
        check(b.sim.poll() is None, "the machine is off")


def a_console_is_text():
    """Ctrl-] ends it."""
    with Bench() as b:
        api = b.ready()
        uuid = api("VM.get_uuid", b.running(api))
        p = subprocess.Popen(
            [XE, "console", "uuid=" + uuid], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=dict(
                os.environ, XE_SOCKET=here(b), HOME=b.dir))
        said = b""
        while b"I am up" not in said:
            data = os.read(p.stdout.fileno(), 4096)
            check(data, "%r" % said)
            said += data
        check(b"RFB" not in said, "%r" % said)
        p.communicate(b"\x1d", timeout=60)


if __name__ == "__main__":
    sys.exit(main([
        a_console_is_text,
        lists_show_what_the_api_has, parameters_are_read_and_written,
        others_need_a_password, the_socket_is_roots,
        anybody_may_speak_the_protocol,
        a_script_of_the_stock_grammar_runs, guests_go_before_the_host,
        the_manual_has_every_command, a_line_is_completed,
        failures_are_told_as_xe_tells_them, rude_clients_harm_nobody,
        copies_go_with_their_disks,
    ]))
