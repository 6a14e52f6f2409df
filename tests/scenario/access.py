"""Who may do what, seen from outside: local users log in with their passwords
and send what their roles permit, and what they do not.

	access.py [NAME...]
"""

import base64
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import uuid

from bench import (PASSWORD, ROOT, Bench, Refused, check, equal, main, refused,
                   until)
from api import Api, tls
from sweep import LOCK, Wire

ROLES = ("read-only", "vm-operator", "vm-admin", "vm-power-admin",
         "pool-operator", "pool-admin")
SECRET = "battery %s staple"


def role_named(api, name):
    return [ref for ref, r in api("role.get_all_records").items()
            if r["name_label"] == name][0]


def user(b, api, name, *roles):
    """A local user, and a session of his."""
    subject = api("subject.create", {"subject_identifier": name,
                                     "other_config": {}})
    for role in roles:
        api("subject.add_to_roles", subject, role_named(api, role))
    api("subject.set_password", subject, SECRET % name)
    theirs = Api(b.https)
    if roles:
        theirs.login(name, SECRET % name)
    return subject, theirs


def least_roles():
    """Message -> least role, as the model says."""
    found = {}
    with open(LOCK, encoding="utf-8") as f:
        for line in f:
            m = re.match(r"(?:message|accessor) (\w+\.\w+).* -> .*?"
                         r" (read-only|vm-operator|vm-admin|vm-power-admin|"
                         r"pool-operator|pool-admin|local-root-only)\b", line)
            if m:
                found[m[1]] = m[2]
    return found


def a_user_is_what_his_session_says():
    with Bench() as b:
        api = b.ready()
        subject, his = user(b, api, "anna", "vm-operator")
        me = his.session
        equal(his("session.get_is_local_superuser", me), False, "superuser")
        equal(his("session.get_auth_user_sid", me), "anna", "sid")
        equal(his("session.get_auth_user_name", me), "anna", "name")
        equal(his("session.get_subject", me), subject, "subject")
        may = api("subject.get_permissions_name_label", subject)
        equal(sorted(his("session.get_rbac_permissions", me)), sorted(may),
              "permissions")
        equal(sorted(his("session.get_record", me)["rbac_permissions"]),
              sorted(may), "permissions of the record")
        check("vm.start" in may and "vm.destroy" not in may, "vm-operator")
        equal(api("session.get_all_subject_identifiers"), ["anna"], "users")
        equal(his("auth.get_subject_identifier", "anna"), "anna", "resolved")
        info = his("auth.get_subject_information_from_identifier", "anna")
        equal(info["subject-name"], "anna", "name in the directory")
        equal(his("auth.get_group_membership", "anna"), [], "groups")
        refused("SUBJECT_CANNOT_BE_RESOLVED", his,
                "auth.get_subject_identifier", "root")
        equal(refused("RBAC_PERMISSION_DENIED", his, "pool.set_name_label",
                      his("pool.get_all")[0], "x")[0], "pool.set_name_label",
              "the permission")
        refused("SUBJECT_ALREADY_EXISTS", api, "subject.create",
                {"subject_identifier": "anna", "other_config": {}})
        for name in ("root", "", "a b", "a:b", "x" * 129):
            refused("INVALID_VALUE", api, "subject.create",
                    {"subject_identifier": name, "other_config": {}})


def each_role_may_what_the_model_says():
    """By login, over the wire; what is refused changes nothing."""
    wire, least = Wire(), least_roles()
    order = ROLES + ("local-root-only",)
    names = [name for name, kinds in wire.messages
             if kinds and kinds[0].endswith(" ref") and name in least and
             name not in wire.open and name not in wire.between_hosts and
             wire.state[name] == "built" and "logout" not in name]
    nothing = {"int": "0", "bool": False, "float": 0.0, "string": ""}
    with Bench() as b:
        api = b.ready()
        for role in ROLES:
            _, his = user(b, api, "user-" + role, role)
            for name in names[ROLES.index(role)::len(ROLES)]:
                kinds = dict(wire.messages)[name]
                args = [{} if k.endswith((" map", "record")) else
                        [] if k.endswith(" set") else
                        "OpaqueRef:NULL" if k.endswith(" ref") else
                        nothing.get(k) if k in nothing else
                        wire.enums[k][0] if k in wire.enums else
                        "19700101T00:00:00Z" for k in kinds]
                try:
                    his(name, *args)
                    code = None
                except Refused as e:
                    code = e.code
                may = order.index(least[name]) <= order.index(role)
                check((code != "RBAC_PERMISSION_DENIED") == may,
                      "%s as %s: %s" % (name, role, code))


