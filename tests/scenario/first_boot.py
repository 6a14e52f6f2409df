"""What a host does that finds its state late, or never: the image's own
scripts, with disks that a test makes appear.

	first_boot.py [NAME...]
"""

import contextlib
import hashlib
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading

import netns
from bench import ROOT, check, equal, main, until
from image import SKEL, TREE, tree

READY = ("mount() { :; }; e2fsck() { :; }; xargs() { :; }; "
         ". /usr/libexec/bedplate/disks; ")


def put(path, text, mode=0o644):
    with open(TREE + path, "w") as f:
        f.write(text)
    os.chmod(TREE + path, mode)


def read(path):
    with contextlib.suppress(FileNotFoundError):
        with open(TREE + path) as f:
            return f.read().strip()
    return ""


class Boot:
    """The scripts with `volumes` that lists /tmp/volumes, and with a mount,
    an e2fsck and an xargs (modprobe's) that do nothing.  cmdline: the kernel's."""

    def __init__(self, cmdline=""):
        for name in ("run/bedplate", "state", "tmp"):
            shutil.rmtree("%s/%s" % (TREE, name))
            os.mkdir("%s/%s" % (TREE, name))
        os.mkdir(TREE + "/state/login")
        put("/etc/passwd", "root:x:0:0::/:/bin/sh\n")
        put("/etc/group", "root:x:0:\nxapi:x:100:\n")
        put("/usr/libexec/bedplate/volumes",
            "#!/bin/sh\ncat /tmp/volumes 2>/dev/null || :\n", 0o755)
        put("/tmp/cmdline", "console=hvc0 %s\n" % cmdline)
        netns.run("mount", "--bind", TREE + "/tmp/cmdline",
                  TREE + "/proc/cmdline")
        self.log = open("/run/boot.log", "w+")
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
        netns.run("umount", TREE + "/proc/cmdline")

    def start(self, script):
        self.process = subprocess.Popen(
            ["chroot", TREE, "/bin/sh", "-uc", "PATH=/bin; " + READY + script], stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log)

    def said(self):
        with open("/run/boot.log") as f:
            return f.read()

    def done(self):
        return self.process.poll() is not None


def appear(device="/dev/sdb"):
    """The disk is there; what watches looks when the kernel's list changes."""
    put("/tmp/volumes", device + "\n")


def an_installed_host_waits_for_its_state():
    with Boot("bedplate.state=required quiet") as b:
        b.start("started=0 changed=0; state")
        until("it to say so", lambda: "waiting for the volume" in b.said())
        check(not b.done() and not read("/run/bedplate/state"),
              "it went on without its state")
        appear()
        until("the boot to go on", b.done)
        equal(read("/run/bedplate/state"), "on /dev/sdb", "state")
        check(not read("/state/login/secret"), "it is locked")


def reset(cmdline, state="on /dev/sdb", begun=False):
    """What reset leaves of a host's files, and what it says."""
    files = {"/state/login/secret": "hash", "/state/hostname": "h",
             "/state/xapi/state.db": "db", "/state/lost+found/x": "x"}
    with Boot(cmdline) as b:
        for path, text in files.items():
            os.makedirs(os.path.dirname(TREE + path), exist_ok=True)
            put(path, text)
        put("/run/bedplate/state", state + "\n")
        if begun:
            put("/state/.reset", "")
        b.start("/usr/libexec/bedplate/reset")
        until("the reset to end", b.done)
        equal(b.process.returncode, 0, "status, " + b.said())
        check(not os.path.exists(TREE + "/state/.reset"), "it is not over")
        return [os.path.basename(p) for p in files if read(p)], b.said()


def a_host_is_reset_as_its_boot_menu_says():
    everything = ["secret", "hostname", "state.db", "x"]
    equal(reset("quiet"), (everything, ""), "a usual start")
    left, said = reset("a bedplate.reset=password b")
    equal(left, everything[1:], "without the password")
    check("password is gone" in said, said)
    left, said = reset("bedplate.reset=factory")
    equal(left, ["x"], "as new")
    check("as new" in said, said)
    equal(reset("quiet", begun=True)[0], ["x"], "one that was cut short")
    left, said = reset("bedplate.reset=everything")
    equal(left, everything, "what is not known")
    check("not known" in said, said)


def a_locked_host_is_not_reset():
    """Its volume was refused: its lock is in memory, and nobody's to open."""
    for what in ("password", "factory"):
        left, said = reset("bedplate.reset=" + what,
                           "/dev/sdb cannot be used: e2fsck ended with 4")
        equal(len(left), 4, "files")
        check("no state volume" in said, said)


