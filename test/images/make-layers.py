#!/usr/bin/env python3
"""Writes the layer tars of the image `layers`: everything that a layer may do to the layers below it, and every odd name,
owner, time and attribute that a file may have.

usage: make-layers.py DIRECTORY     (root: the first two layers are packed by GNU tar from real trees)

The layers are written by GNU tar and by Python's tarfile in its three formats, and laid out by umoci (lay-out.sh).
A tar has no form for sockets, so there is none here. Kernel and initramfs are STAND-INS: text files that say so.
"""
import io
import os
import shutil
import stat
import struct
import subprocess
import sys
import tarfile

EPOCH = 1_700_000_000
KERNEL = "usr/lib/modules/6.1.0-stand-in"
CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")  # cap_net_raw=ep, VFS_CAP_REVISION_2
HIGH_BYTES = bytes(range(256))
# Entries of an access control list (linux/posix_acl.h): tag, permissions, id. A list that says no more than the mode does
# would be dropped by the file system that umoci unpacks to, so these name a user.
NOBODY = 0xFFFFFFFF
ACCESS_ACL = struct.pack("<I" + "HHI" * 5, 2, 1, 6, NOBODY, 2, 4, 1000, 4, 4, NOBODY, 16, 4, NOBODY, 32, 4, NOBODY)
DEFAULT_ACL = struct.pack("<I" + "HHI" * 5, 2, 1, 7, NOBODY, 4, 5, NOBODY, 8, 6, 70_000, 16, 7, NOBODY, 32, 0, NOBODY)


def pattern(size, seed=1):
    """`size` bytes that do not repeat in step with any block size."""
    return bytes((i * 131 + (i >> 8) * 17 + seed * 29) & 0xFF for i in range(size))


class Disk:
    """A real tree that GNU tar packs."""

    def __init__(self, directory, name):
        self.root = os.path.join(directory, name).encode()
        self.out = os.path.join(directory, name + ".tar")
        shutil.rmtree(self.root, ignore_errors=True)
        os.makedirs(self.root)
        self.times = {}

    def path(self, name):
        return os.path.join(self.root, name if isinstance(name, bytes) else name.encode())

    def _parent(self, name):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)

    def directory(self, name, mode=0o755, **rest):
        os.makedirs(self.path(name), exist_ok=True)
        self._finish(name, mode, **rest)

    def file(self, name, content, mode=0o644, **rest):
        self._parent(name)
        with open(self.path(name), "wb") as file:
            file.write(content)
        self._finish(name, mode, **rest)

    def symlink(self, name, target, **rest):
        self._parent(name)
        os.symlink(target, self.path(name))
        self._finish(name, None, **rest)

    def link(self, name, target):
        self._parent(name)
        os.link(self.path(target), self.path(name))

    def node(self, name, kind, mode, major=0, minor=0, **rest):
        self._parent(name)
        os.mknod(self.path(name), kind | mode, os.makedev(major, minor))
        self._finish(name, mode, **rest)

    def _finish(self, name, mode, uid=0, gid=0, mtime_ns=EPOCH * 10**9, xattrs=()):
        path = self.path(name)
        os.chown(path, uid, gid, follow_symlinks=False)
        if mode is not None:
            os.chmod(path, mode)  # after chown, which clears set-id bits
        for key, value in xattrs:
            os.setxattr(path, key, value, follow_symlinks=False)
        self.times[path] = mtime_ns

    def pack(self, *options):
        # Children change their parents' times, so the times are set last, the deepest first.
        for directory, _, _ in os.walk(self.root, topdown=False):
            self.times.setdefault(directory, EPOCH * 10**9)
        for path in sorted(self.times, key=lambda p: -p.count(b"/")):
            os.utime(path, ns=(self.times[path], self.times[path]), follow_symlinks=False)
        subprocess.run(
            ["tar", "-C", self.root, "--sort=name", "--numeric-owner", "--xattrs", "--xattrs-include=*", *options,
             "-cf", self.out, "."], check=True)
        shutil.rmtree(self.root)


