"""Runs the foreign clients, each against a fresh xapi on the simulator, and has
a program in TypeScript checked against the generated types.

	run.py FOLDER-WITH-node_modules
"""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "scenario"))

from bench import PASSWORD, Bench  # noqa: E402


def node(program, modules):
    """Copied beside its modules: that is where node looks for them."""
    path = shutil.copy(os.path.join(HERE, program), modules)
    with Bench() as b:
        b.ready()
        return subprocess.run(
            ["node", path, "https://127.0.0.1:%d" % b.https, PASSWORD],
            stdin=subprocess.DEVNULL, timeout=300).returncode


def types(modules):
    for name in (os.path.join(HERE, "types.ts"), os.path.join(
            HERE, "../../build/gen/api/xenapi.d.ts")):
        shutil.copy(name, modules)
    rc = subprocess.run(
        ["node_modules/.bin/tsc", "--noEmit", "--strict", "--target",
         "es2022", "types.ts"], cwd=modules, timeout=300).returncode
    print("%s client typescript: the generated types" %
          ("FAIL" if rc else "PASS"))
    return rc


if __name__ == "__main__":
    sys.exit(node("xen_api.mjs", sys.argv[1]) | types(sys.argv[1]))
