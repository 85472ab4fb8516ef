/** Reads the install configuration of a release that is not stored yet. */
import type { ReleasePreview } from "../../store/preview.ts";
import { findInstallConfigFiles } from "./find-install-config.ts";
import { type InstallConfig, parseInstallConfig } from "./install-config.ts";

/** @throws DeployError DEPLOY_INSTALL_CONFIG_INVALID, DEPLOY_INSTALL_CONFIG_REFUSED; StoreError; OciError */
export async function readInstallConfig(preview: ReleasePreview, architecture: string): Promise<InstallConfig> {
  const found = findInstallConfigFiles(preview.root);
  const contents = await preview.readFiles(found.map(({ content }) => content));
  const files = found.map(({ path }, index) => ({ path, bytes: contents[index] ?? Buffer.alloc(0) }));
  return parseInstallConfig(files, architecture);
}
