"""seeds.py CORPUS: writes the kept corpus of each fuzzer, CORPUS/<target>/:
valid inputs for it to start from, and what once broke something.  That of the
database is written by its own fuzzer, which knows the format."""

import hashlib
import pathlib
import struct
import sys
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
UUID = "11111111-2222-4333-8444-%012d"

PARSERS = {
    "xml": b"\0<?xml version='1.0'?><methodCall><methodName>VM.create"
           b"</methodName><params><param><value>x</value></param><param>"
           b"<value><struct><member><name>name_label</name><value>a&amp;b"
           b"</value></member><member><name>tags</name><value><array><data>"
           b"<value><string>t</string></value></data></array></value></member>"
           b"<member><name>VCPUs_max</name><value><int>2</int></value>"
           b"</member><member><name>is_a_template</name><value><boolean>1"
           b"</boolean></value></member><member><name>snapshot_time</name>"
           b"<value><dateTime.iso8601>20200101T00:00:00Z</dateTime.iso8601>"
           b"</value></member></struct></value></param><param><value><nil/>"
           b"</value></param><param><value><double>1.5</double></value>"
           b"</param></params></methodCall>",
    "json": b'\1{"jsonrpc":"2.0","id":1,"method":"VM.create","params":["x",'
            b'{"name_label":"a\\u00e4","tags":["t"],"VCPUs_max":"2",'
            b'"other_config":{"k":"v"},"is_a_template":true},null,1.5e3]}',
    "head": b"\2PUT /import_raw_vdi?vdi=%4F&a=b+c HTTP/1.1\r\nHost: x\r\n"
            b"Cookie: session_id=s; b=c&d=e\r\nContent-Length: 12\r\n"
            b"Authorization: Basic cm9vdDpzZWNyZXQ=\r\n"
            b"Expect: 100-continue\r\nConnection: x, close\r\n\r\n",
    "where": b'\3not (field "name__label" = "x\\"y" or field "tags"="()") '
             b'and tags<>[] or true',
    "cli": b"\5session_id=OpaqueRef:NULL\nvm-list\n--multiple\n"
           b"params=uuid,name-label\n-u\nroot\nother-config:k=a=b\n",
    "rrd": b"\6start=-10&interval=60&cf=AVERAGE&host=true&json&vm_uuid="
           b"11111111-2222-4333-8444-555555555555&sr_uuid=%41\n"
           b"text/xml;q=0.5, application/json;q=0.9, */*;q=0",
    "pem": b"\7"
           b"-----BEGIN CERTIFICATE-----\n"
           b"MIIBcDCCARWgAwIBAgIUey5cxJMSXqBMC+pkI6ZT43QAJncwCgYIKoZIzj0EAwIw\n"
           b"DDEKMAgGA1UEAwwBYTAgFw0yNjExMjgxNzEyNTNaGA8yMTI2MTEwNDE3MTI1M1ow\n"
           b"DDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAuEtHSZA8gB\n"
           b"7tq9Dl1FbgSsbsa1vFLOWUZFPsByAFFl94EE5xhmm7YiCKBENadIoc8s+OT3EVrG\n"
           b"+5pAOE0IwLWjUzBRMB0GA1UdDgQWBBSJAZiM80fUer/mwcujYAgQRFNCOjAfBgNV\n"
           b"HSMEGDAWgBSJAZiM80fUer/mwcujYAgQRFNCOjAPBgNVHRMBAf8EBTADAQH/MAoG\n"
           b"CCqGSM49BAMCA0kAMEYCIQCE+bfGvFZNYV8jdY1ZhDyY/3u8cqaPIfFCBX2nvxAc\n"
           b"dgIhAMqVlNUBeeaH8aaai10vZoNi6hvajwv7KOdp8wFBvxIq\n"
           b"-----END CERTIFICATE-----\n"
           b"-----BEGIN X509 CRL-----\n"
           b"MIGmME0CAQEwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYRcNMjYxMTI4MTcxMjUz\n"
           b"WhgPMjEyNjExMDQxNzEyNTNaoA4wDDAKBgNVHRQEAwIBATAKBggqhkjOPQQDAgNJ\n"
           b"ADBGAiEA1rqiXmFGoSHqQSUDywINpjKrNgJOUcY/eg4N1572jZQCIQCsfQchzkvJ\n"
           b"gclHtqayPdNG3ie9m0p/TjL/eORjDeBo4Q==\n"
           b"-----END X509 CRL-----\n",
    "ws": b"\4\x82\x85\1\2\3\4abcde\x89\x80\1\2\3\4\x88\x82\1\2\3\4\2\xea",
}