def a_live_host_goes_on_in_memory():
    for cmdline in ("", "bedplate.state=memory"):
        with Boot(cmdline) as b:
            if cmdline:
                appear()
            b.start("limit_s=0; state")
            until("the boot to go on", b.done)
            equal(read("/run/bedplate/state"), "in memory", "state")
            check(not read("/state/login/secret"), "it is locked")


def late(secret):
    with Boot() as b:
        if secret:
            put("/state/login/secret", secret)
        b.start("limit_s=0; state; ls() { cat /tmp/block; }; "
                "watch_for_state")
        put("/tmp/block", "sda\n")
        until("the first look", lambda: read("/run/bedplate/state"))
        appear()
        put("/tmp/block", "sda sdb\n")
        until("it to be seen", b.done)
        check("/dev/sdb came too late" in read("/run/bedplate/state"),
              read("/run/bedplate/state"))
        return read("/state/login/secret"), os.path.exists(
            TREE + "/run/bedplate/state-refused")


def state_that_comes_late_makes_no_open_host():
    equal(late(""), ("*", True), "secret and refusal")


def a_host_that_has_a_password_is_only_told():
    equal(late("$6$a$b"), ("$6$a$b", False), "secret and refusal")


# what the kernel lists where guests run: the host's are the first four
BLOCK = ["sda", "sda1", "sr0", "cciss!c0d0", "dm-0", "loop3", "xvda", "nbd0",
         "ram0", "zram1", "fd0"]
LIST = "ls() { cat /tmp/block; }; "


def volumes(block):
    """What the script finds if each volume that it looks at has the label."""
    with Boot() as b:
        shutil.copy(SKEL + "/usr/libexec/bedplate/volumes", TREE + "/tmp/v")
        put("/tmp/block", "".join(name + "\n" for name in block))
        b.start(LIST + "blkid() { printf '%s: LABEL=\"X\"\\n' "
                "\"${@:-all}\"; }; set -- X; . /tmp/v")
        until("the list", b.done)
        return b.said().split()


def a_guests_disk_is_no_volume_of_the_host():
    equal(volumes(BLOCK), ["/dev/cciss/c0d0", "/dev/sda", "/dev/sda1",
                           "/dev/sr0"], "volumes")
    equal(volumes(BLOCK[4:]), [], "volumes without a disk")


def nothing_is_looked_at_when_a_guest_gets_a_disk():
    with Boot() as b:
        put("/usr/libexec/bedplate/volumes",
            "#!/bin/sh\necho look >>/tmp/looks\n", 0o755)
        put("/tmp/block", "sda\n")
        put("/tmp/rounds", "")
        b.start("limit_s=0; state; : >/tmp/looks; " + LIST +
                "sleep() { echo >>/tmp/rounds; /bin/sleep 0.1; }; "
                "watch_for_state")

        def rounds(more):
            start = os.path.getsize(TREE + "/tmp/rounds")
            until("more rounds", lambda: os.path.getsize(
                TREE + "/tmp/rounds") >= start + more)

        rounds(1)
        equal(read("/tmp/looks"), "look", "the first look")
        for block, looks in ((["sda"] + BLOCK[4:], 1), (["sda", "sdb"], 2)):
            put("/tmp/block.new", "".join(name + "\n" for name in block))
            os.rename(TREE + "/tmp/block.new", TREE + "/tmp/block")
            rounds(3)
            equal(read("/tmp/looks").split(), ["look"] * looks, "looks")


# answers from afar

XAPI = os.path.join(ROOT, "build", "host", "xapi")
FILE = b"<installation/>\n" * 100
DIGEST = hashlib.sha256(FILE).hexdigest()
ANSWERS = {
    "/file": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FILE)
             + FILE,
    "/old": b"HTTP/1.0 200 OK\r\n\r\n" + FILE,
    "/cut": b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + FILE,
    "/none": b"HTTP/1.1 404 Not Found\r\n\r\n" + FILE,
    "/pieces": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               b"0\r\n\r\n",
    "/long": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (300 << 10),
    "/junk": b"hello\r\n",
    "/empty": b"",
}


