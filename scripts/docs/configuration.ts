// Writes docs/configuration.md from the configuration schema; with --check says whether it is up to date (0 or 1).
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configurationPage } from './configuration-page.ts';

const docs = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
const page = configurationPage(readFileSync(docs('gateway.example.yaml'), 'utf8'));

if (!process.argv.includes('--check')) writeFileSync(docs('configuration.md'), page);
else if (readFileSync(docs('configuration.md'), 'utf8') !== page) {
  console.error('docs/configuration.md differs from the configuration schema: run make generate');
  process.exit(1);
}