class Layer:
    """A tar written entry by entry by Python's tarfile.

    A new directory is always listed: one that is only implied by its children gets the time of the unpacking from umoci,
    so there would be nothing to compare with (test/unit/tree holds what our reader does).
    """

    def __init__(self, directory, name, tar_format):
        self.tar = tarfile.open(os.path.join(directory, name + ".tar"), "w", format=tar_format, encoding="utf-8",
                                errors="surrogateescape")

    def _add(self, name, kind, content=b"", mode=0o644, uid=0, gid=0, mtime=EPOCH, target="", xattrs=(), major=0, minor=0):
        info = tarfile.TarInfo(os.fsdecode(name))
        info.type, info.mode, info.uid, info.gid, info.mtime = kind, mode, uid, gid, mtime
        info.linkname, info.size, info.devmajor, info.devminor = os.fsdecode(target), len(content), major, minor
        info.pax_headers = {"SCHILY.xattr." + key: value.decode("utf-8", "surrogateescape") for key, value in xattrs}
        self.tar.addfile(info, io.BytesIO(content))

    def file(self, name, content=b"", **rest):
        self._add(name, tarfile.REGTYPE, content, **rest)

    def directory(self, name, mode=0o755, **rest):
        self._add(name, tarfile.DIRTYPE, mode=mode, **rest)

    def symlink(self, name, target, **rest):
        self._add(name, tarfile.SYMTYPE, mode=0o777, target=target, **rest)

    def link(self, name, target, **rest):
        self._add(name, tarfile.LNKTYPE, target=target, **rest)

    def fifo(self, name, **rest):
        self._add(name, tarfile.FIFOTYPE, **rest)

    def device(self, name, kind, major, minor, **rest):
        self._add(name, kind, major=major, minor=minor, **rest)

    def whiteout(self, name):
        directory, base = os.path.split(os.fsdecode(name))
        self.file(os.path.join(directory, ".wh." + base))

    def opaque(self, directory):
        self.file(directory + "/.wh..wh..opq")

    def close(self):
        self.tar.close()


def base(directory):
    """1 (GNU tar, pax): a small system, with real content and the targets of what comes later."""
    disk = Disk(directory, "1-base")
    # The one real binary is the shell that every Debian has; its other names are hard links.
    with open("/bin/sh", "rb") as shell:
        disk.file("usr/bin/sh", shell.read(), 0o755)
    for name in ("dash", "ash", "rsh"):
        disk.link("usr/bin/" + name, "usr/bin/sh")
    for link in ("bin", "lib", "sbin"):
        disk.symlink(link, "usr/" + link)
    disk.directory("usr/lib")
    disk.directory("usr/sbin")
    disk.file(KERNEL + "/vmlinuz", b"STAND-IN for a kernel: this file cannot boot\n" * 1000, 0o600)
    disk.file(KERNEL + "/initramfs.img", b"STAND-IN for an initramfs: this file cannot boot\n" * 2000, 0o600)
    disk.file("etc/os-release", b'ID=layers\nVERSION_ID="1"\n')
    disk.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    disk.file("etc/shadow", b"root:*:19000:0:99999:7:::\n", 0o640, gid=42)
    disk.file("etc/hostname", b"layers\n")
    for name, mode in (("dev", 0o755), ("proc", 0o555), ("sys", 0o555), ("run", 0o755), ("tmp", 0o1777), ("var", 0o755)):
        disk.directory(name, mode)
    disk.file("run/left-over", b"of the build\n")
    disk.file("tmp/left-over", pattern(100))
    disk.file("var/lib/seed", pattern(5000))
    for size in (0, 1, 63, 64, 65, 4095, 4096, 4097, 524288, 524289, 3_000_001):
        disk.file(f"usr/share/sizes/{size}", pattern(size))
    for number in range(300):
        disk.file(f"usr/share/many/{number:03}", b"%d\n" % number, mtime_ns=(EPOCH + number) * 10**9)
    for name in ("overwritten", "metadata-only", "becomes-directory", "becomes-symlink", "removed", "removed-and-new",
                 "linked-later", "linked-then-replaced", "one-name-removed", "renamed-over"):
        disk.file("srv/" + name, b"base " + name.encode() + b" " * 100)
    disk.link("srv/one-name-left", "srv/one-name-removed")
    for name in ("becomes-file", "removed-tree", "opaque", "opaque-late", "kept", "emptied"):
        for child in ("a", "b/c", "b/d/e"):
            disk.file(f"srv/dirs/{name}/{child}", f"{name}/{child}".encode())
    disk.symlink("srv/link-becomes-directory", "dirs/kept")
    disk.symlink("srv/link-changes", "overwritten")
    disk.pack("--format=pax", "--pax-option=delete=atime,delete=ctime")


