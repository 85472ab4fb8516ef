"""Keeps the kernel modules that the VM tests use, with what they depend on, and decompresses them.

usage: prune-modules.py /path/to/usr/lib/modules/KVER

xz under an emulated processor takes longer than reading the plain file, and 4000 modules would be 4000 objects more in
every image. Modules that the kernel has built in are passed over.
"""
import os
import re
import subprocess
import sys

WANTED = """
virtio_pci virtio_blk virtio_rng sd_mod usb-storage uas xhci-hcd xhci-pci sdhci sdhci-pci mmc_block
crc32c_generic ext4 vfat fat exfat nls_ascii nls_cp437 nls_utf8 nls_iso8859-1 erofs overlay loop isofs efivarfs autofs4
dm-mod dm-crypt aesni-intel cryptd xts essiv cbc algif_skcipher algif_hash af_alg i6300esb
""".split()


def plain(name):
    return name.replace("-", "_")


def main(modules):
    depends = {}
    for line in open(f"{modules}/modules.dep"):
        path, _, needed = line.partition(":")
        depends[path] = needed.split()
    by_name = {plain(os.path.basename(path).split(".ko")[0]): path for path in depends}
    kept = set()

    def keep(path):
        if path not in kept:
            kept.add(path)
            for needed in depends[path]:
                keep(needed)

    for name in WANTED:
        if plain(name) in by_name:
            keep(by_name[plain(name)])
    for line in open(f"{modules}/modules.softdep"):
        rule = re.match(r"softdep (\S+) (?:pre|post): (.*)", line)
        if rule and by_name.get(plain(rule[1])) in kept:
            for name in rule[2].split():
                if plain(name) in by_name:
                    keep(by_name[plain(name)])
    for path in depends:
        file = f"{modules}/{path}"
        if path not in kept:
            os.unlink(file)
        elif file.endswith(".xz"):
            subprocess.check_call(["xz", "-d", file])
        elif file.endswith(".zst"):
            subprocess.check_call(["zstd", "-dq", "--rm", file])
    print(f"kept {len(kept)} of {len(depends)} kernel modules")


main(sys.argv[1])
