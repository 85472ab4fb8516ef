/** The architecture of the running machine, in the words of OCI images. */

/** Node's names of architectures, where OCI images (GOARCH) have others. */
const OCI_ARCHITECTURES: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  x64: "amd64",
  ia32: "386",
  ppc64: "ppc64le", // Node runs on the little-endian one only
  arm: "arm/v7", // the only 32-bit one that Node is built for
};

/** `amd64`, `arm64`, …; Node's own word where the two agree. */
export const OCI_ARCHITECTURE: string = OCI_ARCHITECTURES[process.arch] ?? process.arch;