def attributes(directory):
    """2 (GNU tar, pax with all its times): owners, modes, times, extended attributes, special files."""
    disk = Disk(directory, "2-attributes")
    at = "srv/attributes/"
    for mode in (0o000, 0o400, 0o777, 0o1777, 0o2755, 0o4755, 0o6711):
        disk.file(f"{at}mode-{mode:04o}", b"mode", mode)
        disk.directory(f"{at}directory-mode-{mode:04o}", mode)
    for uid, gid in ((1000, 1000), (65535, 65536), (65536, 7), (2_097_151, 2_097_152), (4_294_967_294, 4_294_967_293)):
        disk.file(f"{at}owner-{uid}-{gid}", b"owner", uid=uid, gid=gid)
        disk.symlink(f"{at}link-owner-{uid}", "x", uid=uid, gid=gid)
    for name, nanoseconds in (("epoch", 0), ("before", -86_400 * 10**9), ("before-with-fraction", -1_500_000_000),
                              ("fraction", EPOCH * 10**9 + 987_654_321), ("almost", EPOCH * 10**9 + 999_999_999),
                              ("after-2038", 2**31 * 10**9), ("after-2106", 2**32 * 10**9 + 1)):
        disk.file(f"{at}time-{name}", b"time", mtime_ns=nanoseconds)
        disk.directory(f"{at}directory-time-{name}", mtime_ns=nanoseconds)
        disk.symlink(f"{at}link-time-{name}", "x", mtime_ns=nanoseconds)
    disk.file(f"{at}capable", pattern(70), 0o755, xattrs=[("security.capability", CAPABILITY)])
    disk.file(f"{at}user", b"x", xattrs=[("user.empty", b""), ("user.text", b"text"), ("user.bytes", HIGH_BYTES),
                                         ("user.newline", b"a\nb=c\n")])
    disk.file(f"{at}same-user", b"y", xattrs=[("user.text", b"text")])
    disk.directory(f"{at}directory-user", xattrs=[("user.text", b"text")])
    disk.node(f"{at}fifo", stat.S_IFIFO, 0o620, uid=5)
    disk.node(f"{at}null", stat.S_IFCHR, 0o666, 1, 3)
    disk.node(f"{at}large-minor", stat.S_IFCHR, 0o600, 300, 70_000)
    disk.node(f"{at}disk", stat.S_IFBLK, 0o660, 8, 17, gid=6)
    disk.pack("--format=pax")


def overwrites(directory):
    """3 (ustar): other content, other types, other metadata. Parents are not listed, but where they change."""
    layer = Layer(directory, "3-overwrites", tarfile.USTAR_FORMAT)
    layer.file("srv/overwritten", b"third " * 50, mode=0o600, uid=3)
    layer.file("srv/metadata-only", b"base metadata-only" + b" " * 100, mode=0o751, uid=33, gid=34, mtime=EPOCH + 3)
    layer.directory("srv/becomes-directory", mode=0o750)
    layer.file("srv/becomes-directory/inside", b"inside")
    layer.symlink("srv/becomes-symlink", "overwritten")
    layer.file("srv/dirs/becomes-file", b"a file now")
    layer.directory("srv/dirs/kept", mode=0o2770, gid=50, mtime=EPOCH + 33)  # its children stay
    layer.directory("srv/link-becomes-directory")
    layer.file("srv/link-becomes-directory/inside", b"inside too")
    layer.symlink("srv/link-changes", "metadata-only", uid=9)
    layer.file("srv/twice", b"first")
    layer.file("srv/twice", b"second and last", mode=0o640)
    layer.file("usr/share/sizes/65", pattern(65, seed=3))
    layer.directory("usr/share/" + "p" * 90)
    layer.file("usr/share/" + "p" * 90 + "/" + "n" * 90, b"needs the prefix field of ustar")
    layer.close()