def roles_change_and_sessions_follow():
    with Bench() as b:
        api = b.ready()
        pool = api("pool.get_all")[0]
        subject, his = user(b, api, "otto", "read-only")
        refused("RBAC_PERMISSION_DENIED", his, "pool.set_name_label", pool,
                "x")
        operator = role_named(api, "pool-operator")
        refused("ROLE_NOT_FOUND", api, "subject.remove_from_roles", subject,
                operator)
        api("subject.add_to_roles", subject, operator)
        refused("ROLE_ALREADY_EXISTS", api, "subject.add_to_roles", subject,
                operator)
        refused("ROLE_NOT_FOUND", api, "subject.add_to_roles", subject,
                role_named(api, "vm.start"))
        his("pool.set_name_label", pool, "his")
        api("subject.remove_from_roles", subject, operator)
        refused("SESSION_INVALID", his, "pool.get_all")
        his.login("otto", SECRET % "otto")
        refused("RBAC_PERMISSION_DENIED", his, "pool.set_name_label", pool,
                "x")
        api("session.logout_subject_identifier", "otto")
        refused("SESSION_INVALID", his, "pool.get_all")
        his.login("otto", SECRET % "otto")
        b.kill_xapi()
        b.start_xapi()
        api, his = b.ready(), Api(b.https)
        his.login("otto", SECRET % "otto")      # as it was
        equal(api("subject.get_roles", subject),
              [role_named(api, "read-only")], "roles after the restart")
        api("subject.destroy", subject)
        refused("SESSION_INVALID", his, "pool.get_all")
        refused("SESSION_AUTHENTICATION_FAILED", his.login, "otto",
                SECRET % "otto")
        _, idle = user(b, api, "idle")
        refused("SESSION_AUTHENTICATION_FAILED", idle.login, "idle",
                SECRET % "idle")


def a_user_changes_his_password():
    with Bench() as b:
        api = b.ready()
        subject, his = user(b, api, "anna", "read-only")
        other = Api(b.https)
        other.login("anna", SECRET % "anna")
        for new in ("short", "x" * 257, "line\nbreak"):
            refused("CHANGE_PASSWORD_REJECTED", his,
                    "session.change_password", SECRET % "anna", new)
            refused("CHANGE_PASSWORD_REJECTED", api, "subject.set_password",
                    subject, new)
        refused("CHANGE_PASSWORD_REJECTED", his, "session.change_password",
                PASSWORD, "correct staple")
        his("session.change_password", SECRET % "anna", "correct staple")
        his("pool.get_all")
        refused("SESSION_INVALID", other, "pool.get_all")
        refused("SESSION_AUTHENTICATION_FAILED", other.login, "anna",
                SECRET % "anna")
        other.login("anna", "correct staple")
        b.login()                       # root's is what it was
        refused("RBAC_PERMISSION_DENIED", his, "subject.set_password",
                subject, "another one")
        # whoever has a session cannot guess on and on
        waits = False
        for _ in range(8):
            try:
                his("session.change_password", "wrong", "battery staple")
            except Refused as e:
                waits = waits or "wait" in str(e)
        check(waits, "a user takes any number of guesses")


def secrets_are_not_shown():
    with Bench() as b:
        api = b.ready()
        subject, his = user(b, api, "anna", "pool-admin")
        seen = repr([his("subject.get_all_records"),
                     his("subject.get_record", subject),
                     his("event.from", ["subject"], "", 0.1)["events"]])
        check("anna" in seen and "$6$" not in seen and
              "secret" not in seen, seen)
        refused("INTERNAL_ERROR", his, "subject.get_all_where",
                'field "secret"="x"')
        with open(b.path("xapi.log")) as f:
            log = f.read()
        check("$6$" not in log and SECRET % "anna" not in log, "the log")


