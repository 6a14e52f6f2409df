"""cluster.py PROGRAM SECONDS [SEED]: three members of a pool as processes on
loopback, killed with -9 (some with a torn log), stopped and out of disk space
at random while clients write through all of them; with the program seat each is
two processes, a poold and what stands for xapi, which are also killed and
stopped alone.  At the end: what was
acknowledged is on every member, what was refused on none, nothing twice, each
member's writes are acknowledged, whoever leads, and all are equal;
and so when a fourth has joined and when another has left.  Prints PASS or FAIL
lines.  Mounts a small disk for each: run it in a mount namespace of its own
(unshare -rm)."""

import contextlib
import errno
import glob
import os
import queue
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

WAIT_S = 300
BLOCK = 4096
DISK = "size=64m"       # raft allocates some segments of 8 MiB in advance


def free_ports(n):
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.socket()) for _ in range(n)]
        for s in socks:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in socks]


class Member:
    """A process; its answers to writes go to results, others to answers."""

    def __init__(self, program, top, number, arguments, results):
        self.number = number
        self.dir = os.path.join(top, str(number))
        self.log_path = self.dir + ".log"
        self.command = [program, self.dir] + arguments
        self.results = results
        self.pending = set()    # writes sent to this process, no answer yet
        self.process = None
        self.stopped = False
        os.makedirs(self.dir)

    def pin(self):
        """Of its certificate, which it makes if there is none."""
        out = subprocess.run(self.command[:2] + ["pin"], check=True,
                             stdout=subprocess.PIPE)
        return out.stdout.decode().strip()

    def start(self):
        self.answers = queue.Queue()
        self.pending = set()
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.log, bufsize=0)
        self.stopped = False
        threading.Thread(target=self._read, daemon=True, args=(
            self.process, self.answers, self.pending)).start()
        return self

    def _read(self, process, answers, pending):
        for line in process.stdout:
            words = line.decode().split()
            if words and words[0] == "put":
                self.results[int(words[1])] = words[2]
                pending.discard(int(words[1]))
            else:
                answers.put(words)
        answers.put(None)

    def send(self, text):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(text.encode() + b"\n")

    def ask(self, text, timeout=WAIT_S):
        """The answer's words, or None if there is none."""
        self.send(text)
        word = text.split()[0]
        word = {"add": "begun", "remove": "begun", "transfer": "begun",
                "make": "made"}.get(word, word)
        end = time.monotonic() + timeout
        while True:
            try:
                words = self.answers.get(
                    timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                return None
            if words is None or words[0] == word:
                return words

    def running(self):
        return self.process is not None and self.process.poll() is None

    def mount(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", DISK, "member",
                        self.dir], check=True)

    @property
    def _ballast(self):
        return os.path.join(self.dir, "ballast")

    def full(self):
        return os.path.exists(self._ballast)

    def fill_disk(self):
        with open(self._ballast, "wb", buffering=0) as f, \
                contextlib.suppress(OSError):
            while f.write(bytes(65536)) == 65536:
                pass

    def free_disk(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._ballast)

    def hurt_half(self, rng):
        """Of a member that is two processes; False: it is one."""
        return False

    def tear(self):
        """What a power cut may leave of a write that was not synced: in the
        segment that is written to, a later block without those before it."""
        written, end = None, 0
        for path in sorted(glob.glob(self.dir + "/raft/open-*"),
                           key=lambda p: int(p.rsplit("-", 1)[1])):
            with open(path, "rb") as f:
                used = len(f.read().rstrip(b"\0"))
            if used or not written:
                written, end = path, used
        if written:
            with open(written, "r+b") as f:
                f.seek((end // BLOCK + 2) * BLOCK)
                f.write(os.urandom(100))

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)
        self.stopped = True

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)
        self.stopped = False

    def end(self):
        if self.running():
            self.go_on()
            self.process.stdin.close()
            try:
                self.process.wait(WAIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                return False
            return self.process.returncode == 0
        return True


class Seat(Member):
    """A member whose log is a process of its own, started again when it ends,
    as a supervisor does."""

    poold = None
    held = True

    def pin(self):
        member = os.path.join(os.path.dirname(self.command[0]), "member")
        out = subprocess.run([member, self.dir, "pin"], check=True,
                             stdout=subprocess.PIPE)
        return out.stdout.decode().strip()

    def start(self):
        if self.held:
            self.held = False
            self.supervisor = threading.Thread(target=self._supervise,
                                               daemon=True)
            self.supervisor.start()
        return super().start()

    def _supervise(self):
        program = os.path.join(os.path.dirname(self.command[0]), "..", "..",
                               "host", "poold")
        command = [program, "--dir", self.dir, "--socket",
                   self.dir + "/poold.sock"]
        while not self.held:
            with open(self.dir + ".poold.log", "ab") as log:
                self.poold = subprocess.Popen(command, stderr=log)
                self.poold.wait()
            time.sleep(0.02)

    def _end_poold(self, number):
        self.held = True
        while self.supervisor.is_alive():
            if self.poold:
                self.poold.send_signal(number)
            self.supervisor.join(0.05)

    def kill(self):
        self._end_poold(signal.SIGKILL)
        super().kill()

    def hurt_half(self, rng):
        if self.held or not self.running() or self.stopped or self.full() or \
                rng.random() < 0.5:
            return False
        what = rng.choice(["kill poold", "stop poold", "kill xapi"])
        if what == "kill xapi":
            super().kill()
            self.start()
        elif what == "kill poold":
            self.poold.kill()
        else:
            poold = self.poold
            poold.send_signal(signal.SIGSTOP)
            threading.Timer(rng.uniform(0.1, 6), poold.send_signal,
                            [signal.SIGCONT]).start()
        return True

    def end(self):
        clean = super().end()
        self._end_poold(signal.SIGKILL)
        return clean


class Cluster:
    def __init__(self, program, n=3, small_disks=False, how="make"):
        self.program = program
        self.small_disks = small_disks
        self.top = tempfile.mkdtemp(prefix="raft-")
        self.results = {}
        self.sent = 0
        self.members = []
        for port in free_ports(n):
            self._add(port, how)
        for m in self.members:
            m.command += [o.peer for o in self.members if o is not m]
            m.start()

    def _add(self, port, how):
        number = len(self.members) + 1
        address = f"127.0.0.1:{port}"
        kind = Seat if os.path.basename(self.program) == "seat" else Member
        m = kind(self.program, self.top, number,
                 [str(number), address, how], self.results)
        self.members.append(m)
        if self.small_disks:
            m.mount()
        m.peer = f"{number}={address}={m.pin()}"
        return m

    def _introduce(self, m):
        """The others learn who m is, and keep it when they start again."""
        for o in self.members:
            if o is not m:
                m.command.append(o.peer)
                o.command.append(m.peer)
                assert o.ask(f"peer {m.peer}") == ["peer", "0"]

    def join(self):
        """A further member, asked for until it has a vote: a leader that is
        lost may have added it in half."""
        end = time.monotonic() + WAIT_S
        m = self._add(free_ports(1)[0], "join")
        self._introduce(m)
        m.start()
        while self.leader().ask(f"add {m.number}") != \
                ["begun", str(-errno.EEXIST)]:
            if time.monotonic() > end:
                raise TimeoutError("a member that joins gets no vote")
            time.sleep(0.05)
        self.put_done()
        self.settle()

    def make(self):
        """The first, which was alone, makes a pool of what it has."""
        m = self.members[0]
        assert m.ask("make") == ["made"]
        m.command[m.command.index("alone")] = "make"

    def leave(self):
        """One of them, not the leader, leaves; it is ended."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            leader = self.leader()
            m = next(m for m in self.members if m is not leader)
            words = leader.ask(f"remove {m.number}")
            if words and words[1] == "0":
                self.put_done()
                self.members.remove(m)
                assert m.end(), f"member {m.number} did not end by itself"
                return
            time.sleep(0.05)            # the last change is not through
        raise TimeoutError("no member may leave")

    def leader(self, timeout=WAIT_S):
        """Waits until a member leads."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            for m in self.members:
                if m.running() and not m.stopped:
                    s = m.ask("status", 5)
                    if s and s[1] == "1":
                        return m
            time.sleep(0.02)
        raise TimeoutError("no member leads")

    def put(self, member, command="put"):
        self.sent += 1
        member.pending.add(self.sent)
        member.send(f"{command} {self.sent}")
        return self.sent

    def put_done(self, member=None, timeout=WAIT_S):
        """Writes at that member or at the leader, again if need be, until a
        write is acknowledged."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            n = self.put(member or self.leader())
            while n not in self.results and time.monotonic() < end:
                time.sleep(0.005)
            if self.results.get(n) == "done":
                return
        raise TimeoutError("no write is acknowledged")

    def settle(self, timeout=WAIT_S):
        """Waits until every write has its answer and all members have applied
        the same: what is compared then stands still."""
        end = time.monotonic() + timeout
        seen = None
        while any(m.pending for m in self.members):
            if time.monotonic() > end:
                raise TimeoutError("writes get no answer")
            time.sleep(0.01)
        while time.monotonic() < end:
            seen = [m.ask("status", 10) for m in self.members]
            if all(seen) and len({tuple(s[3:]) for s in seen}) == 1:
                return
            time.sleep(0.05)
        raise TimeoutError(f"members differ: {seen}")

    def close(self, keep=False):
        clean = [m.end() for m in self.members]
        if keep or not all(clean):
            for m in self.members:
                print(f"---- member {m.number} ended with "
                      f"{m.process.returncode}")
                with open(m.log_path, "rb") as f:
                    print(f"---- {m.log_path}")
                    print(f.read()[-4000:].decode(errors="replace"))
        if self.small_disks:
            subprocess.run(["umount"] + [
                e.path for e in os.scandir(self.top) if e.is_dir()],
                check=True)
        shutil.rmtree(self.top, ignore_errors=True)
        return all(clean)


def fault(cluster, rng):
    m = rng.choice(cluster.members)
    if m.hurt_half(rng):
        return
    if m.full():
        m.free_disk()
    elif not m.running():
        m.start()
    elif m.stopped:
        m.go_on()
    elif rng.random() < 0.25:
        m.fill_disk()
    elif rng.random() < 0.5:
        m.kill()
        if rng.random() < 0.5:
            m.tear()
    elif rng.random() < 0.7:
        m.stop()
    else:
        m.send("transfer 0")


def storm(cluster, seconds, rng):
    end = time.monotonic() + seconds
    faults = 0
    next_fault = 0
    while time.monotonic() < end:
        now = time.monotonic()
        if now >= next_fault:
            fault(cluster, rng)
            faults += 1
            next_fault = now + rng.uniform(0.05, 1.5)
        for m in cluster.members:
            if m.running() and not m.stopped:
                cluster.put(m)
                if rng.random() < 0.1:
                    cluster.put(m, "box")
        time.sleep(rng.uniform(0.001, 0.01))
    return faults


def heal(cluster):
    end = time.monotonic() + WAIT_S
    for m in cluster.members:
        m.free_disk()
        if m.running():
            m.go_on()
    # one that had no room may have been about to stop
    while not all([m.running() and m.ask("status") for m in cluster.members]):
        if time.monotonic() > end:
            raise TimeoutError("a member does not come back")
        for m in cluster.members:
            if not m.running():
                m.start()
    for m in cluster.members:
        cluster.put_done(m)
    cluster.settle()


def forget_start(cluster):
    """Writes until the leader's log no longer goes back to its start, so that
    who joins gets a snapshot."""
    end = time.monotonic() + WAIT_S
    while not glob.glob(cluster.leader().dir + "/raft/snapshot-*[0-9]"):
        if time.monotonic() > end:
            raise TimeoutError("the leader makes no snapshot")
        cluster.put_done()


def forget_remains(cluster):
    """What raft moved aside at an earlier start goes at the next."""
    m = cluster.members[0]
    remains = m.dir + "/raft/corrupt-1-open-1"
    m.kill()
    with open(remains, "wb") as f:
        f.write(b"torn")
    m.start()
    cluster.put_done()
    cluster.settle()
    assert not os.path.exists(remains), "torn remains are kept"


def check(cluster):
    """When it has settled."""
    have = {}
    for m in cluster.members:
        *tags, weight = [int(w) for w in m.ask("dump")[1:]]
        assert len(tags) == weight, \
            f"member {m.number}: {len(tags)} writes, {weight} times"
        have[m.number] = set(tags)
    for n in range(1, cluster.sent + 1):
        result = cluster.results.get(n, "unknown")
        on = [number for number, tags in have.items() if n in tags]
        if result == "done":
            assert len(on) == len(have), \
                f"write {n} of {cluster.sent} is lost, but on {on}"
        elif result == "refused":
            assert not on, \
                f"refused write {n} of {cluster.sent} is on {on}"


def come_back(cluster, m):
    """When it says that it is current, it has all that was acknowledged while
    it was away."""
    end = time.monotonic() + WAIT_S
    done = {n for n, r in list(cluster.results.items()) if r == "done"}
    m.start()
    while m.ask("current") != ["current", "1"]:
        if time.monotonic() > end:
            raise TimeoutError("a member does not become current")
        time.sleep(0.01)
    tags = {int(w) for w in m.ask("dump")[1:-1]}
    assert done <= tags, f"current without {sorted(done - tags)}"


def grow(program):
    """A host alone, with what it has, becomes a pool of three; then the first
    of them is lost, and comes back."""
    cluster = Cluster(program, n=1, how="alone")
    m = cluster.members[0]
    for _ in range(20):
        cluster.put(m)
    while len(cluster.results) < 20:
        time.sleep(0.01)
    cluster.make()
    cluster.put_done()
    cluster.join()
    cluster.join()
    m.kill()
    for o in cluster.members[1:]:
        cluster.put_done(o)
    come_back(cluster, m)
    cluster.put_done(m)
    cluster.settle()
    check(cluster)
    cluster.close()


def main():
    seconds = float(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else \
        random.SystemRandom().randrange(10 ** 6)
    rng = random.Random(seed)
    name = f"raft: three processes of {os.path.basename(sys.argv[1])}, " \
        f"killed, stopped and without room (seed {seed})"
    cluster = Cluster(sys.argv[1], small_disks=True)
    ok = False
    try:
        cluster.put_done()
        faults = storm(cluster, seconds, rng)
        heal(cluster)
        check(cluster)
        if isinstance(cluster.members[0], Seat):
            forget_remains(cluster)
            grow(sys.argv[1])
        forget_start(cluster)
        cluster.join()
        check(cluster)
        cluster.leave()
        cluster.settle()
        check(cluster)
        ok = True
    except (AssertionError, TimeoutError, TypeError) as e:
        print(f"FAIL {name}: {e!r}")
    done = list(cluster.results.values()).count("done")
    clean = cluster.close(keep=not ok)
    if ok and not clean:
        print(f"FAIL {name}: a member did not end by itself")
    elif ok:
        print(f"PASS {name}: {faults} faults, {cluster.sent} writes, "
              f"{done} acknowledged")
    return 0 if ok and clean else 1


if __name__ == "__main__":
    sys.exit(main())
