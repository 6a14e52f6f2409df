"""What tests of the appliance say when something is not as it has to be."""

import time

import appliance
from api import Refused
from appliance import Failed


def check(ok, text):
    if not ok:
        raise Failed(text)


def refused(api, code, method, *args):
    """The call must fail with this error."""
    try:
        api.raw(method, *args)
    except Refused as e:
        check(e.code == code, "%s: %s instead of %s" % (
            method, e.args[0], code))
        return e.args[0]
    raise Failed("%s was not refused" % method)


def until(what, predicate, limit_s=300):
    deadline = time.monotonic() + limit_s * appliance.PATIENCE
    while not predicate():
        if time.monotonic() > deadline:
            raise TimeoutError("waited too long for " + what)
        time.sleep(0.5)
