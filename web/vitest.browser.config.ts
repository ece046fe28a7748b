import { defineConfig } from 'vitest/config';

/** The page in a real browser before a running stack; tests/browser/test_page.py starts that and says where it is. */
export default defineConfig({
  test: {
    include: ['browser/**/*.test.ts'],
    // Pictures are made when they are asked for.
    exclude: process.env['STENOPOOL_IMAGES'] ? [] : ['browser/screenshots.test.ts'],
    environment: 'node',
    // One browser, one stack: they would get into each other's lists of jobs.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
