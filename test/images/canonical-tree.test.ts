/**
 * The comparison of the proofs can fail: canonical_tree.py, the second opinion, notices every attribute that it compares.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listTree } from "./foreign-tree.ts";

const MAKE_TREE = `
mkdir -p usr etc tmp
echo content >etc/file && ln etc/file etc/other-name && chmod 0640 etc/file
mkfifo etc/fifo && ln -s file etc/link && mknod etc/null c 1 3
python3 -c 'import os; os.setxattr("etc/file", "user.key", b"value")'
find . -exec touch -h -d @1700000000 {} +
`;

/** Each is one change of one attribute; \`touch\` puts back the time that it changed on the way. */
const CHANGES: readonly (readonly [what: string, command: string])[] = [
  ["one byte of a content", "printf d | dd of=etc/file conv=notrunc status=none && touch -d @1700000000 etc/file"],
  ["the length of a content", "echo >>etc/file && touch -d @1700000000 etc/file"],
  ["one byte of a name", "mv etc/file etc/filf && touch -d @1700000000 etc"],
  ["a mode", "chmod 0641 etc/file"],
  ["a set-id bit", "chmod u+s etc/file"],
  ["an owner", "chown 1 etc/file"],
  ["a group", "chgrp 1 etc/fifo"],
  ["a time by a second", "touch -d @1700000001 etc/file"],
  ["the time of a link", "touch -h -d @1700000001 etc/link"],
  ["the time of a directory", "touch -d @1700000001 etc"],
  ["the target of a link", "ln -sfn filf etc/link && touch -h -d @1700000000 etc/link && touch -d @1700000000 etc"],
  ["the number of a device", "rm etc/null && mknod etc/null c 1 5 && touch -d @1700000000 etc/null etc"],
  ["the kind of a device", "rm etc/null && mknod etc/null b 1 3 && touch -d @1700000000 etc/null etc"],
  ["a link count", "ln etc/fifo etc/fifo-too && touch -d @1700000000 etc"],
  [
    "two names of one inode",
    "cp --preserve=all --remove-destination etc/file etc/other-name && touch -d @1700000000 etc",
  ],
  ["the value of an attribute", `python3 -c 'import os; os.setxattr("etc/file", "user.key", b"valuf")'`],
  ["an attribute more", `python3 -c 'import os; os.setxattr("etc/file", "user.kez", b"")'`],
  ["an attribute less", `python3 -c 'import os; os.removexattr("etc/file", "user.key")'`],
  ["an entry more", "mkdir etc/new && touch -d @1700000000 etc"],
  ["an entry less", "rm etc/fifo && touch -d @1700000000 etc"],
  ["the attributes of /usr, which / takes", "chmod 0700 usr"],
];

let tree: string;

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), "canonical-tree-"));
  change(MAKE_TREE);
});

afterEach(() => rmSync(tree, { recursive: true }));

describe("the listing of a foreign tree", () => {
  it.each(CHANGES)("changes with %s", (_what, command) => {
    const before = listTree(tree);
    change(command);
    expect(listTree(tree)).not.toEqual(before);
  });

  it.each([
    ["what a build left in /tmp", "echo x >tmp/left-over && touch -d @1700000000 tmp"],
    ["the absence of a mount point", "rmdir tmp"],
    ["fractions of a second", "touch -d @1700000000.9 etc/file"],
    ["attributes that belong to the machine", `python3 -c 'import os; os.setxattr("etc/file", "trusted.key", b"")'`],
    ["the attributes of / itself", "chmod 0711 . && chown 5 . && touch -d @5 ."],
  ])("is the same with %s", (_what, command) => {
    change("mkdir -p tmp && chmod 1777 tmp && touch -d @1700000000 tmp");
    const before = listTree(tree);
    change(command);
    expect(listTree(tree)).toEqual(before);
  });
});

function change(script: string): void {
  execFileSync("sh", ["-ec", script], { cwd: tree });
}
