#!/usr/bin/env python3
"""Lists a directory tree, one line an entry, after the canonicalisation of bundle-format/tree.md.

usage: canonical_tree.py ROOT             a tree that another program unpacked, made canonical (BF-7.9 to BF-7.13)
       canonical_tree.py --as-is ROOT     a tree as it is: a mounted deployment, which must be canonical already

Written from the text of tree.md and from nothing of ours, with Python's standard library alone: it is the second opinion
that the proofs hold bootferry against. Names are bytes throughout.

A line is the escaped path, the type and `key=value` words, all ASCII: `\\xNN` stands for bytes outside 0x21..0x7e and for
the backslash; values of attributes are hexadecimal. `links` is the number of names (of a directory: 2 + subdirectories),
`first` the least name of the inode where there are several. Lines are sorted as text.
"""
import hashlib
import os
import stat
import sys

KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFCHR: "character-device",
    stat.S_IFBLK: "block-device",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
}
MOUNT_POINTS = {b"dev": 0o755, b"proc": 0o755, b"run": 0o755, b"sys": 0o755, b"tmp": 0o1777}  # BF-7.12


class Entry:
    """What is listed of one name. `path` is relative to the root, which itself is the empty path."""

    def __init__(self, kind, mode=0o755, uid=0, gid=0, mtime=0, xattrs=None):
        self.kind, self.mode, self.uid, self.gid, self.mtime = kind, mode, uid, gid, mtime
        self.xattrs = xattrs or {}
        self.inode = self.links = None
        self.words = []


def read_entry(path):
    status = os.lstat(path)
    entry = Entry(KINDS[stat.S_IFMT(status.st_mode)], stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
    entry.mtime, entry.fraction = divmod(status.st_mtime_ns, 10**9)  # rounded down, before 1970 too
    entry.inode, entry.links = (status.st_dev, status.st_ino), status.st_nlink
    for key in map(os.fsencode, os.listxattr(path, follow_symlinks=False)):
        entry.xattrs[key] = os.getxattr(path, key, follow_symlinks=False)
    if entry.kind == "file":
        entry.words = [f"size={status.st_size}", f"sha256={hash_file(path, status.st_size)}"]
    elif entry.kind == "symlink":
        target = os.readlink(path)
        entry.words = [f"size={status.st_size}", f"target={escape(target)}"]
        if len(target) != status.st_size:
            raise SystemExit(f"{path!r} is said to have {status.st_size} bytes and has {len(target)}")
    elif entry.kind.endswith("-device"):
        entry.words = [f"device={os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"]
    return entry


def hash_file(path, size):
    digest = hashlib.sha256()
    length = 0
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            length += len(chunk)
    if length != size:
        raise SystemExit(f"{path!r} is said to have {size} bytes and has {length}")
    return digest.hexdigest()


def read_tree(root):
    """Every entry by its path."""
    entries = {b"": read_entry(root)}
    pending = [b""]
    while pending:
        directory = pending.pop()
        for name in os.listdir(os.path.join(root, directory)):
            path = os.path.join(directory, name)
            entries[path] = read_entry(os.path.join(root, path))
            if entries[path].kind == "directory":
                pending.append(path)
    return entries


def names_by_inode(entries):
    names = {}
    for path, entry in entries.items():
        if entry.kind != "directory":
            names.setdefault(entry.inode, []).append(path)
    return names


def count_subdirectories(entries):
    counts = {path: 0 for path, entry in entries.items() if entry.kind == "directory"}
    for path, entry in entries.items():
        if path and entry.kind == "directory":
            counts[os.path.dirname(path)] += 1
    return counts


def check_links(entries, as_is):
    """The file system's own counts must agree with the names that were found, or one was missed."""
    for names in names_by_inode(entries).values():
        if entries[names[0]].links != len(names):
            raise SystemExit(f"{names} has {entries[names[0]].links} links and {len(names)} names")
    if as_is:  # elsewhere the count of a directory is the file system's own affair
        for path, count in count_subdirectories(entries).items():
            if entries[path].links != 2 + count:
                raise SystemExit(f"{path} has {entries[path].links} links and {count} subdirectories")


def make_canonical(entries):
    """BF-7.9 to BF-7.13, in place."""
    usr = entries.get(b"usr")
    from_usr = usr if usr is not None and usr.kind == "directory" else Entry("directory")  # BF-7.11
    root = entries[b""]
    root.mode, root.uid, root.gid, root.mtime = from_usr.mode, from_usr.uid, from_usr.gid, from_usr.mtime
    root.xattrs = dict(from_usr.xattrs)
    for name, mode in MOUNT_POINTS.items():  # BF-7.12
        entry = entries.get(name)
        if entry is None:
            entries[name] = Entry("directory", mode=mode, mtime=root.mtime)
        elif entry.kind == "directory":
            for path in [path for path in entries if path.startswith(name + b"/")]:
                del entries[path]
        elif entry.kind != "symlink":
            raise SystemExit(f"{name} is a {entry.kind}")
    for entry in entries.values():
        if entry.kind == "symlink":
            entry.mode = 0o777  # BF-7.10
        entry.xattrs = {key: value for key, value in entry.xattrs.items() if is_kept(entry.kind, key)}  # BF-7.13


def is_kept(kind, key):
    if key == b"security.capability":
        return kind == "file"
    if key == b"system.posix_acl_access":
        return kind != "symlink"
    if key == b"system.posix_acl_default":
        return kind == "directory"
    return kind in ("file", "directory") and key.startswith(b"user.") and not key.startswith(b"user.overlay.")


def check_whole_seconds(entries):
    for path, entry in entries.items():
        if entry.fraction:
            raise SystemExit(f"{path!r} has a time with a fraction")


def escape(text):
    return "".join(chr(byte) if 0x20 < byte < 0x7F and byte != 0x5C else f"\\x{byte:02x}" for byte in text)


def lines(entries):
    names = names_by_inode(entries)
    subdirectories = count_subdirectories(entries)
    for path, entry in entries.items():
        own = [] if entry.kind == "directory" else names[entry.inode]
        words = [escape(b"/" + path), entry.kind, f"mode={entry.mode:04o}", f"uid={entry.uid}", f"gid={entry.gid}",
                 f"mtime={entry.mtime}", f"links={len(own) if own else 2 + subdirectories[path]}"]
        if len(own) > 1:
            words.append(f"first={escape(b'/' + min(own))}")
        words += entry.words
        words += sorted(f"xattr:{escape(key)}={value.hex()}" for key, value in entry.xattrs.items())
        yield " ".join(words)


def main():
    as_is = sys.argv[1] == "--as-is"
    entries = read_tree(os.fsencode(sys.argv[-1]))
    check_links(entries, as_is)
    if as_is:
        check_whole_seconds(entries)
    else:
        make_canonical(entries)
    sys.stdout.write("".join(line + "\n" for line in sorted(lines(entries))))


if __name__ == "__main__":
    main()
