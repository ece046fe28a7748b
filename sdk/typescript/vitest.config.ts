import { defineConfig } from 'vitest/config';

const source = (name: string) => new URL(`src/${name}.ts`, import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@stenopool\/client$/, replacement: source('index') },
      { find: /^@stenopool\/client\/node$/, replacement: source('node') },
    ],
  },
  // One process for all files: on two cores a pool costs more than it saves.
  test: { include: ['test/**/*.test.ts'], pool: 'threads', maxWorkers: 1, isolate: false, testTimeout: 20_000 },
});
