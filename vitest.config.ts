import { defineConfig } from "vitest/config";

const project = (name: string, testTimeout: number) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout },
});

export default defineConfig({
  test: {
    // `images` needs Debian packages and root (see test/images/README.md); `npm test` runs without either.
    projects: [
      project("architecture", 60_000),
      project("unit", 60_000),
      project("integration", 120_000),
      project("images", 900_000),
    ],
  },
});
