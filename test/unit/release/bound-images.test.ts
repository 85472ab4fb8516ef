import { describe, expect, it } from "vitest";
import { digestOf } from "../../../src/oci/digest.ts";
import { findBoundImages } from "../../../src/release/bound-images.ts";
import { openImageTree } from "../../../src/release/image-tree.ts";
import { buildTar, type FixtureEntry } from "../../support/oci-fixtures.ts";

const BOUND = "usr/lib/bootc/bound-images.d";
const QUADLETS = "usr/share/containers/systemd";
/** Longer than what a tree holds by itself. */
const PADDING = `# ${"padding ".repeat(20)}\n`;

const link = (name: string, linkname: string): FixtureEntry => ({
  name: `${BOUND}/${name}`,
  type: "symlink",
  linkname,
});
const quadlet = (name: string, content: string): FixtureEntry => ({ name: `${QUADLETS}/${name}`, content });

async function find(...layers: readonly (readonly FixtureEntry[])[]) {
  const tree = openImageTree();
  for (const entries of layers) {
    const tar = await buildTar(entries);
    const chunks = async function* () {
      for (let at = 0; at < tar.length; at += 700) yield tar.subarray(at, at + 700); // files in several pieces
    };
    await tree.addLayer(chunks(), "none", digestOf(tar));
  }
  return findBoundImages(tree.finish(), "image X").map(({ name }) => name);
}

describe("findBoundImages", () => {
  it("finds none in an image without the directory", async () => {
    expect(await find([{ name: "usr/", type: "directory" }])).toEqual([]);
  });

  it("reads quadlets of both kinds, short and long, by links of every form, each image once", async () => {
    const found = await find([
      link("a.container", `/${QUADLETS}/ui.container`),
      link("b.image", "../../../share/containers/systemd/db.image"),
      link("c.image", "/usr/share/alias"),
      link("d.image", "/quadlets/db.image"),
      { name: "usr/share/alias", type: "symlink", linkname: "containers/systemd/named-otherwise" },
      { name: "quadlets", type: "symlink", linkname: "usr/../../../usr/share/containers/systemd" },
      quadlet("ui.container", `[Container]\nImage=docker.io/acme/ui:7\n`),
      quadlet("db.image", `${PADDING}[Image]\nImage=docker.io/acme/db\n${PADDING}`),
      quadlet("named-otherwise", `${PADDING}[Image]\nImage=localhost/other:1\n`),
    ]);
    expect(found).toEqual(["docker.io/acme/ui:7", "docker.io/acme/db:latest", "localhost/other:1"]);
  });

  it("goes by the tree of all layers: what is replaced or removed binds nothing", async () => {
    const lower = [
      link("ui.container", `/${QUADLETS}/ui.container`),
      link("gone.image", `/${QUADLETS}/gone.image`),
      quadlet("ui.container", `${PADDING}[Container]\nImage=docker.io/acme/ui:6\n`),
    ];
    const upper = [
      { name: `${BOUND}/.wh.gone.image`, content: "" },
      quadlet("ui.container", `${PADDING}[Container]\nImage=docker.io/acme/ui:7\n`),
    ];
    expect(await find(lower, upper)).toEqual(["docker.io/acme/ui:7"]);
  });

  const ui = quadlet("ui.container", `${PADDING}[Container]\nImage=docker.io/acme/ui:7\n`);
  const withImage = (image: string) => [
    link("ui.container", `/${QUADLETS}/ui.container`),
    quadlet("ui.container", `[Container]\nImage=${image}\n`),
  ];
  it.each([
    { what: "a file in the place of a link", entries: [{ name: `${BOUND}/ui.container`, content: "[Container]" }] },
    { what: "a file in the place of the directory", entries: [{ name: BOUND, content: "" }] },
    { what: "a link of another name", entries: [ui, link("ui.conf", `/${QUADLETS}/ui.container`)] },
    { what: "a link to nothing", entries: [link("ui.container", `/${QUADLETS}/ui.container`)] },
    { what: "a link out of the image", entries: [link("ui.container", "../../../../../etc/hostname")] },
    { what: "a loop of links", entries: [link("a.image", "b.image"), link("b.image", "a.image")] },
    { what: "a link to a directory", entries: [link("ui.container", "/usr")] },
    { what: "a link to the other kind of quadlet", entries: [ui, link("ui.image", `/${QUADLETS}/ui.container`)] },
    { what: "a file without the section", entries: [link("a.image", "/x"), { name: "x", content: PADDING }] },
    {
      what: "a file of more than 64 KiB",
      entries: [
        link("a.image", "/x"),
        { name: "x", content: `[Image]\nImage=docker.io/a/b:1\n${"#".repeat(1 << 16)}` },
      ],
    },
    { what: "a specifier", entries: withImage("docker.io/acme/ui:%a") },
    { what: "a percent sign that no name has", entries: withImage("docker.io/acme/ui:%%") },
    { what: "a short name", entries: withImage("ui:7") },
    { what: "another unit as the image", entries: withImage("ui.image") },
    { what: "no image", entries: withImage("") },
    {
      what: "more images than a target may have",
      entries: [ui, ...Array.from({ length: 257 }, (_, n) => link(`${n}.container`, `/${QUADLETS}/ui.container`))],
    },
  ])("refuses $what", async ({ entries }) => {
    await expect(find(entries)).rejects.toThrow(expect.objectContaining({ code: "RELEASE_BOUND_IMAGE_INVALID" }));
  });

  it("keeps no more than 16 MiB of what looks like a quadlet, and refuses what it did not keep", async () => {
    const decoys = Array.from({ length: 256 }, (_, n) => ({
      name: `decoys/${n}`,
      content: `[Image]\n${`${n}`.padStart((1 << 16) - "[Image]\n".length, "#")}`,
    }));
    const bound = [link("a.image", "/x"), { name: "x", content: `${PADDING}[Image]\nImage=docker.io/a/b:1\n` }];
    expect(await find(bound, decoys)).toEqual(["docker.io/a/b:1"]);
    await expect(find(decoys, bound)).rejects.toThrow(expect.objectContaining({ code: "RELEASE_BOUND_IMAGE_INVALID" }));
  });
});
