/**
 * What to do, in Chinese, by error code: for what a device can show. A code that is not here is told in English.
 *
 * The agent's own codes are total by type; that the others exist is held by a test.
 */
import type { AgentErrorCode } from "../../agent/error.ts";

const OF_THE_AGENT: Readonly<Record<AgentErrorCode, string>> = {
  AGENT_TRUST_ROOT_MISSING: "请把贵方的根证书文件放到 /etc/bootferry/root.json，或在 agent.toml 中写明文件位置。",
  AGENT_RELEASE_FAILED_HERE: "请换用更新的版本；确要再试一次，请运行 `bootferry agent approve`。",
  AGENT_SECOND_LOCK: "请重新插入U盘。如果再次被拒绝，请检查设备的磁盘，并报告原因中的两个摘要值。",
  AGENT_UNHEALTHY: "请查看原因中检查项的输出（`bootferry agent history`），在镜像中修正后换用更新的版本。",
  AGENT_FELL_BACK: "更新期间请保持设备通电。如果原因中提到死机或紧急模式，请在镜像中修正。设备会自动再试，最多两次。",
  AGENT_NEVER_BOOTED: "请检查启动菜单和启动分区（`bootferry os status`），然后重新插入U盘。",
  AGENT_WITHDRAWN: "如果是有意为之，无需处理；否则请重新插入U盘。",
  AGENT_INTERRUPTED: "请重新插入U盘。已经复制的内容不会重复读取。",
  AGENT_APPROVE_UNKNOWN: "请写明 `bootferry agent history` 中列为失败的版本。",
  AGENT_MEDIUM_QUARANTINED:
    "请把更新写到另一个U盘。如果当时只是断电，可运行 `bootferry agent approve --medium` 允许再试一次。",
};

const ASK_PUBLISHER = "请不要使用这个U盘。请向发布者索取新的版本，并告知此代码。";
const TELL_PUBLISHER = "请把此代码和原因告知发布者，更新需要重新制作并签名。";
const NEWER_AGENT_FIRST = "请先安装适用于本设备当前程序的版本；发布者可以提供一个带有新程序的中间版本。";
const WRITE_AGAIN = "请在工作站上重新写入U盘，并用 `bootferry release verify` 核对。";
const REPAIR = "请插入带有此版本的U盘并运行 `bootferry os verify --repair`，或重新安装此版本。";

