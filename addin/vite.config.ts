/** Builds the pane into dist/: pages by name, icons under assets/ by name, all else under assets/app/ with a hash. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** Icons keep their names: the manifest points at them, and Office wants them without any caching header. */
function icons(): Plugin {
  return {
    name: 'icons',
    generateBundle() {
      for (const name of readdirSync('assets')) {
        if (/\.(png|svg)$/.test(name)) this.emitFile({ type: 'asset', fileName: `assets/${name}`, source: readFileSync(`assets/${name}`) });
      }
    },
  };
}

/** The API's page under /docs: Swagger UI's own files, served by us, with a start script of ours instead of an inline one. */
function docs(): Plugin {
  const home = 'node_modules/swagger-ui-dist';
  return {
    name: 'docs',
    generateBundle() {
      for (const name of ['swagger-ui-bundle.js', 'swagger-ui.css']) {
        this.emitFile({ type: 'asset', fileName: `assets/docs/${name}`, source: readFileSync(`${home}/${name}`) });
      }
      this.emitFile({ type: 'asset', fileName: 'assets/docs/start.js', source: readFileSync('docs/start.js') });
      this.emitFile({ type: 'asset', fileName: 'docs.html', source: readFileSync('docs/docs.html') });
    },
  };
}

export default defineConfig({
  // Relative, so that the pane also works below a path.
  base: './',
  publicDir: false,
  plugins: [icons(), docs()],
  build: {
    target: ['es2020', 'safari14'],
    outDir: 'dist',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { taskpane: 'taskpane.html', 'auth-redirect': 'auth-redirect.html' },
      output: {
        entryFileNames: 'assets/app/[name]-[hash].js',
        chunkFileNames: 'assets/app/[name]-[hash].js',
        assetFileNames: 'assets/app/[name]-[hash][extname]',
      },
    },
  },
  test: { environment: 'jsdom', include: ['test/**/*.test.{ts,tsx}'] },
});
