import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const client = fileURLToPath(new URL('../sdk/typescript/src/index.ts', import.meta.url));

export default defineConfig({
  // Relative: the page works behind a proxy that adds a prefix.
  base: './',
  resolve: { alias: { '@stenopool/client': client } },
  build: {
    target: 'es2022',
    // The policy of the page allows no data: scripts or styles; pictures this small are drawn as SVG in the markup.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  test: { environment: 'happy-dom', include: ['test/**/*.test.{ts,tsx}'] },
});
