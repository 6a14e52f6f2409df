"""The web console: its types, its units in node, and itself in Chromium over
xapi and the simulator.

	run.py TREE [NAME]      NAME: a pattern of names of tests in Chromium

The tests in Chromium are a program for node.  A line of it that begins with @
asks for something of the host: it is done, and answered by a line.
"""

import glob
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "scenario"))

from bench import PASSWORD, Bench  # noqa: E402

LIMIT_S = 400


def types(tree):
    done = subprocess.run(["node_modules/.bin/tsc"], cwd=tree, timeout=LIMIT_S,
                          capture_output=True, text=True)
    print("%s console types%s" % (
        "FAIL" if done.returncode else "PASS",
        done.returncode and ": " + done.stdout.replace("\n", " ")[:500] or ""))
    return done.returncode


def units(tree):
    subprocess.run(["node", "build.mjs", "tests", "units"], cwd=tree,
                   check=True, timeout=LIMIT_S)
    shutil.copy(os.path.join(HERE, "reporter.mjs"), tree)
    return subprocess.run(
        ["node", "--test", "--test-reporter=./reporter.mjs"] +
        sorted(glob.glob(os.path.join(tree, "units", "*.mjs"))),
        cwd=tree, timeout=LIMIT_S).returncode


def serve(b, program):
    """Does what the program asks for, and shows what else it says."""
    orders = {"kill": b.kill_xapi, "start": b.start_xapi}
    for line in program.stdout:
        if line.startswith("@"):
            orders[line[1:].strip()]()
            program.stdin.write("done\n")
            program.stdin.flush()
        else:
            print(line, end="", flush=True)
    return program.wait(LIMIT_S)


def browser(tree, names):
    shutil.rmtree(os.path.join(tree, "browser"), ignore_errors=True)
    shutil.copytree(HERE, os.path.join(tree, "browser"),
                    ignore=shutil.ignore_patterns("*.py", "*.mk"))
    with Bench() as b:
        b.ready()
        with subprocess.Popen(
                ["node", "browser/main.mjs",
                 "https://127.0.0.1:%d" % b.https, PASSWORD,
                 os.path.join(tree, "pictures"), *names], cwd=tree, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
            return serve(b, program)


if __name__ == "__main__":
    where, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    bad = 0 if wanted else types(where) or units(where)
    sys.exit(bool(browser(where, wanted) or bad))
