/** Our side of the comparison can fail too: the listing of a composefs image changes with every attribute of its tree. */
import { describe, expect, it } from "vitest";
import { writeImage } from "../../src/composefs/write-image.ts";
import type { DirectoryNode, LeafNode } from "../../src/tree/node.ts";
import {
  blockDevice,
  characterDevice,
  directory,
  fifo,
  inlineFile,
  symlink,
  xattrs,
} from "../support/tree-fixtures.ts";
import { listDeployment } from "./list-deployment.ts";

const shared = inlineFile("two names");

function tree(changes: Readonly<Record<string, LeafNode | DirectoryNode>> = {}): DirectoryNode {
  return directory({
    device: characterDevice(1, 3),
    directory: directory({ file: inlineFile("content") }),
    fifo: fifo(),
    file: inlineFile("content", { xattrs: xattrs({ "user.key": "value" }) }),
    link: symlink("target"),
    "name-1": shared,
    "name-2": shared,
    ...changes,
  });
}

describe("the listing of a deployment", () => {
  it.each([
    ["a content", { file: inlineFile("Content", { xattrs: xattrs({ "user.key": "value" }) }) }],
    ["a mode", { fifo: fifo({ mode: 0o600 }) }],
    ["a set-id bit", { fifo: fifo({ mode: 0o4644 }) }],
    ["an owner", { fifo: fifo({ uid: 1 }) }],
    ["a group", { fifo: fifo({ gid: 1 }) }],
    ["a time", { fifo: fifo({ mtimeSeconds: 1 }) }],
    ["the time of a directory", { directory: directory({ file: inlineFile("content") }, { mtimeSeconds: 1 }) }],
    ["the target of a link", { link: symlink("targes") }],
    ["the number of a device", { device: characterDevice(1, 5) }],
    ["the kind of a device", { device: blockDevice(1, 3) }],
    ["the value of an attribute", { file: inlineFile("content", { xattrs: xattrs({ "user.key": "valuf" }) }) }],
    ["the name of an attribute", { file: inlineFile("content", { xattrs: xattrs({ "user.kez": "value" }) }) }],
    ["an attribute less", { file: inlineFile("content") }],
    ["two inodes where there was one", { "name-2": inlineFile("two names") }],
    ["a name more", { more: inlineFile("") }],
    ["another type", { fifo: inlineFile("") }],
  ])("changes with %s", (_what, changes) => {
    expect(list(tree(changes))).not.toEqual(list(tree()));
  });
});

function list(root: DirectoryNode): string[] {
  return listDeployment(writeImage(root), "/nonexistent"); // every content of these trees stands in the image
}
