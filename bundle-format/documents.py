"""The documents of spec.md for verify.py, from the text of the clauses alone: strict JSON, and the shape that each must have."""
import base64, json, re
from datetime import datetime

class Refused(Exception):
    """Its arguments: the clause that is offended, and what was found."""

def need(good, clause, why):
    if not good: raise Refused(clause, str(why)[:200])

# What a value may be, where the text of the clauses asks more than a pattern.
def unbase64(text):  # BF-2.4; None for what is no strict base64
    try: return data if base64.b64encode(data := base64.b64decode(text, validate=True)).decode() == text else None
    except (TypeError, ValueError): return None

def is_base64(value): return unbase64(value) is not None

def is_time(value):  # BF-4.7
    try: return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").isoformat() + "Z" == value
    except (TypeError, ValueError): return False

def text(most, controls):  # BF-4.5
    return lambda it: type(it) is str and len(it.encode("utf-16-le", "replace")) <= 2 * most and not re.search(
        f"[{controls}\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]", it)

def anything(_): return True

RELEASE_NAME = "[a-z0-9][a-z0-9._-]{0,63}"

def is_name(it): return type(it) is str and re.fullmatch(RELEASE_NAME, it)

def by_name(fits):  # BF-3.17
    return lambda it: type(it) is dict and len(it) <= 256 and all(is_name(name) and fits(its) for name, its in it.items())

# The documents. A key is a member (? when it may be absent), and the clause that a wrong one offends where that is its own; *? lets
# other members be. A list is [item, least, most], a tuple null or something, a range an integer, text a pattern.
WHOLE, DIGEST, HEX, NAME = range(1, 2**53), "sha256:[0-9a-f]{64}", "[0-9a-f]{64}", "[0-9A-Za-z][0-9A-Za-z.%s+_-]{0,%d}"
PIN = {"mediaType": ".*", "digest": DIGEST, "size": WHOLE}
IMAGE = {**PIN, "mediaType": r"application/vnd\.(oci\.image\.manifest\.v1|docker\.distribution\.manifest\.v2)\+json"}
TREE = {"composefs": f"v1-sha256-12:{HEX}", "objectsSize": range(2**53),
        "image BF-4.6": {**PIN, "mediaType": r"application/vnd\.bootferry\.composefs\.v1(\+gzip|\+zstd)?"}}
TARGET = {"compatible": NAME % (",:", 127), "architecture": "[a-z0-9]{1,16}(/[a-z0-9]{1,8})?", "tree": (TREE,), "image BF-4.6": IMAGE,
          "devices": ([NAME % (":", 127), 1, 20000],), "apps": [{"name": NAME % (":/@", 254), "image BF-4.6": IMAGE}, 0, 256]}
STATEMENT = {"specVersion BF-4.3": "1", "name": RELEASE_NAME, "version": NAME % ("~", 63), "sequence": WHOLE,
             "createdAt BF-4.7": is_time, "expiresAt BF-4.7": (is_time,), "notes": text(16384, r"\x00-\x08\x0b-\x1f"),
             "targets": [TARGET, 1, 64], "requires": {"minSequence?": WHOLE, "minAgent?": r"[0-9]{1,6}(\.[0-9]{1,6}){2}"}}
KEY = {"keyId": HEX, "keyType": "ed25519", "publicKey": is_base64, "label": text(128, r"\x00-\x1f")}
ROLE = {"keyIds": [HEX, 1, 32], "threshold": range(1, 33)}
ROOT = {"specVersion BF-3.2": "1", "version": WHOLE, "createdAt BF-4.7": is_time, "expiresAt BF-4.7": (is_time,), "keys": [KEY, 1, 96],
        "roles": {"root": ROLE, "release": ROLE, "countersign?": ROLE}, "revokedKeys": [HEX, 0, 4096], "revokedReleases": [DIGEST, 0, 4096],
        "minSequences? BF-3.17": by_name(lambda it: type(it) is int and it in WHOLE), "downgrades? BF-3.17": [DIGEST, 0, 256],
        "successors? BF-3.17": by_name(lambda it: type(it) is list and 1 <= len(it) <= 16 and all(map(is_name, it)))}
