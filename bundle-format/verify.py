#!/usr/bin/env python3
"""Verifies the releases on a medium from the text of spec.md alone, with Python's standard library (3.11) and `openssl`.

    verify.py MEDIUM ROOT [--json]

MEDIUM is where the medium is mounted; ROOT the file with the root that you trust (BF-3.18). Roots on the medium that succeed it are
followed. Each release is accepted, named by its payload digest, or refused by a clause; whether a device takes it (section 6)
depends on the device. Of a delta the blobs and the list of its files are checked, and what it needs is said. Exit status: 0 when one is accepted, 3 when none is, 1 for wrong usage.
"""
import hashlib, json, os, re, stat, subprocess, sys, tempfile
sys.dont_write_bytecode = True  # the medium may be where this file is
from documents import ARTIFACT, BASE, CONFIG, ENTRY, ENVELOPE, IMAGE, INDEX, MANIFEST, OBJECT, PACK, PACK_LAYERS, ROOT, STATEMENT
from documents import Refused, anything, conform, need, parse, unbase64

ROOT_TYPE, RELEASE_TYPE = "application/vnd.bootferry.root.v1", "application/vnd.bootferry.release.v1"

def chunks(path, size, absent):  # at most `size` bytes and one; BF-1.4: of a regular file, and no waiting at a FIFO
    try:
        with open(path, "rb", opener=lambda name, _: os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
            need(stat.S_ISREG(os.fstat(file.fileno()).st_mode), "BF-1.4", f"{path} is no regular file")
            while size >= 0 and (chunk := file.read(min(1 << 20, size + 1))): size -= len(chunk); yield chunk
    except OSError as error: raise Refused("BF-1.4" if os.path.islink(path) or os.path.isdir(path) else absent, str(error))
def blob(medium, pin, limit=None, clause="BF-1.6"):  # BF-1.9; those with a limit are small, and their bytes are returned
    need(limit is None or pin["size"] <= limit, clause, f"{pin['digest']} has over {limit} bytes")
    hashed, length, kept = hashlib.sha256(), 0, []
    for chunk in chunks(f"{medium}/blobs/sha256/{pin['digest'][7:]}", pin["size"], "BF-1.9"):
        hashed.update(chunk); length += len(chunk); kept += [chunk] * (limit is not None)
    need(length == pin["size"] and f"sha256:{hashed.hexdigest()}" == pin["digest"], "BF-1.9", f"{pin['digest']} differs")
    return b"".join(kept)

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # RFC 8032, section 5.1
D, SPKI = -121665 * pow(121666, -1, P), bytes.fromhex("302a300506032b6570032100")  # RFC 8410, section 4
def xx(y): return (y * y - 1) * pow(D * y * y + 1, -1, P) % P
def double(y): return (y * y + xx(y)) * pow(1 - D * xx(y) * y * y, -1, P) % P
def y_of(raw): return int.from_bytes(raw, "little") % 2**255
def is_point(raw):  # the canonical encoding of one
    return y_of(raw) < P and (pow(xx(y_of(raw)), (P - 1) // 2, P) == 1 or (xx(y_of(raw)) == 0 and raw[31] < 128))
def is_key(der):  # BF-2.2; a point is of small order when eight times it is the neutral element, whose y is 1
    return der[:12] == SPKI and len(der) == 44 and is_point(der[12:]) and double(double(double(y_of(der[12:])))) != 1
def offence(der, sig, signed):  # the clause that a signature offends, or None
    if int.from_bytes(sig[32:], "little") >= ORDER or not is_point(sig[:32]): return "BF-2.9"
    with tempfile.TemporaryDirectory() as scratch:
        for name, data in ("key", der), ("sig", sig), ("in", signed):
            with open(f"{scratch}/{name}", "wb") as file: file.write(data)
        command = "openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey key -sigfile sig -in in"
        ran = subprocess.run(command.split(), cwd=scratch, capture_output=True, text=True)
    if ran.returncode and "Verification Failure" not in ran.stdout + ran.stderr: sys.exit(f"openssl: {ran.stderr}")
    return "BF-2.6" if ran.returncode else None

def open_envelope(data, kind):  # payload, the bytes that were signed, signatures by key id
    it, kind = conform(parse(data, "BF-2.3", 2 << 20, 4), ENVELOPE, "BF-2.3"), f"{kind}+json"
    payload, signatures = unbase64(it["payload"]), [(s["keyid"], unbase64(s["sig"])) for s in it["signatures"]]
    need(len(payload) <= 1 << 20 and all(len(sig) == 64 for _, sig in signatures), "BF-2.3", "payload or signature of another size")
    need(it["payloadType"] == kind, "BF-2.5", it["payloadType"])
    return payload, b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload), signatures  # BF-2.6
def check_role(envelope, root, role, clause=None):
    (_, signed, signatures), role = envelope, root["roles"][role]
    keys = {key["keyId"]: unbase64(key["publicKey"]) for key in root["keys"]}
    usable = set(role["keyIds"]) - set(root["revokedKeys"])
    offences = [(key, offence(keys[key], sig, signed)) for key, sig in signatures if key in usable]
    good, bad = {key for key, fault in offences if not fault}, [fault for _, fault in offences if fault]  # BF-2.7: distinct keys, BF-3.9
    signers = {key for key, _ in signatures}
    why = "BF-3.9" if signers & set(root["revokedKeys"]) else "BF-2.7" if good else "BF-3.8" if signers & set(keys) else "BF-2.8"
    need(len(good) >= role["threshold"], clause or (bad + [why])[0], f"{role['threshold']} signatures wanted, {len(good)} found")
    return {"signed": sorted(good)}
def open_root(data):  # BF-3.1 to BF-3.7
    envelope = open_envelope(data, ROOT_TYPE)
    root = conform(parse(envelope[0], "BF-3.1", 1 << 20, 6), ROOT, "BF-3.1")
    for key in root["keys"]:
        need(hashlib.sha256(der := unbase64(key["publicKey"])).hexdigest() == key["keyId"], "BF-3.4", key["keyId"])
        need(is_key(der), "BF-2.2", f"{key['keyId']} is no point, or one of small order")
    ids = [key["keyId"] for key in root["keys"]]
    for name, role in root["roles"].items():
        its = set(role["keyIds"])
        need(len(set(ids)) == len(ids) and len(its) == len(role["keyIds"]) and its <= set(ids), "BF-3.5", name)
        need(len(its - set(root["revokedKeys"])) >= role["threshold"], "BF-3.6", name)
        need(name != "countersign" or not its & set(root["roles"]["release"]["keyIds"]), "BF-3.7", "a key in both roles")
    check_role(envelope, root, "root", "BF-3.3")
    return {**root, "envelope": envelope}
def succeed(root, candidates):  # BF-3.11, BF-3.13 to BF-3.15; what does not follow changes nothing
    for it in sorted(candidates, key=lambda it: it["version"]):
        if it["version"] == root["version"] + 1 and "refused" not in attempt(None, check_role, it["envelope"], root, "root"): root = it
    return root

def top_file(layout, name, most):
    need(len(data := b"".join(chunks(f"{layout}/{name}", most, "BF-1.1"))) <= most, "BF-1.6", f"{name} has over {most} bytes")
    return parse(data)
def artifacts(layout, kind):  # (manifest, bytes of the envelope or why there are none), each envelope once
    seen = set()
    for entry in conform(top_file(layout, "index.json", 4 << 20), INDEX, "BF-1.6")["manifests"]:
        try:
            conform(entry, ENTRY, "BF-1.5")
            is_other = "platform" in entry or entry.get("artifactType", kind) != kind  # BF-5.2: those may be passed over
            if is_other or not re.fullmatch(IMAGE["mediaType"], entry["mediaType"]): continue
            manifest = conform(parse(blob(layout, entry, 4 << 20)), {"*?": anything, "artifactType?": ".*"}, "BF-5.2")
            if "artifactType" not in entry and manifest.get("artifactType") != kind: continue
            need(manifest.get("artifactType") == kind, "BF-5.2", manifest.get("artifactType"))
            need(entry["size"] <= 64 << 10, "BF-1.6", f"a manifest of {entry['size']} bytes")
            data = blob(layout, pin := conform(manifest, ARTIFACT, "BF-5.3")["layers"][0], 2 << 20, "BF-2.3")
            if pin["digest"] not in seen: yield entry["digest"], data
            seen.add(pin["digest"])
        except Refused as refusal: yield str(entry)[:200], refusal  # BF-1.7
def is_there(layout, pin): return os.path.lexists(f"{layout}/blobs/sha256/{pin['digest'][7:]}")
def read_pack(layout, entry, image, tree):  # the bases of the pack that entry names, if it is one for the image
    conform(entry, ENTRY, "BF-1.5")
    kind = entry.get("artifactType", "application/vnd.bootferry.objects.v1")
    if "platform" in entry or not re.fullmatch(PACK["artifactType"], kind): return []
    pack = conform(parse(blob(layout, entry, 64 << 10)), PACK, "BF-10.1")
    if pack["subject"]["digest"] != image["digest"]: return []
    need(re.fullmatch(PACK_LAYERS, " ".join(layer["mediaType"] for layer in pack["layers"])), "BF-10.1", "layers of other types")
    text = blob(layout, pack["layers"][0], 64 << 20, "BF-10.2").decode("ascii", "replace")
    head = f"bootferry-objects 1\ntree {tree or '-'}\n"
    need(text.startswith(head) and re.fullmatch(f"(?:{BASE}){{1,64}}(?:{OBJECT})*", rest := text[len(head):]), "BF-10.3", "another list")
    bases, objects = re.findall(BASE, rest), [line.split() for line in re.findall(f"^{OBJECT}", rest, re.M)]
    names, payloads = [name for name, _ in objects], [base.split()[4] for base in bases]
    need(names == sorted(set(names)) and payloads == sorted(set(payloads)) and (tree or not names), "BF-10.4", "another order")
    need(len(pack["layers"]) - 1 == -(-sum(int(size) for _, size in objects) >> 27), "BF-10.5", "another number of layers")
    for layer in pack["layers"][1:]: blob(layout, layer)  # Python has no zstd before 3.14: their objects are for the device to check
    return ["{1} {2} (sequence {3})".format(*base.split()) for base in bases]
def bases_of(layout, image, tree):  # BF-10.8: what a delta needs in place of the layers that it leaves out
    entries = top_file(layout, "index.json", 4 << 20)["manifests"]
    tried = [attempt(None, lambda it: {"bases": read_pack(layout, it, image, tree)}, entry) for entry in entries]  # BF-10.9
    return [base for it in tried for base in it.get("bases", [])]
def verify_release(data, layout, root):
    envelope = open_envelope(data, RELEASE_TYPE)
    for role in [name for name in ("release", "countersign") if name in root["roles"]]: check_role(envelope, root, role)  # BF-3.8
    digest = f"sha256:{hashlib.sha256(envelope[0]).hexdigest()}"
    need(digest not in root["revokedReleases"], "BF-3.10", digest)
    it, needs = conform(parse(envelope[0], "BF-4.1", 1 << 20, 8), STATEMENT, "BF-4.5", "BF-4.4"), set()
    for target in it["targets"]:
        kind = target["compatible"], target["architecture"]
        named = [d for other in it["targets"] if (other["compatible"], other["architecture"]) == kind for d in other["devices"] or ["*"]]
        need(len(set(named)) == len(named) and ("*" not in named or len(named) == 1), "BF-4.8", kind)
        names = [app["name"] for app in target["apps"]]
        fits = all("@" not in app["name"] or app["name"].partition("@")[2] == app["image"]["digest"] for app in target["apps"])
        need(fits and len(set(names)) == len(names), "BF-4.9", names)
        for image in [target["image"]] + [app["image"] for app in target["apps"]]:
            manifest = conform(parse(blob(layout, image, 4 << 20)), MANIFEST, "BF-1.6")
            config = conform(parse(blob(layout, manifest["config"], 4 << 20)), CONFIG, "BF-5.7")
            fits = config["architecture"] == kind[1].split("/")[0] and len(config["rootfs"]["diff_ids"]) == len(manifest["layers"])
            need(fits, "BF-5.7", f"the config of {image['digest']}")
            absent = [layer for layer in manifest["layers"] if image is target["image"] and not is_there(layout, layer)]
            bases = bases_of(layout, image, (target["tree"] or {}).get("composefs")) if absent else []
            needs.update(bases)
            for layer in manifest["layers"]: bases and layer in absent or blob(layout, layer)
        if target["tree"]: blob(layout, target["tree"]["image"])
    return {"accepted": digest, "name": it["name"], "version": it["version"], "sequence": it["sequence"],
            **({"delta": f"needs {' or '.join(sorted(needs))} on the device"} if needs else {})}
def attempt(manifest, call, found, *arguments):  # what comes of it, or the refusal
    try:
        if isinstance(found, Refused): raise found
        return call(found, *arguments)
    except Refused as refusal: return {"refused": refusal.args[0], "why": refusal.args[1], "manifest": manifest}

def verify_medium(medium, root_file):
    layout, data = f"{medium}/bootferry", open(root_file, "rb").read((8 << 20) + 1)
    lines = [line.strip() for line in data.split(b"\n") if line.strip()]  # BF-3.18
    if not re.fullmatch(rb"{.*}", b"".join(lines[:1])): lines = [data]
    need(len(data) <= 8 << 20 and len(lines) <= 1024, "BF-3.18", "a root file that is too long")
    root = open_root(lines[0])
    for line in lines[1:]: need((root := succeed(root, [it := open_root(line)])) is it, "BF-3.11", f"{it['version']} does not follow")
    need(os.path.lexists(layout), "BF-1.2", f"there is no {layout}")
    for path in (layout, f"{layout}/blobs", f"{layout}/blobs/sha256"):
        need(not os.path.lexists(path) or stat.S_ISDIR(os.lstat(path).st_mode), "BF-1.3", f"{path} is no directory")
    conform(top_file(layout, "oci-layout", 4096), {"*?": anything, "imageLayoutVersion": r"1\.0\.0"}, "BF-1.1")
    roots = [attempt(name, open_root, data) for name, data in artifacts(layout, ROOT_TYPE)]
    root = succeed(root, [it for it in roots if "refused" not in it])
    outcomes = [attempt(name, verify_release, data, layout, root) for name, data in artifacts(layout, RELEASE_TYPE)]
    need(outcomes or roots, "BF-1.5", "no release is found")  # BF-5.5: roots alone are no mistake
    return {"rootVersion": root["version"], "releases": outcomes}

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[3:] not in ([], ["--json"]): sys.exit(__doc__)
    result = attempt(None, verify_medium, sys.argv[1], sys.argv[2])
    print(json.dumps(result) if sys.argv[3:] else json.dumps(result, indent=2))
    sys.exit(0 if any("accepted" in it for it in result.get("releases", [])) else 3)
