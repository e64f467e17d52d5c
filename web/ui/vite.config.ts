import { writeFileSync } from 'node:fs';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// Where `npm run dev` sends API calls: a running hashyard, or the fixture
// server of e2e/fixture.
const api = process.env.HASHYARD_API ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [
    react(),
    {
      // dist/.keep is committed so that Go embeds a folder on a clean clone.
      name: 'keep-dist',
      closeBundle: () => writeFileSync(new URL('dist/.keep', import.meta.url), ''),
    },
  ],
  build: {
    target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 1900,
    // The API viewer is a page of its own: who only uses the app never loads it.
    rollupOptions: { input: { app: 'index.html', docs: 'docs/index.html' } },
  },
  server: { proxy: { '/api': api, '/openapi.json': api } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