const OF_RELEASES: Readonly<Record<string, string>> = {
  BUNDLE_AGENT_TOO_OLD: NEWER_AGENT_FIRST,
  BUNDLE_ARCHITECTURE_MISMATCH: "请向发布者索取适用于本设备处理器架构的版本。",
  BUNDLE_ARTIFACT_INVALID: "请用 `bootferry release create` 重新写入U盘。",
  BUNDLE_COMPATIBLE_MISMATCH: "这个U盘用于另一种设备。请用在它所指明的设备上，或向发布者索取适用于本设备的版本。",
  BUNDLE_DEVICE_NOT_LISTED: "这个更新只用于指定的设备。请用在那些设备上，或请发布者把本设备列入。",
  BUNDLE_IMAGE_MISMATCH: TELL_PUBLISHER,
  BUNDLE_INDEX_TOO_LONG: "请用 `bootferry release remove` 删除不再需要的版本，或重新写一个U盘。",
  BUNDLE_MEDIUM_FAILED: "请重新插入U盘再试。如果再次失败，说明U盘已损坏，请换一个。",
  BUNDLE_MEDIUM_FOREIGN: "请插入由 `bootferry release create` 写入的U盘：其顶层有 `bootferry` 目录。",
  BUNDLE_MEDIUM_NOT_PLAIN: "请重新写入U盘：其中只能有普通的文件和目录，不能有链接。",
  BUNDLE_MEMBER_UNKNOWN: NEWER_AGENT_FIRST,
  BUNDLE_NAME_NOT_FOLLOWED: "请插入本设备所用系列的更新U盘，或在 agent.toml 的 `[follow]` 中更改 `name`。",
  BUNDLE_NO_RELEASE: "请确认U盘没有拿错，并用 `bootferry release create` 写入更新。",
  BUNDLE_REQUIREMENT_UNKNOWN: NEWER_AGENT_FIRST,
  BUNDLE_ROOTS_TOO_LARGE: "请用贵方自己的根证书文件重新写一个U盘。",
  BUNDLE_SPEC_VERSION_UNSUPPORTED: NEWER_AGENT_FIRST,
  BUNDLE_STATEMENT_INVALID: TELL_PUBLISHER,
  BUNDLE_STEP_NEEDED: "请先安装原因中指明的版本，等它通过检查后再插入这个U盘。",
  TRUST_ENVELOPE_INVALID: ASK_PUBLISHER,
  TRUST_EXPIRED: "请换用更新的版本。已安装的系统照常运行，只是不再安装这个版本。",
  TRUST_KEY_REVOKED: "请不要使用这个U盘：它的签名密钥已被吊销。请向发布者索取用现行密钥签名的版本。",
  TRUST_KEY_UNKNOWN: "请确认这个U盘是给本设备用的：它的签名密钥不在本设备信任的根证书中。",
  TRUST_NAME_NOT_PERMITTED: "请插入本设备所用系列的U盘，或带有允许更换系列的根证书的U盘。",
  TRUST_PAYLOAD_TYPE: ASK_PUBLISHER,
  TRUST_RELEASE_REVOKED: "请不要安装这个版本：发布者已将其撤回。请索取替代它的版本。",
  TRUST_ROLE_MISSING: "请让有相应角色的人用 `bootferry release sign` 补上签名，再插入U盘。",
  TRUST_ROOT_EXPIRED: "请插入带有新根证书的U盘。已安装的系统照常运行，只是不再安装新版本。",
  TRUST_ROOT_INVALID: "请使用由 `bootferry root create` 制作的完整根证书文件。",
  TRUST_ROOT_NOT_SUCCESSOR:
    "请带上从下一版起的所有根证书文件，依次排列、不能缺漏，且每一份都要有前一版足够的根密钥签名。",
  TRUST_ROOT_VERSION_UNSUPPORTED: "请先在本设备上安装新的 bootferry：根证书使用了它不认识的格式。",
  TRUST_SEQUENCE_BELOW_MINIMUM: "请换用更新的版本：发布者的根证书不再允许安装这个版本。",
  TRUST_SEQUENCE_CONFLICT: "请向发布者询问两个版本中哪一个正确，并请其以更高的序号重新发布。",
  TRUST_SEQUENCE_OLDER: "U盘上的版本比已安装的旧。请换用更新的版本；要退回原来的系统，请运行 `bootferry os rollback`。",
  TRUST_SIGNATURE_INVALID: ASK_PUBLISHER,
  TRUST_THRESHOLD_NOT_MET: "签名数量不够。请让缺少签名的密钥持有人用 `bootferry release sign` 补上，再插入U盘。",
};

