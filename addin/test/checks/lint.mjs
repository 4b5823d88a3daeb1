/** House rules that the compiler does not know: no `any`, Office.js in one place, no sentence outside src/strings, no inline styles. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../src', import.meta.url));
const files = readdirSync(root, { recursive: true }).filter((name) => /\.tsx?$/.test(name)).map((name) => join(root, name));
const rules = [
  { name: 'no any', where: () => true, match: /[:<,(|&]\s*any\b|\bas any\b|@ts-(ignore|nocheck|expect-error)/ },
  { name: 'Office.js only in src/office', where: (file) => !file.startsWith('office/'), match: /\bOffice\./ },
  { name: 'no inline style', where: (file) => file.endsWith('.tsx'), match: /\sstyle=/ },
  { name: 'no unsafe HTML', where: () => true, match: /dangerouslySetInnerHTML|\.innerHTML/ },
  { name: 'no console', where: () => true, match: /\bconsole\./ },
  { name: 'no storage of tokens', where: () => true, match: /localStorage|sessionStorage/i },
  { name: 'sentences live in src/strings', where: (file) => file.endsWith('.tsx'), match: />\s*[A-Z][a-z]+ [a-z]+[^<{]*</ },
  { name: 'model is pure', where: (file) => file.startsWith('model/'), match: /\b(document|window|fetch|setTimeout|Date\.now)\b/ },
];
const faults = [];
for (const file of files) {
  const name = relative(root, file);
  readFileSync(file, 'utf8').split('\n').forEach((line, at) => {
    const code = line.replace(/\/\/.*$|^\s*\*.*$|^\s*\/\*\*.*$/, '');
    for (const rule of rules) {
      if (rule.where(name) && rule.match.test(code)) faults.push(`src/${name}:${at + 1} ${rule.name}: ${line.trim()}`);
    }
  });
}
faults.forEach((fault) => console.error(fault));
console.log(`${files.length} files looked at, ${faults.length} faults`);
process.exit(faults.length ? 1 : 0);
