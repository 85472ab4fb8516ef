/**
 * The disk that most scenarios start from: release 1, put there by `os install to-disk` in an installer guest, and never
 * booted. Scenario (a) tells how it is made; whichever scenario comes first makes it.
 */
import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cached, stampOf } from "./cache.ts";
import { bootInstaller, RIG_KARGS } from "./installer.ts";
import { INSTALLED, provisioning, release } from "./releases.ts";
import { blank, makeStick } from "./stick.ts";
import { plug } from "./usb.ts";

export interface InstalledDisk {
  readonly disk: string;
  /** The command and what it said. */
  readonly transcript: string;
}

export interface Installation {
  readonly firmware: "uefi" | "bios";
  /** More options of `os install to-disk`. */
  readonly options?: readonly string[];
}

const DISK_MIB = 3072;
const INSTALL_SECONDS = 600;

/** Made once for what is installed and how. */
export async function installedDisk(installation: Installation = { firmware: "uefi" }): Promise<InstalledDisk> {
  const medium = await release({ sequence: INSTALLED });
  const keys = await provisioning();
  const inputs = [medium, keys, stampOf("installer"), RIG_KARGS, installation];
  const directory = await cached(`installed-${installation.firmware}`, inputs, (directory) =>
    install(directory, medium, keys, installation),
  );
  return { disk: join(directory, "disk.raw"), transcript: join(directory, "transcript.txt") };
}

async function install(directory: string, medium: string, keys: string, installation: Installation): Promise<void> {
  const work = join(directory, "work");
  mkdirSync(work);
  const disk = join(work, "disk.raw");
  const stick = join(work, "stick.img");
  blank(disk, DISK_MIB);
  makeStick(stick, medium);
  const { firmware, options = [] } = installation;
  await using installer = await bootInstaller({
    directory: work,
    disks: [disk],
    files: { "/provisioning": keys },
    firmware,
  });
  await plug(installer, "stick", stick);
  await installer.until("the stick is there", 30, async () => {
    const { status } = await installer.tryRun(
      "test -b /dev/sda && mkdir -p /run/stick && mount -t vfat -o ro /dev/sda /run/stick",
    );
    return status === 0 || undefined;
  });
  const kargs = RIG_KARGS.map((karg) => `--karg ${karg}`);
  const command = [
    ...["bootferry os install to-disk /dev/vdb --yes --medium /run/stick"],
    ...["--trust-root /provisioning/root.json --agent-config /provisioning/agent.toml", ...options, ...kargs],
  ].join(" ");
  const said = await installer.run(`${command} 2>&1`, INSTALL_SECONDS);
  writeFileSync(join(directory, "transcript.txt"), `$ ${command}\n${said}`);
  await installer.shutDown();
  copyFileSync(join(work, "installer.log"), join(directory, "installer.log"));
  renameSync(disk, join(directory, "disk.raw"));
  rmSync(work, { recursive: true });
}
