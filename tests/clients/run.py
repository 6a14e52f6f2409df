"""Runs the foreign clients, each against a fresh xapi on the simulator.

	run.py FOLDER-WITH-node_modules
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "scenario"))

from bench import PASSWORD, Bench  # noqa: E402


def node(program, modules):
    """Copied beside its modules: that is where node looks for them."""
    path = os.path.join(modules, program)
    with open(os.path.join(HERE, program)) as f, open(path, "w") as out:
        out.write(f.read())
    with Bench() as b:
        b.ready()
        return subprocess.run(
            ["node", path, "https://127.0.0.1:%d" % b.https, PASSWORD],
            stdin=subprocess.DEVNULL, timeout=300).returncode


if __name__ == "__main__":
    sys.exit(node("xen_api.mjs", sys.argv[1]))
