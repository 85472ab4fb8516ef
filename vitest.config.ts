import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const project = (name: string, testTimeout: number) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout },
});

/** What takes longest begins first, so that it is not waited for when all else has ended. */
const LONGEST =
  /\/vm\/scenarios\/[eh]-|\/(lying-media|hostile-layers|verify-py|agent\.test|recovery-device|ingest-crash)/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONGEST.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // `panel`, `images`, `package` and `vm` need Debian packages and root (docs/testing.md); `npm test` runs without.
    projects: [
      project("architecture", 60_000),
      project("unit", 60_000),
      project("integration", 120_000),
      project("panel", 600_000),
      project("images", 900_000),
      project("package", 600_000),
      project("vm", 1_800_000),
    ],
  },
});