class Server:
    """ANSWERS by http, or https with a certificate of its own."""

    def __init__(self, secure):
        self.asked = []
        self.got = b""
        self.scheme = "https" if secure else "http"
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.context = self.cert = None
        if secure:
            netns.run("openssl", "req", "-x509", "-newkey", "rsa:2048",
                      "-nodes", "-subj", "/CN=another", "-keyout", "/run/key",
                      "-out", "/run/cert", "-days", "1")
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain("/run/cert", "/run/key")
            with open("/run/cert") as f:
                self.cert = hashlib.sha256(ssl.PEM_cert_to_DER_cert(
                    f.read())).hexdigest()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            s = self.sock.accept()[0]
            with contextlib.suppress(OSError), s:
                if self.context:
                    s = self.context.wrap_socket(s, server_side=True)
                with s:
                    self.got = s.recv(4096)
                    while self.got.startswith(b"POST") and \
                            not self.got.endswith(b"wrong\n"):
                        self.got += s.recv(4096)
                    request = self.got.split(b" ")
                    if len(request) < 2:    # it thought better of it
                        continue
                    path = request[1].decode()
                    self.asked.append(path)
                    s.sendall(ANSWERS[path])
                    if self.context:
                        s.unwrap()

    def fetch(self, path, *options):
        with contextlib.suppress(FileNotFoundError):
            os.unlink("/run/fetched")
        url = "%s://127.0.0.1:%d%s" % (self.scheme, self.port, path)
        r = subprocess.run([XAPI, "fetch", url, "/run/fetched", *options],
                           capture_output=True, text=True, timeout=100)
        if r.returncode == 0:
            with open("/run/fetched", "rb") as f:
                equal(f.read(), FILE, "the file")
            equal(os.stat("/run/fetched").st_mode & 0o777, 0o600, "mode")
        else:
            check(not os.path.exists("/run/fetched"), "a file is there")
        return "" if r.returncode == 0 else r.stderr


def answers_come_by_http_and_https():
    for server in (Server(False), Server(True)):
        pin = ["cert=sha256:" + server.cert] if server.cert else []
        for path in ("/file", "/old"):
            equal(server.fetch(path, *pin), "", path)
            equal(server.fetch(path, *pin, "digest=sha256:" +
                               DIGEST.upper()), "", path)
        for path, why in (("/cut", "cut short"), ("/none", "404"),
                          ("/pieces", "pieces"), ("/long", "longer"),
                          ("/junk", "understood"), ("/empty", "understood")):
            said = server.fetch(path, *pin)
            check(why in said, "%s: '%s'" % (path, said))
        said = server.fetch("/file", *pin, "digest=sha256:" + "0" * 64)
        check("not the file" in said, said)
        for word in ("digest=sha256:12", "digest=md5:" + "0" * 32, "cert=x"):
            check("usage" in server.fetch("/file", word), word)


def a_server_with_another_certificate_is_not_asked():
    server = Server(True)
    check("another certificate" in server.fetch(
        "/file", "cert=sha256:" + "0" * 64), "it was taken")
    check("without the certificate" in server.fetch("/file"), "it was taken")
    equal(server.asked, [], "what it was asked")


def a_failure_is_sent():
    with Boot():
        for secure in (False, True):
            server = Server(secure)
            pin = ["cert=sha256:" + server.cert] if server.cert else []
            url = "%s://127.0.0.1:%d" % (server.scheme, server.port)
            with open("/run/log", "w") as f:
                f.write("what went wrong\n")
            for path, status in (("/file", 0), ("/none", 1)):
                r = subprocess.run([XAPI, "fetch", "-p", "/run/log",
                                    url + path, *pin], timeout=100)
                equal(r.returncode, status, path)
                equal(server.asked[-1], path, "path")
                check(b"POST" in server.got and server.got.endswith(
                    b"what went wrong\n"), server.got)
        r = subprocess.run([XAPI, "fetch", "-p", "/run/no-such-file", url],
                           capture_output=True, text=True, timeout=100)
        equal(r.returncode, 1, r.stderr)