DISKS_XML = {
    "two": b'<provision><disk device="0" size="8589934592" sr="" '
           b'bootable="true" type="system"/>\n<disk device="1" size="1" '
           b'sr="11111111-2222-4333-8444-555555555555" bootable="false" '
           b'type="user"/></provision>',
    "none": b"<?xml version='1.0'?><provision><!-- none --></provision>",
    "entity": b'<!DOCTYPE p [<!ENTITY e "8">]><provision><disk device="0" '
              b'size="&e;"/></provision>',
}

ANSWERS = {
    "scripts": b'<installation><primary-disk wipe="yes">S3Z9</primary-disk>'
               b'<script stage="installation-start" type="url" cert="sha256:'
               + b"0a" * 32 + b'" digest="sha256:' + b"0b" * 32 +
               b'">https://192.0.2.1/a</script>'
               b'<script stage="filesystem-populated" type="local">'
               b"file:///b.sh</script><report>http://192.0.2.1/c</report>"
               b"</installation>",
    "static": b'<?xml version="1.0"?>\n<installation>\n<root-password type='
              b'"hash">$6$saltsalt$' + b"x" * 86 + b"</root-password>"
              b"<hostname>host1.example.org</hostname>"
              b'<admin-interface name="eth0" vlan="100" proto="static">'
              b"<ip>192.0.2.10</ip><subnet-mask>255.255.255.0</subnet-mask>"
              b"<gateway>192.0.2.1</gateway></admin-interface>"
              b"<name-server>192.0.2.1</name-server>"
              b"<nameserver>192.0.2.2</nameserver>"
              b"<ntp-server>ntp.example.org</ntp-server></installation>",
    "dhcp": b'<installation mode="fresh" srtype="lvm"><primary-disk>sda'
            b"</primary-disk><keymap>de</keymap>"
            b'<root-password type="plaintext">secret1</root-password>'
            b'<source type="url">http://192.0.2.1/</source>'
            b'<admin-interface name="00:16:3e:00:00:01" proto="dhcp" '
            b'vlan="100"/><timezone>Europe/Berlin</timezone></installation>',
    "none": b'<answerfile><root-password type="hash">!!</root-password>'
            b'<admin-interface name="eth0" proto="none" protov6="static">'
            b"<ipv6>2001:db8::1/64</ipv6></admin-interface></answerfile>",
}

LVM_TAGS = {
    "all": b"n0:web=20server,d0:=c3=a4 first,d1:second,p0:11111111-2222-4333-"
           b"8444-555555555555,r0:1",
    "text": "a näme with | , = : and \U0001f600".encode(),
    "cut": b"n0:a=,x,n1:=4,d0:,d0:=c3",
    "long": b"d0:" + b"=c3=a4" * 160 + b",d1:" + b"=e2=82=ac" * 110,
}

LVM_LIST = {
    "thin": "".join(
        "  %s|%d|12.34||active|%s|%d|Ab3xYz-0000-1111-2222-3333-4444-GHIJkl|"
        "Cd3xYz-0000-1111-2222-3333-4444-GHIJkl|34074624|n0:disk=20%d,r0:1\n"
        % (UUID % i, i << 30, i % 2 * "open", i, i)
        for i in range(1, 4)).encode() +
            b"  pool|107374182400|50.00|1.25|active|open||Ef3xYz-0000|"
            b"Cd3xYz-0000|34074624|\n",
    "linear": ("%s|4194304||||unknown||u|v|0|\n" % (UUID % 9)).encode(),
    "broken": b"||||||||||\n\n  pool|x|y|z\n" +
              ("%s|-1|nan|inf|active|x|-1|||-1|\n" % (UUID % 8)).encode(),
}


# -- the binary form of base/codec.h ----------------------------------------

def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def counted(value):
    value = value.encode() if isinstance(value, str) else value
    return varint(len(value)) + value


def record(fields):
    """Fields by tag: an int, a text, or bytes that are encoded already."""
    out = b""
    for tag, value in sorted(fields.items()):
        if isinstance(value, bool):
            out += varint(tag << 3) + varint(value)
        elif isinstance(value, int):
            out += varint(tag << 3) + varint(value << 1)
        else:
            out += varint(tag << 3 | 2) + counted(value)
    return out


def messages():
    """Message name: its number, which is its place."""
    top = ET.parse(ROOT / "ui-protocol/xenops.xml").getroot()
    names = [e.get("name") for kind in ("request", "event")
             for e in top.iter(kind)]
    return {name: n for n, name in enumerate(names)}