def local_sessions_are_roots():
    with Bench() as b:
        api = b.ready()
        user(b, api, "anna", "pool-admin")
        for name, password in (("root", "wrong"), ("anna", SECRET % "anna")):
            refused("SESSION_AUTHENTICATION_FAILED", api.raw,
                    "session.slave_local_login_with_password", name, password)
        local = Api(b.https)
        local.session = local.raw("session.slave_local_login_with_password",
                                  "root", PASSWORD)
        local("host.get_all")
        local("session.local_logout")
        refused("SESSION_INVALID", local, "host.get_all")


class AtTheMachine(http.client.HTTPConnection):
    """root of this host, by the socket that the console's shell uses."""

    def __init__(self, b):
        super().__init__("localhost", timeout=60)
        self.at = b.path("xapi.sock")

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.at)


def login_by(connection, password):
    connection.request("POST", "/jsonrpc", json.dumps({
        "jsonrpc": "2.0", "id": 1, "method": "session.login_with_password",
        "params": ["root", password, "1.0", "guess"]}))
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def root_at_the_machine_is_never_locked_out():
    """Not by guesses from everywhere, nor by those made at the machine."""
    with Bench() as b:
        b.ready()

        def from_afar(address, password):
            return login_by(http.client.HTTPSConnection(
                "127.0.0.1", b.https, context=tls(), timeout=60,
                source_address=(address, 0)), password)
        for i in range(110):        # a siege, by base/guesses.h
            check("error" in from_afar("127.0.2.%d" % (1 + i % 10),
                                       "guess %d" % i), "a guess is right")
        until("a guesser to wait", lambda: "wait" in from_afar(
            "127.0.2.1", "another guess")["error"]["data"][1])
        for password in ("wrong",) * 10 + (PASSWORD,):
            check("result" in login_by(AtTheMachine(b), password),
                  "root is locked out")
        xe = subprocess.run([os.path.join(ROOT, "build/host/xe"), "host-list",
                             "--minimal"], capture_output=True, text=True,
                            env=dict(os.environ, XE_SOCKET=b.path(
                                "xapi.sock")), timeout=120)
        check(xe.returncode == 0 and len(xe.stdout.strip()) == 36, xe.stderr)


def there_is_no_directory():
    with Bench() as b:
        api = b.ready()
        for cls in ("host", "pool"):
            ref = api(cls + ".get_all")[0]
            equal(refused("AUTH_UNKNOWN_TYPE", api,
                          cls + ".enable_external_auth", ref, {},
                          "example.org", "AD"), ["AD"], "type")
            api(cls + ".disable_external_auth", ref, {})
            refused("AUTH_IS_DISABLED", api,
                    cls + ".external_auth_set_ldaps", ref, True)
        api("pool.detect_nonhomogeneous_external_auth",
            api("pool.get_all")[0])