def a_failure_is_told_once_to_whom_the_file_says():
    with Boot("answerfile=http://a/ answerfile_report=http://other/ "
              "answerfile_report_cert=sha256:bb") as b:
        os.makedirs(TREE + "/usr/sbin", exist_ok=True)
        os.makedirs(TREE + "/run/network", exist_ok=True)
        put("/run/network/up", "")
        put("/usr/sbin/bedplate-fetch", "#!/bin/sh\n"
            "if [ \"$1\" != -p ]; then : >\"$2\"; exit 0; fi\n"
            "cat \"$2\" >/tmp/sent\nshift 2\necho \"$*\" >>/tmp/told\n"
            "[ ! -e /tmp/deaf ]\n", 0o755)
        put("/usr/sbin/bedplate-answers", "#!/bin/sh\n"
            "echo 'bedplate-answers: answers.xml:7: it is bad' >&2\n"
            "echo 'bedplate-answers: and more' >&2\n"
            "[ ! -e /tmp/known ] || cp /tmp/known /run/bedplate/report\n"
            "exit 1\n", 0o755)

        def run():
            p = subprocess.run(
                ["chroot", TREE, "/usr/libexec/bedplate/answers", "url"],
                capture_output=True, text=True, timeout=100)
            equal(p.returncode, 1, p.stderr)
            check("answers.xml:7: it is bad" in p.stdout, p.stdout)

        put("/tmp/deaf", "")
        run()
        os.unlink(TREE + "/tmp/deaf")
        put("/tmp/known", "https://told/ cert=sha256:aa\n")
        run()
        run()
        check("answers.xml:7: it is bad" in read("/tmp/sent"), "not sent")
        equal(read("/run/bedplate/setup"), "answers.xml:7: it is bad",
              "the console's line")
        equal(read("/tmp/told").split("\n"),
              ["http://other/ cert=sha256:bb"] * 2, "who was told")


ANSWERS_PROGRAM = os.path.join(ROOT, "build", "musl", "bedplate-answers")


def scripts_are_there_before_anything_is_done():
    with Boot() as b:
        os.makedirs(TREE + "/usr/sbin", exist_ok=True)
        os.makedirs(TREE + "/run/bedplate", exist_ok=True)
        shutil.copy(ANSWERS_PROGRAM, TREE + "/usr/sbin/bedplate-answers")
        put("/usr/sbin/bedplate-install", "#!/bin/sh\necho \"$*\" >/tmp/args\n"
            "cat /run/bedplate/scripts/0 /run/bedplate/scripts/1 >/tmp/ran\n",
            0o755)
        put("/usr/sbin/bedplate-fetch", "#!/bin/sh\necho \"$*\" >/tmp/asked\n"
            "[ -e /tmp/there ] && echo fetched >\"$2\"\n", 0o755)
        for name in ("/tmp/args", "/tmp/there"):
            check(not os.path.exists(TREE + name), name)

        def run(scripts, *options):
            put("/tmp/answers.xml", "<installation>\n<hostname>h</hostname>\n"
                "<primary-disk wipe='yes'>S1</primary-disk>\n%s\n"
                "<report>http://a/b</report>\n</installation>\n" % scripts)
            p = subprocess.run(
                ["chroot", TREE, "/usr/sbin/bedplate-answers", *options,
                 "/tmp/answers.xml"], capture_output=True, text=True,
                timeout=100)
            return p.returncode, p.stderr

        def refused(why, *args):
            status, said = run(*args)
            equal(status, 1, said)
            check("answers.xml:4: " in said and why in said, said)
            for name in ("/state/hostname", "/tmp/args"):
                check(not os.path.exists(TREE + name), name + " is there")

        local = "<script stage='%s' type='local'>%s</script>"
        url = "<script stage='installation-start' type='url'>http://a/x</script>"
        refused("no network yet", url, "-v")
        refused("for a file on a volume", local % ("installation-start", "a"))
        refused("cannot be had", local % ("installation-start", "a"), "-v")
        refused("cannot be had", url)
        equal(read("/run/bedplate/report"), "http://a/b", "whom to tell")
        put("/tmp/a.sh", "first\n")
        put("/tmp/b", "second\n")
        equal(run(local % ("filesystem-populated", "a.sh") +
                  local % ("installation-complete", "file:///b"), "-v"),
              (0, ""), "it is good")
        equal(read("/tmp/ran"), "first\nsecond", "scripts")
        equal(read("/tmp/args"), "-r -w -S filesystem-populated="
              "/run/bedplate/scripts/0 -S installation-complete="
              "/run/bedplate/scripts/1 -- S1", "how it is called")
        equal(read("/state/hostname"), "h", "the name")
        put("/tmp/there", "")
        equal(run(url), (0, ""), "it is good")
        check(read("/tmp/asked").endswith("http://a/x /run/bedplate/scripts/0"),
              read("/tmp/asked"))
        equal(read("/tmp/ran").split("\n")[0], "fetched", "the script")


