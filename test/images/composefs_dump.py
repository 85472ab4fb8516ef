#!/usr/bin/env python3
"""Writes the composefs dump (composefs-dump(5)) of a tree that another program unpacked, made canonical.

usage: composefs_dump.py ROOT >DUMP

With mkcomposefs this makes a composefs image without any of our code: layers by umoci, canonicalisation and fs-verity
digests by Python, EROFS by composefs' own writer. Ours must be the same file.
"""
import hashlib
import os
import sys

import canonical_tree

BLOCK_BYTES = 4096
MAX_INLINE_BYTES = 64  # BF-7: content of at most this many bytes stands in the image
TYPE_BITS = {kind: bits for bits, kind in canonical_tree.KINDS.items()}


def verity_digest(content):
    """The fs-verity digest (Linux, Documentation/filesystems/fsverity.rst): sha256, blocks of 4096 bytes, no salt."""
    def hash_blocks(data):
        blocks = (data[at:at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES))
        return b"".join(hashlib.sha256(block.ljust(BLOCK_BYTES, b"\0")).digest() for block in blocks)

    level = hash_blocks(content)
    while len(level) > 32:
        level = hash_blocks(level)
    descriptor = bytes([1, 1, 12, 0]) + bytes(4) + len(content).to_bytes(8, "little") + level.ljust(64, b"\0")
    return hashlib.sha256(descriptor.ljust(256, b"\0")).hexdigest()


def escape(text, also=b""):
    if text == b"-":
        return "\\x2d"  # alone it means "nothing"
    plain = canonical_tree.escape(text)
    for byte in also:
        plain = plain.replace(chr(byte), f"\\x{byte:02x}")
    return plain


def depth_first(entries):
    """Paths in the order of a walk: every directory before what is in it, names in the order of their bytes."""
    return sorted(entries, key=lambda path: path.split(b"/") if path else [])


def dump(root, entries):
    names = canonical_tree.names_by_inode(entries)
    subdirectories = canonical_tree.count_subdirectories(entries)
    owners = {}  # the first name of an inode in this order holds it, the others point there
    for path in depth_first(entries):
        entry = entries[path]
        is_directory = entry.kind == "directory"
        owner = path if is_directory else owners.setdefault(entry.inode, path)
        link = owner != path
        payload, content, digest, size, device = "-", "-", "-", 0, 0
        full = os.path.join(root, path)
        if link:
            payload = escape(b"/" + owner)
        elif entry.kind == "symlink":
            target = os.readlink(full)
            payload, size = escape(target), len(target)
        elif entry.kind == "file":
            with open(full, "rb") as file:
                data = file.read()
            size = len(data)
            if size > MAX_INLINE_BYTES:
                digest = verity_digest(data)
                payload = digest[:2] + "/" + digest[2:]
            elif size > 0:
                content = escape(data)
        elif entry.kind.endswith("-device"):
            device = os.lstat(full).st_rdev
        links = 2 + subdirectories[path] if is_directory else len(names[entry.inode])
        words = [escape(b"/" + path), size, f"{'@' if link else ''}{TYPE_BITS[entry.kind] | entry.mode:o}", links,
                 entry.uid, entry.gid, device, f"{entry.mtime}.0", payload, content, digest]
        if not link:
            words += [f"{escape(key, b'=')}={escape(value)}" for key, value in sorted(entry.xattrs.items())]
        yield " ".join(map(str, words))


def main():
    root = os.fsencode(sys.argv[1])
    entries = canonical_tree.read_tree(root)
    canonical_tree.make_canonical(entries)
    for line in dump(root, entries):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
