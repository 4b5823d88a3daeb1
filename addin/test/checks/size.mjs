/** The pane's own script, gzipped, against its budget: everything in dist but MSAL (and Office.js, which is not ours to ship). */
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET = 60_000;
const folder = new URL('../../dist/assets/app/', import.meta.url);
const page = readFileSync(new URL('../../dist/taskpane.html', import.meta.url), 'utf8');
const files = readdirSync(folder).filter((name) => name.endsWith('.js'));
const text = (name) => readFileSync(new URL(name, folder), 'utf8');

// MSAL lives in chunks of its own, loaded late; it must not be reachable from the page without being asked for.
const isMsal = (name) => /msal|nestedAppAuth|CacheKeys/i.test(name) || /msal\.js\.browser|@azure\/msal/.test(text(name));
const entry = files.find((name) => page.includes(name));
if (!entry) throw new Error('taskpane.html names no script: run npm run build first');
const statically = (name) => [...text(name).matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)].map((found) => found[1]);
const first = new Set([entry]);
for (const name of first) statically(name).forEach((next) => first.add(next));

const own = files.filter((name) => !isMsal(name) && !name.startsWith('auth-redirect'));
const sizes = Object.fromEntries(own.map((name) => [name, gzipSync(text(name), { level: 9 }).length]));
const total = Object.values(sizes).reduce((sum, size) => sum + size, 0);
console.log(JSON.stringify({ first: [...first], own: sizes, total, budget: BUDGET }, null, 2));
if ([...first].some(isMsal)) throw new Error('MSAL is loaded with the first script; it must be imported late');
if (total > BUDGET) throw new Error(`the pane's own script is ${total} bytes gzipped, more than ${BUDGET}`);
