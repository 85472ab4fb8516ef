/** Which volume of a disk is the medium: the one that carries the label, as devices will see it. Pure. */
import { type BlockDevice, walkDevice } from "./block-device.ts";
import { MediaError } from "./error.ts";
import { MEDIUM_FILESYSTEMS } from "./medium-label.ts";

/** What devices look at: the label is that of the container when it is encrypted. */
const VOLUME_TYPES: readonly string[] = [...MEDIUM_FILESYSTEMS, "crypto_LUKS"];

/** The volumes with this label on the device, itself included. What is inside an open container is not looked at. */
export function listVolumes(device: BlockDevice, label: string): readonly BlockDevice[] {
  return [...walkDevice(device)].filter(
    ({ kind, filesystem, label: own }) => own === label && kind !== "crypt" && VOLUME_TYPES.includes(filesystem ?? ""),
  );
}

/** The one volume with this label. @throws MediaError MEDIA_NOT_LABELLED, MEDIA_AMBIGUOUS */
export function findVolume(device: BlockDevice, label: string): BlockDevice {
  const [volume, ...others] = listVolumes(device, label);
  if (volume === undefined) {
    const found = [...walkDevice(device)].flatMap(({ filesystem, label: own }) =>
      filesystem === undefined ? [] : [`${filesystem} ${own === undefined ? "without a label" : JSON.stringify(own)}`],
    );
    const what = found.length === 0 ? "nothing that is known" : found.join(", ");
    throw new MediaError("MEDIA_NOT_LABELLED", `${device.path}: expected a file system labelled ${label}, got ${what}`);
  }
  if (others.length > 0) {
    const paths = [volume, ...others].map(({ path }) => path).join(", ");
    throw new MediaError("MEDIA_AMBIGUOUS", `${device.path} has several file systems labelled ${label}: ${paths}`);
  }
  return volume;
}
