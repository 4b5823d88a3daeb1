/** Serves the pane with a made-up Outlook and a made-up API, to look at and to photograph. Never shipped. */
import { defineConfig } from 'vite';

export default defineConfig({ root: '.', appType: 'mpa', server: { fs: { strict: false } }, cacheDir: 'node_modules/.vite-harness' });