const OF_CONTENTS: Readonly<Record<string, string>> = {
  COMPOSEFS_IMAGE_CORRUPT: WRITE_AGAIN,
  COMPOSEFS_OBJECT_NAME_MISMATCH: WRITE_AGAIN,
  OCI_BLOB_DIGEST_MISMATCH: WRITE_AGAIN,
  OCI_BLOB_MISSING: WRITE_AGAIN,
  OCI_BLOB_SIZE_MISMATCH: WRITE_AGAIN,
  OCI_BLOB_TOO_LARGE: WRITE_AGAIN,
  OCI_BLOB_UNREADABLE: "请重新插入U盘再试。如果再次失败，说明U盘已损坏，请换一个。",
  OCI_DOCUMENT_INVALID: WRITE_AGAIN,
  OCI_JSON_DUPLICATE_KEY: WRITE_AGAIN,
  OCI_JSON_INVALID: WRITE_AGAIN,
  OCI_JSON_TOO_DEEP: WRITE_AGAIN,
  OCI_JSON_TOO_LARGE: WRITE_AGAIN,
  OCI_NOT_A_REGULAR_FILE: "请重新写入U盘：其中只能有普通的文件和目录，不能有链接。",
  OCI_LAYER_CORRUPT: WRITE_AGAIN,
  OCI_LAYOUT_MISSING: "请确认U盘没有拿错，并用 `bootferry release create` 写入更新。",
  STORE_BASE_DAMAGED:
    "请换用带有完整版本的U盘，它会替换损坏的内容；或用完整的U盘运行 `bootferry os verify --repair` 修复基础版本后再插入这个U盘。",
  STORE_BASE_MISSING: "请换用带有完整版本的U盘；或先安装原因中指明的基础版本，等它通过检查后再插入这个U盘。",
  STORE_IMAGE_CORRUPT: REPAIR,
  STORE_IMAGE_MISSING: REPAIR,
  STORE_NO_SPACE: "设备空间不足。请按原因中的数量在根文件系统上腾出空间，再重新插入U盘。",
  STORE_OBJECT_CORRUPT: REPAIR,
  STORE_OBJECT_MISSING: REPAIR,
  STORE_OBJECT_MISSING_FROM_MEDIUM: "请把完整的版本写入U盘；只含差异的U盘只能用在已有其基础版本的设备上。",
  STORE_PACK_INVALID: "请用 `bootferry release copy --base` 重新写入差异，或换用带有完整版本的U盘。",
  STORE_TREE_ABSENT: "这个版本只能用在 bootc 主机上。请为本设备重新制作，不要加 --no-tree。",
  STORE_TREE_MISMATCH: TELL_PUBLISHER,
  STORE_VERITY_UNAVAILABLE:
    "请安装 fsverity-utils 并为文件系统启用 verity（`tune2fs -O verity`），或把 fs-verity 设为 `on` 或 `off`。",
};

const OF_THE_DEVICE: Readonly<Record<string, string>> = {
  DEPLOY_BOOT_NO_SPACE: "启动分区空间不足。请删除其中无关的文件，或扩大分区：它要放得下两套内核。",
  DEPLOY_BOOT_PARTITION_ABSENT: "请挂载启动分区（`findmnt /boot`）后再试；没有它时不会做任何改动。",
  HOST_IO: "请查看内核日志（dmesg）中的磁盘错误；操作可以放心重试。",
  HOST_NO_SPACE: "请在原因中指明的文件系统上腾出空间后再试。",
  HOST_TOOL_FAILED: "请查看原因中工具的输出，修正后再试。",
  HOST_TOOL_MISSING: "请在系统中安装原因中指明的工具后再试。",
  MEDIA_FILESYSTEM_NOT_ALLOWED: "请把U盘格式化为本设备允许的文件系统（exFAT 或 FAT），再写入更新。",
  MEDIA_FILESYSTEM_UNKNOWN: "请用 `bootferry media format` 重新格式化U盘，再写入更新。",
  MEDIA_LUKS_KDF_TOO_LARGE:
    "请用较少的内存重新设置密钥槽（`cryptsetup luksConvertKey --pbkdf-memory`），或调大 max-kdf-memory-mib。",
  MEDIA_LUKS_UNSUPPORTED: "请用 `bootferry media format --luks` 重新制作加密U盘。",
  MEDIA_LUKS_LOCKED: "U盘已加密，本设备没有打开它的密钥。请检查 agent.toml 中 `[media.luks]` 的设置。",
  MEDIA_MOUNT_FAILED: "请重新插入U盘再试。如果再次失败，请在工作站上重新格式化并写入。",
  MEDIA_REMOVED: "请重新插入U盘，直到屏幕显示可以拔出为止。已经复制的内容不会重复读取。",
};

export const zhRemedies: Readonly<Record<string, string>> = {
  ...OF_THE_AGENT,
  ...OF_RELEASES,
  ...OF_CONTENTS,
  ...OF_THE_DEVICE,
};