def bodies():
    disks = [record({1: UUID % i, 2: i, 5: i == 0, 6: UUID % 50,
                     7: UUID % (60 + i)}) for i in range(2)]
    nic = record({1: UUID % 70, 2: 0, 3: "00:16:3e:00:00:01", 4: "xapi0",
                  5: 1500})
    vm = record({
        1: UUID % 1, 2: "a machine", 3: 1, 4: 1 << 30, 5: 1 << 29, 6: 4, 7: 2,
        8: 256, 9: 0, 10: 1, 11: "vmlinuz", 12: "initrd", 13: "quiet",
        14: b"".join(map(counted, disks)), 15: counted(nic),
        16: counted("vm-data/k") + counted("v"), 17: 1, 18: 2, 19: 1})
    vdi = record({1: UUID % 60, 2: "name", 3: "text", 4: 1 << 30, 6: True})
    return {
        "hello": record({1: 1}),
        "host_get": b"",
        "vm_start": record({1: vm, 2: True}),
        "vm_shutdown": record({1: UUID % 1, 2: True, 3: 60}),
        "vm_pause": record({1: UUID % 1}),
        "vbd_plug": record({1: UUID % 1, 2: disks[1]}),
        "vif_plug": record({1: UUID % 1, 2: nic}),
        "console_open": record({1: UUID % 1}),
        "vdi_create": record({1: UUID % 50, 2: vdi}),
        "vdi_open": record({1: UUID % 50, 2: UUID % 60, 3: True}),
    }


def requests():
    number = messages()
    return {name: number[name].to_bytes(2, "little") + body
            for name, body in bodies().items()}


def frame(message, body, ident, kind=0, fds=0):
    return (len(body).to_bytes(4, "little") + ident.to_bytes(4, "little") +
            message.to_bytes(2, "little") + bytes([kind, fds]) + bytes(4) +
            body)


def channels():
    number, body = messages(), bodies()

    def ask(name, ident):
        return frame(number[name], body[name], ident)

    cancel = frame(0, b"", 7, kind=4)
    whole, hello = 7, 8
    return {
        "calls": bytes([whole | hello]) + ask("host_get", 1) +
                 ask("vm_start", 2) + ask("console_open", 3) +
                 ask("vif_plug", 4),
        "bytes": bytes([hello]) + ask("host_get", 1) + ask("console_open", 2),
        "cancel": bytes([whole | hello]) + ask("vm_pause", 7) + cancel +
                  cancel,
        "strange": bytes([3]) + ask("hello", 1) + ask("vm_pause", 7) +
                   frame(0xffff, b"", 1),
        "rude": bytes([whole]) + ask("host_get", 1),
        "fds": bytes([whole | hello | 4 << 4]) +
               frame(number["host_get"], b"", 1, fds=4),
        "too-many-fds": bytes([whole | hello | 7 << 4]) +
                        frame(number["host_get"], b"", 1),
        "no-fds": bytes([whole | hello]) +
                  frame(number["host_get"], b"", 1, fds=4),
    }


# An update's header for two MiB and a byte, signed by nobody.
UPDATE = {
    "head": struct.pack("<16sI32s16s16s32sQQ", b"BEDPLATE UPDATE\n", 1,
                        bytes(range(32)), b"bedplate", b"x86_64", b"0.1",
                        1764270000, (2 << 20) + 1) + bytes(3 * 32 + 64),
}


ABOUT = (b"name=hello\nvendor=example\nuuid=" + (UUID % 1).encode() +
         b"\ndescription=Says hello\nlimit=60\n")


def pack_file(name, text):
    return struct.pack("<64sQ", name, len(text)) + text


PACK = {
    "files": b"\0" + pack_file(b"about", ABOUT) +
             pack_file(b"extensions/a.b", b"") + pack_file(b"lib/x", b"y") +
             pack_file(b"plugins/hello", b"#!/bin/sh\n"),
    "about": b"\1" + ABOUT + b"version=1\nsigner=me\nbuilt=5\nsize=7\n",
    "head": b"\2" + struct.pack("<16sI32s16s16s32sQQ", b"BEDPLATE PACK  \n",
                                1, bytes(range(32)), b"bedplate", b"any",
                                b"0.1", 1764270000, 77) + bytes(32 + 64),
}

PLUGIN = {
    "success": b"<?xml version='1.0'?><methodResponse><params><param><value>"
               b"<struct><member><name>Status</name><value>Success</value>"
               b"</member><member><name>Value</name><value><array><data>"
               b"<value><i4>5</i4></value><value><double>1.5</double></value>"
               b"<value><boolean>1</boolean></value><value><nil/></value>"
               b"</data></array></value></member></struct></value></param>"
               b"</params></methodResponse>",
    "fault": b"<methodResponse><fault><value><struct><member><name>faultCode"
             b"</name><value><int>7</int></value></member><member><name>"
             b"faultString</name><value>a&amp;b</value></member></struct>"
             b"</value></fault></methodResponse>",
}