ENVELOPE = {"payloadType": ".*", "payload BF-2.4": is_base64, "signatures": [{"keyid": HEX, "sig BF-2.4": is_base64}, 1, 32]}
LAYER = r"application/vnd\.(oci\.image\.layer\.v1\.tar(\+gzip|\+zstd)?|docker\.image\.rootfs\.diff\.tar(\.gzip|\.zstd)?)"
FOREIGN = {**PIN, "*?": anything, "size": range(2**53)}
INDEX = {"*?": anything, "schemaVersion BF-1.1": range(2, 3), "manifests": [anything, 0, 1024]}
ENTRY = {**FOREIGN, "artifactType?": ".*", "platform?": anything}
MANIFEST = {"*?": anything, "schemaVersion": range(2, 3), "artifactType?": ".*", "config": FOREIGN,
            "layers": [{**FOREIGN, "mediaType BF-5.6": LAYER}, 0, 512]}
ARTIFACT = {**MANIFEST, "layers": [{**FOREIGN, "mediaType": r"application/vnd\.dsse\.envelope\.v1\+json"}, 1, 1]}
PACK = {**MANIFEST, "artifactType": r"application/vnd\.bootferry\.objects\.v1", "subject": FOREIGN, "layers": [FOREIGN, 1, 321]}
PACK_LAYERS = r"application/vnd\.bootferry\.objects\.list\.v1( application/vnd\.bootferry\.objects\.content\.v1\+zstd)*"
BASE = f"base {RELEASE_NAME} {NAME % ('~', 63)} [1-9][0-9]{{0,15}} {DIGEST} (?:v1-sha256-12:{HEX}|-)\n"
OBJECT = f"{HEX} [1-9][0-9]{{0,15}}\n"
CONFIG = {"*?": anything, "os": "linux", "architecture": ".*", "rootfs": {"*?": anything, "diff_ids": [DIGEST, 0, 512]}}

def conform(value, shape, clause, unknown=None):  # gives the value back when it has the shape
    if callable(shape): need(shape(value), clause, value)
    elif type(shape) is str: need(type(value) is str and re.fullmatch(shape, value, re.S), clause, value)
    elif type(shape) is range: need(type(value) is int and value in shape, clause, value)
    elif type(shape) is tuple: value is None or conform(value, shape[0], clause, unknown)
    elif type(shape) is list:
        need(type(value) is list and shape[1] <= len(value) <= shape[2], clause, f"not {shape[1]} to {shape[2]} items")
        for item in value: conform(item, shape[0], clause, unknown)
    else:
        need(type(value) is dict, clause, value)
        for key, part in shape.items():
            name, its_clause = key.split()[0].strip("?"), (key.split() + [clause])[1]
            need(name in value or "?" in key, its_clause, f"no {name}")
            if name in value: conform(value[name], part, its_clause, unknown)
        others = set(value) - {key.split()[0].strip("?") for key in shape}
        need("*?" in shape or not others, unknown or clause, f"other members: {others}")
    return value

def parse(data, clause="BF-1.8", limit=4 << 20, depth=32):
    def distinct(pairs): need(len(dict(pairs)) == len(pairs), clause, "two equal keys"); return dict(pairs)
    def number(digits): return int(float(digits)) if float(digits).is_integer() else float(digits)  # 42.0 says the same as 42: BF-4.2
    need(len(data) <= limit, clause, f"over {limit} bytes")
    try:
        plain, level = data.decode("utf-8"), 0
        for mark in re.findall(r"[][{}]", re.sub(r'"(?:[^"\\]|\\.)*+"?', "", plain, flags=re.S)):  # before a parser that recurses
            need((level := level + (1 if mark in "[{" else -1)) <= depth, clause, f"over {depth} levels")
        return json.loads(plain, object_pairs_hook=distinct, parse_int=number, parse_float=number,
                          parse_constant=lambda name: need(False, clause, name))
    except ValueError as error: raise Refused(clause, str(error))