def fetched_answers_do_not_stay():
    url = "https://192.0.2.1/a?answerfile=b"
    for status in (0, 1):
        with Boot("xanswerfile=no answerfile=%s answerfile_cert=sha256:aa "
                  "answerfile_digest=sha256:bb quiet" % url) as b:
            os.makedirs(TREE + "/usr/sbin", exist_ok=True)
            os.makedirs(TREE + "/usr/bin", exist_ok=True)
            put("/usr/sbin/bedplate-fetch", "#!/bin/sh\necho \"$@\" "
                ">/tmp/asked\necho secret >\"$2\"\n", 0o755)
            put("/usr/sbin/bedplate-answers", "#!/bin/sh\n"
                "cp \"$1\" /tmp/applied\nexit %d\n" % status, 0o755)
            put("/usr/bin/sv", "#!/bin/sh\nexit 0\n", 0o755)
            os.makedirs(TREE + "/run/network", exist_ok=True)
            put("/run/network/up", "")
            b.start("/usr/libexec/bedplate/answers url")
            until("the answers to be applied", b.done)
            equal(b.process.returncode, status, "status, %s" % b.said())
            equal(read("/tmp/asked"), url + " /run/bedplate/answers.xml "
                  "cert=sha256:aa digest=sha256:bb", "what was fetched")
            equal(read("/tmp/applied"), "secret", "what was applied")
            check(not os.path.exists(TREE + "/run/bedplate/answers.xml"),
                  "the file stays")


def the_console_says_what_answers_are_at():
    with Boot("answerfile=http://a/") as b:
        os.makedirs(TREE + "/usr/sbin", exist_ok=True)
        os.makedirs(TREE + "/run/network", exist_ok=True)
        put("/run/network/up", "")
        put("/usr/sbin/bedplate-fetch", "#!/bin/sh\n"
            "cp /run/bedplate/setup /tmp/seen\n"
            "[ -e /tmp/there ] && echo x >\"$2\" && exit 0\n"
            "echo 'bedplate-fetch: cannot connect to: a' >&2; exit 1\n", 0o755)
        put("/usr/sbin/bedplate-answers", "#!/bin/sh\n"
            "cp /run/bedplate/setup /tmp/seen; exit 0\n", 0o755)
        put("/usr/bin/sv", "#!/bin/sh\nexit 0\n", 0o755)
        line = "/run/bedplate/setup"

        def run(status):
            p = subprocess.run(
                ["chroot", TREE, "/usr/libexec/bedplate/answers", "url"],
                capture_output=True, text=True, timeout=100)
            equal(p.returncode, status, p.stderr)
            return p.stdout

        check("cannot connect to: a" in run(1), "the log")
        equal(read("/tmp/seen"), "asking for answers: http://a/", "at first")
        equal(read(line), "asking for answers: cannot connect to: a", "then")
        # somebody sets the host up by hand
        os.makedirs(TREE + "/state/login", exist_ok=True)
        put("/state/login/secret", "x")
        run(0)
        check(not os.path.exists(TREE + line), "it is not asking any more")
        os.unlink(TREE + "/state/login/secret")
        # what an installation says stays
        put(line, "not installed: wipe: it is broken\n")
        put("/state/login/secret", "x")
        run(0)
        check("broken" in read(line), "why")
        os.unlink(TREE + "/state/login/secret")
        put("/tmp/there", "")
        run(0)
        check(not os.path.exists(TREE + line), "all is well")


def sourced(key):
    return netns.run("chroot", TREE, "/bin/sh", "-uc",
                     ". /run/xensource-inventory; echo \"$%s\"" % key).strip()


def scripts_find_who_the_host_is():
    with Boot():
        inventory = ("chroot", TREE, "/usr/libexec/bedplate/inventory")
        written = "/run/xensource-inventory"
        put("/etc/bedplate-release", "NAME=Bedplate\nproduct_brand=It's us\n"
            "product_version=8.3.0\nbuild_number=1\n")
        os.mkdir(TREE + "/state/xenopsd")
        netns.run(*inventory)
        check(not os.path.exists(TREE + written), "a host without a name")
        put("/state/xenopsd/host.uuid", "the-host\n")
        put("/state/xenopsd/dom0.uuid", "its-dom0\n")
        netns.run(*inventory)
        for key, value in (("INSTALLATION_UUID", "the-host"),
                           ("CONTROL_DOMAIN_UUID", "its-dom0"),
                           ("PRODUCT_BRAND", "Its us"),
                           ("PRODUCT_VERSION", "8.3.0"),
                           ("MANAGEMENT_INTERFACE", "")):
            equal(sourced(key), value, key)
        check(int(sourced("DOM0_MEM")) > 0, "no memory")
        put("/run/network/bridge", "xenbr3\n")
        netns.run(*inventory)
        equal(sourced("MANAGEMENT_INTERFACE"), "xenbr3", "the bridge")
        equal([n for n in os.listdir(TREE + "/run") if ".tmp." in n], [],
              "files left")
        os.unlink(TREE + "/run/network/bridge")


