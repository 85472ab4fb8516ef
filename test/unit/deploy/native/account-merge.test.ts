import { describe, expect, it } from "vitest";
import { type AccountFile, mergeAccounts } from "../../../../src/deploy/native/account-merge.ts";

const merge = (file: AccountFile, old: string, local: string, fresh: string) => {
  const { bytes, ...rest } = mergeAccounts(file, Buffer.from(old), Buffer.from(local), Buffer.from(fresh));
  return { text: bytes.toString(), ...rest };
};

const ROOT = "root:x:0:0:root:/root:/bin/sh\n";
const ALICE = "alice:x:1000:1000::/home/alice:/bin/sh\n";
const CHRONY = "_chrony:x:998:998::/var/lib/chrony:/usr/sbin/nologin\n";

describe("mergeAccounts", () => {
  it.each<[string, AccountFile, string, string, string, string]>([
    [
      "a user of the device and one of the new image are both there",
      "passwd",
      ROOT,
      ROOT + ALICE,
      ROOT + CHRONY,
      ROOT + CHRONY + ALICE,
    ],
    [
      "a line that the device changed stays changed",
      "passwd",
      ROOT,
      ROOT.replace("sh", "bash"),
      ROOT + CHRONY,
      ROOT.replace("sh", "bash") + CHRONY,
    ],
    [
      "a line that the image changed is the image's",
      "passwd",
      ROOT + ALICE,
      ROOT + ALICE,
      ROOT.replace("sh", "bash"),
      ROOT.replace("sh", "bash"),
    ],
    [
      "a user that the device removed stays removed",
      "passwd",
      ROOT + ALICE,
      ROOT,
      ROOT + ALICE + CHRONY,
      ROOT + CHRONY,
    ],
    [
      "a password set on the device survives",
      "shadow",
      "root:*:1::::::\n",
      "root:$6$x:2::::::\n",
      "root:*:1::::::\n_new:!*:3::::::\n",
      "root:$6$x:2::::::\n_new:!*:3::::::\n",
    ],
    [
      "comments and NIS lines are lines of their own",
      "passwd",
      "# a\n",
      "# a\n# b\n+::::::\n",
      "# a\n",
      "# a\n# b\n+::::::\n",
    ],
    [
      "ranges of one user are told apart",
      "subuid",
      "a:1:10\n",
      "a:1:10\na:20:10\n",
      "a:1:10\nb:40:10\n",
      "a:1:10\nb:40:10\na:20:10\n",
    ],
    [
      "an end without a newline is mended",
      "passwd",
      ROOT.trimEnd(),
      ROOT.trimEnd(),
      ROOT + CHRONY.trimEnd(),
      ROOT + CHRONY,
    ],
  ])("%s", (_what, file, old, local, fresh, expected) => {
    expect(merge(file, old, local, fresh)).toEqual({ text: expected, conflicts: [], sharedIds: [] });
  });

  it.each<[string, string, string, string, string]>([
    [
      "members added on both sides are both in",
      "sudo:x:27:\n",
      "sudo:x:27:alice\n",
      "sudo:x:27:bob\n",
      "sudo:x:27:bob,alice\n",
    ],
    [
      "a member removed on the device stays out",
      "sudo:x:27:a,b\n",
      "sudo:x:27:a\n",
      "sudo:x:27:a,b,c\n",
      "sudo:x:27:a,c\n",
    ],
    [
      "a number that the image changed comes with the device's members",
      "g:x:5:\n",
      "g:x:5:alice\n",
      "g:x:6:\n",
      "g:x:6:alice\n",
    ],
  ])("merges groups: %s", (_what, old, local, fresh, expected) => {
    expect(merge("group", old, local, fresh)).toEqual({ text: expected, conflicts: [], sharedIds: [] });
  });

  it("keeps the device's line where both changed one, and says so", () => {
    const [mine, theirs] = [ROOT.replace("/bin/sh", "/bin/bash"), ROOT.replace("/bin/sh", "/bin/zsh")];
    expect(merge("passwd", ROOT, mine, theirs)).toEqual({ text: mine, conflicts: ["root"], sharedIds: [] });
  });

  it("says when two names have got one id, and not when they had it before", () => {
    const operator = "operator:x:998:998::/:/bin/sh\n";
    expect(merge("passwd", ROOT, ROOT + operator, ROOT + CHRONY).sharedIds).toEqual(["_chrony and operator: 998"]);
    const toor = ROOT.replace("root:", "toor:");
    expect(merge("passwd", ROOT + toor, ROOT + toor + ALICE, ROOT + toor + CHRONY).sharedIds).toEqual([]);
  });

  it("keeps bytes that are no text", () => {
    const gecos = Buffer.from([0x72, 0x3a, 0xff, 0x0a]);
    expect(mergeAccounts("passwd", gecos, gecos, gecos).bytes).toEqual(gecos);
  });
});
