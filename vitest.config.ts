import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // One fewer than the cores would leave one of two idle; tests that start threads and processes share them well.
    maxWorkers: '100%',
  },
});