# sv and xe, which say what they are told and fail as the test wants
FAKE = "#!/bin/sh\necho \"${0##*/} $*\" >>/tmp/told\n%s\n"


def the_toolstack_is_restarted_by_its_usual_name():
    with Boot():
        os.makedirs(TREE + "/usr/bin", exist_ok=True)

        def run(sv="", xe="", *args):
            put("/usr/bin/sv", FAKE % sv, 0o755)
            put("/usr/bin/xe", FAKE % xe, 0o755)
            put("/usr/bin/sleep", "#!/bin/sh\n", 0o755)
            put("/tmp/told", "")
            p = subprocess.run(
                ["chroot", TREE, "/usr/sbin/xe-toolstack-restart", *args],
                capture_output=True, text=True)
            return p.returncode, p.stdout + p.stderr

        status, said = run()
        equal((status, said.split("\n")[-2]), (0, "done."), "restart")
        equal(read("/tmp/told").split("\n"), [
            "sv -w 60 stop /etc/service/xapi",
            "sv -w 60 stop /etc/service/xenopsd",
            "sv start /etc/service/xenopsd",
            "sv start /etc/service/xapi", "xe host-list --minimal"], "told")
        status, said = run("[ \"$3\" != stop ]")
        equal(status, 1, said)
        check("does not stop" in said and "done" not in said, said)
        status, said = run("", "false")
        check(status == 1 and "does not answer" in said, said)
        status, said = run("", "", "-h")
        equal((status, read("/tmp/told")), (2, ""), said)
        for name in ("sv", "xe", "sleep"):
            os.unlink(TREE + "/usr/bin/" + name)


def guests_are_stopped_before_services():
    """With an API that answers; one that does not holds nothing up."""
    with Boot():
        os.makedirs(TREE + "/usr/bin", exist_ok=True)

        def run(xe):
            put("/usr/bin/xe", FAKE % xe, 0o755)
            for name in ("sv", "umount", "sync"):
                put("/usr/bin/" + name, FAKE % "", 0o755)
            put("/tmp/told", "")
            p = subprocess.run(
                ["chroot", TREE, "/usr/libexec/bedplate/shutdown"],
                capture_output=True, text=True, timeout=60)
            return read("/tmp/told").split("\n"), p.stdout

        told, said = run("")
        equal(told[:2], ["xe host-list --minimal",
                         "xe host-prepare-for-poweroff"], "first")
        check(told[2].startswith("sv -w 20 stop /etc/service/xapi "), told)
        equal(said, "stopping the guests\n", "said")
        told, said = run("false")
        equal((told[0], said), ("xe host-list --minimal", ""), "no API")
        check(told[1].startswith("sv -w 20 stop"), told)
        equal(told[-1], "umount -r /state", "last")
        for name in ("sv", "xe", "umount", "sync"):
            os.unlink(TREE + "/usr/bin/" + name)


if __name__ == "__main__":
    netns.enter()
    tree()
    sys.exit(main([an_installed_host_waits_for_its_state,
                   a_host_is_reset_as_its_boot_menu_says,
                   a_locked_host_is_not_reset,
                   a_live_host_goes_on_in_memory,
                   state_that_comes_late_makes_no_open_host,
                   a_host_that_has_a_password_is_only_told,
                   a_guests_disk_is_no_volume_of_the_host,
                   nothing_is_looked_at_when_a_guest_gets_a_disk,
                   answers_come_by_http_and_https,
                   a_server_with_another_certificate_is_not_asked,
                   a_failure_is_sent,
                   a_failure_is_told_once_to_whom_the_file_says,
                   scripts_are_there_before_anything_is_done,
                   fetched_answers_do_not_stay,
                   the_console_says_what_answers_are_at,
                   scripts_find_who_the_host_is,
                   the_toolstack_is_restarted_by_its_usual_name,
                   guests_are_stopped_before_services]))