def backup():
    """A backup of two files."""
    data = b"BEDPLATE BACKUP\n" + struct.pack("<Q", 1)
    total = hashlib.sha256(bytes(32) + data).digest()
    for name, text in ((b"hostname", b"bed\n"), (b"timezone", b"UTC\n"),
                       (b"", b"")):
        head = struct.pack("<32sQ", name, len(text))
        for piece in (head, text) if text else (head,):
            total = hashlib.sha256(total + piece).digest()
        data += head + text
    return {"two": data + total}


def rfb():
    """How much is the viewer's, in 255 parts; that, and what is printed."""
    hello, ask = b"RFB 003.008\n\1\1", b"\3\0\0\0\0\0\2\x80\1\x90"
    zrle = b"\2\0\0\2\0\0\0\x10\0\0\0\0"
    pixels = b"\0\0\0\0\x10\x10\1\1\0\x1f\0\x3f\0\x1f\x0b\5\0\0\0\0"
    rest = (b"\4\1\0\0\0\0\xff\x0d\5\1\0\1\0\1" +
            b"\6\0\0\0\0\0\0\3abc")
    text = b"\x1b[31;44mred\x1b[0m\r\n\x1b[5;9H\xc3\xa4\x1b[6n\x1b[?1049h"

    def both(sent, printed):
        n = len(sent) + len(printed)
        return bytes([-(-255 * len(sent) // n)]) + sent + printed
    return {"raw": both(hello + ask, text),
            "zrle": both(hello + zrle + ask, text),
            "all": both(hello + pixels + rest + ask, text),
            "old": both(b"RFB 003.003\n\0" + ask, b"x"),
            "text": b"\0" + text,
            "repeats": b"\0-\x1b[b\xcc\x81\x1b[99b",
            "arguments": b"\0\x1b[" + b";" * 40 + b"m\x1b[1:2:3m"}


def summed(raw, at):
    """With VHD's checksum in its place."""
    raw = bytearray(raw)
    struct.pack_into(">I", raw, at, ~sum(raw) & 0xffffffff)
    return bytes(raw)


def vhd():
    """A disk of 16 KiB, its second block of 4 KiB alone."""
    def footer(kind, at):
        return summed(struct.pack(">8sIIQI4sIIQQHBBII16s", b"conectix", 2,
                                  0x10000, at, 0, b"qemu", 0, 0, 1 << 14,
                                  1 << 14, 30, 1, 17, kind, 0, b"u" * 16
                                  ).ljust(512, b"\0"), 64)

    header = summed(struct.pack(">8sQQIII", b"cxsparse", (1 << 64) - 1, 1536,
                                0x10000, 4, 1 << 12).ljust(1024, b"\0"), 36)
    table = struct.pack(">4I", 0xffffffff, 4, 0xffffffff, 0xffffffff
                        ).ljust(512, b"\xff")
    dynamic = footer(3, 512)
    return {"dynamic": dynamic + header + table +
            b"\xf0".ljust(512, b"\0") + b"x" * (1 << 12) + dynamic,
            "empty": dynamic + header + b"\xff" * 512 + dynamic,
            "differencing": footer(4, 512) + header + b"\xff" * 512,
            "fixed": b"\0" * (1 << 14) + footer(2, (1 << 64) - 1)}


def qcow2():
    """A disk of 4 KiB in clusters of 512 bytes, the first and the last there."""
    def image(l1, l2, first, last):
        part = {0: struct.pack(">4sIQIIQIIQQIIQQQQII", b"QFI\xfb", 3, 0, 0, 9,
                               4096, 0, 1, l1 * 512, 0, 0, 0, 0, 0, 0, 0, 4,
                               104),
                l1: struct.pack(">Q", l2 * 512),
                l2: struct.pack(">8Q", first * 512, 0, 0, 1, 0, 0, 0,
                                last * 512),
                first: b"a" * 512, last: b"b" * 512}
        return b"".join(part[i].ljust(512, b"\0") for i in range(5))

    return {"in-order": image(1, 2, 3, 4), "data-first": image(4, 3, 2, 1)}


def main():
    corpus = pathlib.Path(sys.argv[1])
    seeds = {"parsers": PARSERS, "disks_xml": DISKS_XML, "answers": ANSWERS,
             "update": UPDATE, "pack": PACK, "plugin": PLUGIN, "backup": backup(),
             "rfb": rfb(), "vhd": vhd(), "qcow2": qcow2(),
             "lvm_tags": LVM_TAGS, "lvm_list": LVM_LIST,
             "request": requests(), "channel": channels()}
    for target, files in seeds.items():
        folder = corpus / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