def deletions(directory):
    """4 (GNU format): whiteouts and opaque directories, before and after what the same layer adds."""
    layer = Layer(directory, "4-deletions", tarfile.GNU_FORMAT)
    layer.whiteout("srv/removed")
    layer.whiteout("srv/one-name-removed")
    layer.whiteout("srv/dirs/removed-tree")
    layer.whiteout("srv/never-was")
    layer.whiteout("srv/removed-and-new")
    layer.file("srv/removed-and-new", b"new")
    layer.directory("srv/dirs/opaque", mode=0o700)
    layer.opaque("srv/dirs/opaque")
    layer.file("srv/dirs/opaque/only", b"left")
    layer.directory("srv/dirs/opaque/b", mode=0o711)
    layer.file("srv/dirs/opaque/b/below", b"left too")
    layer.file("srv/dirs/opaque-late/only", b"left")
    layer.opaque("srv/dirs/opaque-late")
    layer.opaque("srv/dirs/emptied")
    layer.file("srv/" + "g" * 255, b"a name of 255 bytes")
    for depth in range(1, 13):
        layer.directory("/".join(["deep" * 20] * depth), mtime=EPOCH + depth)
    layer.file("/".join(["deep" * 20] * 12) + "/end", b"a path of almost a thousand bytes")
    layer.symlink("srv/long-target", "t" * 4095)
    layer.symlink("srv/block-target", "u" * 2050)
    layer.file("srv/base-256", b"owners beyond the octal field", uid=3_000_000_000, gid=2_097_152)
    layer.close()


def links(directory):
    """5 (pax): hard links to files of this layer and of lower ones, and links whose other name is replaced."""
    layer = Layer(directory, "5-links", tarfile.PAX_FORMAT)
    layer.link("srv/linked-now", "srv/linked-later")
    layer.directory("srv/other")
    layer.link("srv/other/linked-again", "srv/linked-now")
    layer.link("srv/kept-old-content", "srv/linked-then-replaced")
    layer.file("srv/linked-then-replaced", b"new content, of this name only")
    layer.link("usr/bin/fifth-name", "usr/bin/dash")
    layer.file("srv/local", b"local")
    layer.link("srv/local-link", "srv/local", mode=0o777, uid=77, mtime=5)  # a link's own header says nothing
    layer.link("srv/renamed-over", "srv/local")
    layer.symlink("srv/soft", "nowhere")
    layer.link("srv/soft-link", "srv/soft")
    layer.fifo("srv/pipe", mode=0o600)
    layer.link("srv/pipe-link", "srv/pipe")
    layer.device("srv/zero", tarfile.CHRTYPE, 1, 5, mode=0o666)
    layer.link("srv/zero-link", "srv/zero")
    layer.file("srv/fraction", b"time of pax", mtime=EPOCH + 0.75)
    layer.close()


def names(directory):
    """6 (pax): names that are bytes and no text, and names that programs trip over."""
    layer = Layer(directory, "6-names", tarfile.PAX_FORMAT)
    layer.directory("srv/names")
    for name in (b"latin-\xe9\xff", b"\xc3\xa9-utf8", b"new\nline", b"-rf", b" space ", b"tab\t", b"back\\slash", b"quote'\"",
                 b"\x01\x7f", b"+x", b"~", b"\xf0\x9f\x98\x80", b"\xc0\xaf-overlong", b"a=b", b"%s%n", b"..."):
        layer.file(b"srv/names/" + name, name)
    layer.directory(b"srv/names/dir-\xfe")
    layer.symlink(b"srv/names/link-\xfd", b"dir-\xfe/\xfc")
    layer.link(b"srv/names/hard-\xfb", b"srv/names/latin-\xe9\xff")
    layer.whiteout("usr/share/many/007")
    layer.file("ab", b"named as a directory of the object store is")
    layer.file("srv/high-xattr", b"", xattrs=[("user.bytes", HIGH_BYTES[1:])])
    layer.file("srv/access-acl", b"acl", mode=0o644, xattrs=[("system.posix_acl_access", ACCESS_ACL)])
    layer.directory("srv/default-acl", mode=0o750, xattrs=[("system.posix_acl_default", DEFAULT_ACL)])
    layer.close()


def main():
    os.umask(0o022)
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    for make in (base, attributes, overwrites, deletions, links, names):
        make(directory)


if __name__ == "__main__":
    main()