WEBSOCKET = {"Upgrade": "websocket", "Connection": "Upgrade",
             "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}


def asked(b, path, method="GET", body=None, headers=None):
    """The status of one request, over a connection of its own."""
    c = http.client.HTTPSConnection("127.0.0.1", b.https, context=tls(),
                                    timeout=60)
    c.request(method, path, body, headers or {})
    status = c.getresponse().status
    c.close()
    return status


def a_ticket_is_for_one_request():
    with Bench() as b:
        api = b.ready()
        vdi, vm = b.vdi(api), b.running(api)
        other, uuid = b.vdi(api), api("VDI.get_uuid", vdi)
        console = api.console_ref(vm, "rfb")
        size = int(api("VDI.get_virtual_size", vdi))

        def ticket(purpose, what, whose=api):
            return "&ticket=" + whose("session.create_ticket", purpose, what)

        def screen(what, ticket, origin="https://127.0.0.1:%d" % b.https):
            return asked(b, "/console?%s%s" % (what, ticket),
                         headers=dict(WEBSOCKET, Origin=origin))
        get, put = "/export_raw_vdi?vdi=", "/import_raw_vdi?vdi="
        # each once, by reference or uuid, whichever the ticket was made for
        once = ticket("download", vdi)
        equal(asked(b, get + uuid + once), 200, "a download")
        equal(asked(b, get + uuid + once), 401, "twice")
        once = ticket("console", api("console.get_uuid", console))
        equal(screen("ref=" + console, once), 101, "a console")
        equal(screen("ref=" + console, once), 401, "a console twice")
        equal(screen("uuid=" + api("VM.get_uuid", vm), ticket("console", vm)),
              101, "a VM's console")
        equal(asked(b, put + vdi + ticket("upload", uuid), "PUT",
                    b"x" * size), 200, "an upload")
        # for that purpose and that object only; a wrong use is one as well
        for path, purpose, what in (
                (get + vdi, "upload", vdi), (get + vdi, "download", other),
                ("/export_raw_vdi?ref=" + vdi, "download", vdi),
                (get + other + "&ref=" + vdi, "download", vdi),
                ("/audit_log?ref=" + vdi, "download", vdi),
                ("/vm_rrd?uuid=" + api("VM.get_uuid", vm), "console", vm)):
            once = ticket(purpose, what)
            equal(asked(b, path + once), 401, path + " for " + purpose)
            equal(asked(b, get + vdi + once), 401, "after the wrong use")
        equal(asked(b, "/import_raw_vdi?sr_id=" + api("VDI.get_SR", vdi) +
                    ticket("upload", vdi), "PUT", b"x" * 512), 401, "a new disk")
        equal(screen("ref=" + console, ticket("console", vm)), 401,
              "a console by its VM's ticket")
        # it counts alone, and no page of another site has a WebSocket
        cookie = {"Cookie": "session_id=" + api.session}
        for bad in ("", "x", "OpaqueRef:NULL", api.session):
            equal(asked(b, get + vdi + "&ticket=" + bad, headers=cookie), 401,
                  "ticket " + bad)
        equal(screen("ref=" + console, ticket("console", console),
                     "https://example.org"), 403, "a foreign page's console")
        # it has its session's rights, and ends with it
        _, his = user(b, api, "anna", "read-only")
        equal(refused("RBAC_PERMISSION_DENIED", his, "session.create_ticket",
                      "download", vdi)[0], "http/get_export_raw_vdi", "role")
        for purpose, what in (("console", vdi), ("upload", vm),
                              ("download", "nothing")):
            equal(refused("HANDLE_INVALID", api, "session.create_ticket",
                          purpose, what)[1], what, "no such object")
        brief = b.login()
        once = ticket("download", vdi, brief)
        brief("session.logout")
        equal(asked(b, get + vdi + once), 401, "after the logout")
        # a crowd of them: the oldest of a session goes, nobody else's
        mine, another = ticket("download", vdi), b.login()
        crowd = [ticket("download", vdi, another) for _ in range(20)]
        equal(asked(b, get + vdi + mine), 200, "another session's")
        equal(asked(b, get + vdi + crowd[-16]), 200, "the 16th")
        equal(asked(b, get + vdi + crowd[-17]), 401, "the 17th")


def pages_of_other_sites_are_refused():
    """A browser adds the cookie to what any page asks for."""
    with Bench() as b:
        api = b.ready()
        vdi, vm = b.vdi(api), b.running(api)
        console = api.console_ref(vm, "rfb")
        own = "https://127.0.0.1:%d" % b.https
        cookie = {"Cookie": "session_id=" + api.session}
        basic = {"Authorization": "Basic " + base64.b64encode(
            ("root:" + PASSWORD).encode()).decode()}
        query = "&session_id=" + api.session
        disk = "/export_raw_vdi?vdi=" + vdi
        screen = "/console?ref=" + console

        def status(path, headers, origin):
            c = http.client.HTTPSConnection("127.0.0.1", b.https,
                                            context=tls(), timeout=60)
            c.request("GET", path, headers=dict(
                headers, **({"Origin": origin} if origin else {})))
            answer = c.getresponse().status
            c.close()
            return answer
        for origin in (None, own, own.upper()):
            equal(status(disk, cookie, origin), 200, "own cookie")
            equal(status(disk, basic, origin), 200, "own credentials")
            equal(status(screen + query, WEBSOCKET, origin), 101, "own console")
        for origin in ("https://example.org", "null", own + "0",
                       own.replace("https", "http"), "https://127.0.0.1"):
            equal(status(disk, cookie, origin), 403, "a cookie of " + origin)
            equal(status(disk, basic, origin), 403, "Basic of " + origin)
            equal(status(screen, dict(WEBSOCKET, **cookie), origin), 403,
                  "a console of " + origin)
            equal(status(screen + query, WEBSOCKET, origin), 403,
                  "a console that knows a session, of " + origin)
            equal(status(disk + query, {}, origin), 200,
                  "who knows a session is trusted, of " + origin)


def audit(b, session, since=None):
    """Status and lines of /audit_log."""
    c = http.client.HTTPSConnection("127.0.0.1", b.https, context=tls(),
                                    timeout=60)
    c.request("GET", "/audit_log?session_id=%s%s" % (
        session, "&since=" + since if since else ""))
    answer = c.getresponse()
    lines = answer.read().decode().splitlines()
    c.close()
    return answer.status, lines


def of(lines, name):
    return [line for line in lines if " '%s' (" % name in line]


def status_reports_are_for_operators():
    with Bench() as b:
        api = b.ready()
        for role, want in (("read-only", 403), ("vm-power-admin", 403),
                           ("pool-operator", 200)):
            session = user(b, api, role, role)[1].session
            for path in ("/system-status", "/host_logs_download"):
                equal(asked(b, path + "?session_id=" + session), want,
                      "%s of %s" % (path, role))


def each_write_has_its_audit_line():
    with Bench() as b:
        api = b.ready()
        vdi = b.vdi(api, name="a 'disk'")
        vm = b.running(api)
        task = api("Async.VM.clean_shutdown", vm)
        until("the shutdown",
              lambda: api("task.get_status", task) == "success")
        for i in range(40):
            api("VM.set_name_label", vm, "name %d" % i)
            api("VM.get_record", vm)
        refused("VM_BAD_POWER_STATE", api, "VM.pause", vm)
        api("VDI.destroy", vdi)
        equal(asked(b, "/console?session_id=%s&ref=%s" % (api.session, vm)),
              400, "a console without an upgrade")
        status, lines = audit(b, api.session)
        equal(status, 200, "status")
        for line in lines:
            check(re.fullmatch(
                r"\d{8}T\d\d:\d\d:\d\d\.\d{3}Z \('trackid=[0-9a-f]{16}' '.*' "
                r"'.*' '(ALLOWED|DENIED)' '(OK|ERROR:\w+)' '(API|HTTP)' "
                r"'[\w.]+' \(.*\)\)", line), line)
            check("get_" not in line, line)
        for name, n in (("VM.set_name_label", 40), ("VM.pause", 1),
                        ("VM.clean_shutdown", 1), ("VDI.destroy", 1)):
            equal(len(of(lines, name)), n, "lines of " + name)
        check("ERROR:VM_BAD_POWER_STATE" in of(lines, "VM.pause")[0],
              "outcome")
        check("'ERROR:REFUSED'" in of(lines, "connect_console_ws")[0],
              "a request that is none")
        check("'LOCAL_SUPERUSER' 'root' 'ALLOWED' 'OK'" in
              of(lines, "VDI.destroy")[0], "root")
        check("('self' 'name 38' '%s' '%s') ('value' 'name 39' '' '')" % (
            api("VM.get_uuid", vm), vm) in of(lines, "VM.set_name_label")[-1],
              of(lines, "VM.set_name_label")[-1])
        check("'a \\'disk\\''" in of(lines, "VDI.destroy")[0], "what went")
        # a kill takes none, a time is a limit, a bad one is refused
        b.kill_xapi()
        b.start_xapi()
        api = b.ready()
        _, again = audit(b, api.session)
        equal(again[:len(lines)], lines, "lines after a kill")
        at = of(lines, "VDI.destroy")[0][:17]
        _, late = audit(b, api.session, at + "Z")
        equal(late, [x for x in again if x[:17] >= at], "lines since")
        equal(audit(b, api.session, "99990101T00:00:00Z"), (200, []), "none")
        equal(audit(b, api.session, "yesterday")[0], 400, "no time")
        equal(audit(b, "OpaqueRef:NULL")[0], 401, "no session")


def strangers_do_not_fill_the_audit_log():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        stranger = b.ready()
        stranger.session = "OpaqueRef:" + str(uuid.uuid4())
        for _ in range(30):
            refused("SESSION_INVALID", stranger, "VM.start", vm, False, False)
            refused("SESSION_AUTHENTICATION_FAILED", stranger.login, "x", "y")
            api("VM.set_name_label", vm, "mine")
        refused("VM_BAD_POWER_STATE", api, "VM.pause", vm)
        _, lines = audit(b, api.session)
        equal(len(of(lines, "VM.start") +
                  [x for x in of(lines, "session.login_with_password")
                   if "ERROR" in x]), 20, "strangers' lines")
        equal(len(of(lines, "VM.set_name_label")), 30, "who has a session")
        equal(len(of(lines, "VM.pause")), 1, "and fails")


def a_user_does_not_fill_the_audit_log_with_calls_that_fail():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        _, his = user(b, api, "anna", "read-only")
        _, hers = user(b, api, "berta", "vm-operator")
        refused("RBAC_PERMISSION_DENIED", his, "VM.destroy", vm)
        for _ in range(220):
            refused("RBAC_PERMISSION_DENIED", his, "VM.set_name_label", vm,
                    "mine")
        for _ in range(210):
            refused("VM_BAD_POWER_STATE", hers, "VM.pause", vm)
        api("VM.set_name_label", vm, "mine")
        _, lines = audit(b, api.session)
        equal(len(of(lines, "VM.destroy")), 1, "the first")
        equal(len([x for x in lines if "'DENIED'" in x]), 200, "denied")
        equal(len(of(lines, "VM.pause")), 200, "failed")
        equal(len([x for x in of(lines, "VM.set_name_label")
                   if "'OK'" in x]), 1, "who may")
        b.xapi.terminate()
        b.xapi.wait()
        b.start_xapi()
        _, lines = audit(b, b.login().session)
        missing = [x.partition("(")[2] for x in lines if "missing" in x]
        equal(sorted((x.split()[0], x.split("'")[-2]) for x in missing),
              [("10", "berta"), ("21", "anna")], "what was left out")


def the_audit_log_tells_who_and_no_secret():
    with Bench() as b:
        api = b.ready()
        subject, his = user(b, api, "anna", "read-only")
        his("session.change_password", SECRET % "anna", "correct staple")
        vm = b.vm(api)
        for call in ("VM.destroy", "Async.VM.destroy"):
            try:
                task = his(call, vm)
                until("the refusal",
                      lambda: his("task.get_status", task) == "failure")
            except Refused:
                pass
        refused("SESSION_AUTHENTICATION_FAILED", his.raw,
                "session.login_with_password", "anna", "guess of a stranger")
        api("secret.create", {"value": "of no use", "other_config": {}})
        api("VM.add_to_xenstore_data", vm, "vm-data/password", "of no use")
        refused("SR_UNKNOWN_DRIVER", api, "SR.create",
                api("host.get_all")[0], {"chappassword": "of no use"}, "0",
                "x", "", "nosuch", "user", False, {})
        status, lines = audit(b, his.session)
        equal(status, 200, "status for a reader")
        denied = of(lines, "VM.destroy")
        equal(len(denied), 2, "refused calls")
        for line in denied:
            check("'anna' 'anna' 'DENIED' 'ERROR:RBAC_PERMISSION_DENIED'" in
                  line, line)
        failed = of(lines, "session.login_with_password")[-1]
        check("ERROR:SESSION_AUTHENTICATION_FAILED" in failed and
              "('uname' 'anna'" in failed, failed)
        equal(len(of(lines, "secret.create")), 1, "secrets made")
        text = "\n".join(lines)
        for secret in (PASSWORD, SECRET % "anna", "correct staple",
                       "guess of a stranger", "of no use", api.session,
                       his.session):
            check(secret not in text, "the audit log shows %r" % secret)


if __name__ == "__main__":
    sys.exit(main([
        a_user_is_what_his_session_says, each_role_may_what_the_model_says,
        roles_change_and_sessions_follow, a_user_changes_his_password,
        secrets_are_not_shown, local_sessions_are_roots,
        root_at_the_machine_is_never_locked_out,
        there_is_no_directory, each_write_has_its_audit_line,
        strangers_do_not_fill_the_audit_log,
        a_user_does_not_fill_the_audit_log_with_calls_that_fail,
        the_audit_log_tells_who_and_no_secret, a_ticket_is_for_one_request,
        status_reports_are_for_operators,
        pages_of_other_sites_are_refused,
    ]))
