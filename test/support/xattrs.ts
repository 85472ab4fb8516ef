/** Sets and shows extended attributes as GNU tar and tar-stream do, in words: lists as `user::rw-,user:1234:r--,…`. */
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { extract, pack } from "tar-stream";

/** By name: `acl.access`, `acl.default`, `xattr.user.x`. */
export type NamedXattrs = Readonly<Record<string, string>>;

const PREFIX = "SCHILY.";
const OPTIONS = ["--acls", "--xattrs", "--xattrs-include=*", "--numeric-owner"];

/** Of a file or directory that is there; its content and mode stay. */
export async function setXattrs(path: string, name: string, xattrs: NamedXattrs): Promise<void> {
  const stat = statSync(join(path, name));
  const archive = pack();
  const pax = Object.fromEntries(Object.entries(xattrs).map(([key, value]) => [PREFIX + key, value]));
  const header = { name, mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid, mtime: stat.mtime, pax };
  if (stat.isDirectory()) archive.entry({ ...header, type: "directory" });
  else archive.entry({ ...header, type: "file" }, readFileSync(join(path, name)));
  archive.finalize();
  execFileSync("tar", ["--extract", "--preserve-permissions", ...OPTIONS, `--directory=${path}`, "--file=-"], {
    input: await buffer(archive),
  });
}

/** What each file below `path` has; files without any are left out. */
export async function xattrsOf(path: string): Promise<Readonly<Record<string, NamedXattrs>>> {
  const found: Record<string, NamedXattrs> = {};
  const reader = extract();
  reader.end(execFileSync("tar", ["--create", "--format=pax", ...OPTIONS, `--directory=${path}`, "--file=-", "."]));
  for await (const entry of reader) {
    const { name, pax } = entry.header;
    entry.resume();
    const named = Object.entries(pax ?? {}).flatMap(([key, value]) =>
      key.startsWith(PREFIX) && !key.startsWith(`${PREFIX}xattr.system.`) && !key.startsWith(`${PREFIX}xattr.security.`)
        ? [[key.slice(PREFIX.length), value.trim().replaceAll("\n", ",")] as const]
        : [],
    );
    if (Object.values(named).length > 0) found[name.replace(/^\.\/|\/$/g, "")] = Object.fromEntries(named);
  }
  return found;
}
