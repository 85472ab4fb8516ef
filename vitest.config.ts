import { defineConfig } from "vitest/config";

const project = (name: string, testTimeout: number) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout },
});

export default defineConfig({
  test: {
    // `images` and `vm` need Debian packages and root (test/images/README.md, test/vm/README.md); `npm test` runs without.
    projects: [
      project("architecture", 60_000),
      project("unit", 60_000),
      project("integration", 120_000),
      project("images", 900_000),
      project("vm", 1_800_000),
    ],
  },
});
