/** Statuses as bootc's own tests have them (crates/lib/src/fixtures/spec-*), as JSON; composed ones say so. */
const SOMEIMAGE = { image: "quay.io/example/someimage:latest", transport: "registry", signature: "insecure" };
const STAGED = {
  image: {
    image: SOMEIMAGE,
    architecture: "arm64",
    version: "nightly",
    timestamp: "2023-10-14T19:22:15.42Z",
    imageDigest: "sha256:16dc2b6256b4ff0d2ec18d2dbfb06d117904010c8cf9732cdb022818cf7a7566",
  },
  incompatible: false,
  pinned: false,
  downloadOnly: false,
  ostree: {
    checksum: "3c6dad657109522e0b2e49bf44b5420f16f0b438b5b9357e5132211cfbad135d",
    deploySerial: 0,
    stateroot: "default",
  },
};
const PREVIOUS = {
  image: {
    image: SOMEIMAGE,
    architecture: "arm64",
    version: "nightly",
    timestamp: "2023-09-30T19:22:16Z",
    imageDigest: "sha256:736b359467c9437c1ac915acaae952aad854e07eb4a16a94999a48af08c83c34",
  },
  incompatible: false,
  pinned: false,
  downloadOnly: false,
  ostree: {
    checksum: "26836632adf6228d64ef07a26fd3efaf177104efd1f341a2cf7909a3e4e2c72c",
    deploySerial: 0,
    stateroot: "default",
  },
};
const CENTOS = { image: "quay.io/centos-bootc/centos-bootc:stream9", transport: "registry" };
const centos = (lastDigits: string, pinned: boolean) => ({
  image: {
    image: CENTOS,
    architecture: "arm64",
    version: "stream9.20240807.0",
    timestamp: null,
    imageDigest: `sha256:47e5ed613a970b6574bfa954ab25bb6e85656552899aa518b5961d9645102b${lastDigits}`,
  },
  cachedUpdate: null,
  incompatible: false,
  pinned,
  downloadOnly: false,
  ostree: {
    checksum: "439f6bd2e2361bee292c1f31840d798c5ac5ba76483b8021dc9f7b0164ac0f48",
    deploySerial: 0,
    stateroot: "default",
  },
});
const host = (apiVersion: string, spec: unknown, status: unknown) => ({
  apiVersion: `org.containers.bootc/${apiVersion}`,
  kind: "BootcHost",
  metadata: { name: "host" },
  spec,
  status,
});
const ostreeOnly = (checksum: string, incompatible: boolean) => ({
  image: null,
  cachedUpdate: null,
  incompatible,
  pinned: false,
  ostree: { checksum, deploySerial: 0, stateroot: "default" },
});

export const HOST_FIXTURES = {
  null: host(
    "v1",
    { image: null, bootOrder: "default" },
    { staged: null, booted: null, rollback: null, rollbackQueued: false, type: null },
  ),
  onlyBooted: host(
    "v1alpha1",
    { image: CENTOS, bootOrder: "default" },
    { staged: null, booted: centos("38", false), rollback: null, rollbackQueued: false, type: "bootcHost" },
  ),
  viaLocalOci: host(
    "v1alpha1",
    { image: { image: "/var/mnt/osupdate:latest", transport: "oci" }, bootOrder: "default" },
    {
      staged: null,
      booted: {
        ...centos("38", false),
        image: {
          ...centos("38", false).image,
          image: { image: "/var/mnt/osupdate", transport: "oci" },
          architecture: "amd64",
        },
      },
      rollback: null,
      rollbackQueued: false,
      type: "bootcHost",
    },
  ),
  stagedBooted: host(
    "v1alpha1",
    { image: SOMEIMAGE },
    { staged: STAGED, booted: PREVIOUS, rollback: null, isContainer: false },
  ),
  stagedDownloadOnly: host(
    "v1alpha1",
    { image: SOMEIMAGE },
    { staged: { ...STAGED, downloadOnly: true }, booted: PREVIOUS, rollback: null, isContainer: false },
  ),
  stagedRollback: host(
    "v1alpha1",
    { image: SOMEIMAGE },
    { staged: STAGED, booted: null, rollback: PREVIOUS, isContainer: false },
  ),
  bootedPinned: host(
    "v1",
    { image: CENTOS, bootOrder: "default" },
    {
      staged: null,
      booted: centos("38", true),
      rollback: null,
      otherDeployments: [centos("37", true)],
      rollbackQueued: false,
      type: "bootcHost",
    },
  ),
  /** An ostree host with layered packages, where nothing is a container image. */
  rfeOstree: host(
    "v1alpha1",
    { image: null, bootOrder: "default" },
    {
      staged: ostreeOnly("1c24260fdd1be20f72a4a97a75c582834ee3431fbb0fa8e4f482bb219d633a45", true),
      booted: ostreeOnly("f9fa3a553ceaaaf30cf85bfe7eed46a822f7b8fd7e14c1e3389cbc3f6d27f791", true),
      rollback: null,
      rollbackQueued: false,
      type: null,
    },
  ),
  /** Composed: no fixture upstream has `ostreeRemote` and an overlay in one. */
  remoteAndOverlay: host(
    "v1",
    { image: { ...SOMEIMAGE, signature: { ostreeRemote: "fedora" } }, bootOrder: "rollback" },
    {
      staged: null,
      booted: {
        ...PREVIOUS,
        image: { ...PREVIOUS.image, image: { ...SOMEIMAGE, signature: { ostreeRemote: "fedora" } } },
      },
      rollback: null,
      rollbackQueued: true,
      type: "bootcHost",
      usrOverlay: { accessMode: "readWrite", persistence: "transient" },
      readOnly: false,
    },
  ),
  /** Composed from bootc's structs, with an enumeration value and a field that this code does not know. */
  composefs: host(
    "v1",
    { image: { image: "/var/lib/x/os:latest", transport: "oci" }, bootOrder: "default" },
    {
      staged: null,
      booted: {
        ...PREVIOUS,
        ostree: null,
        composefs: {
          bootDigest: null,
          bootType: "Uki",
          bootloader: "someday",
          missingVerityAllowed: false,
          verity: "ab".repeat(64),
          unheardOf: 1,
        },
        softRebootCapable: true,
        store: null,
      },
      rollback: null,
      rollbackQueued: false,
      type: null,
      unheardOf: {},
    },
  ),
} as const;
