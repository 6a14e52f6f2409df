"""seeds.py DIR: one valid input per parser, for the fuzzer to start from."""

import os
import sys

SEEDS = {
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
    "ws": b"\4\x82\x85\1\2\3\4abcde\x89\x80\1\2\3\4\x88\x82\1\2\3\4\2\xea",
}

os.makedirs(sys.argv[1], exist_ok=True)
for name, data in SEEDS.items():
    with open(os.path.join(sys.argv[1], name), "wb") as f:
        f.write(data)
