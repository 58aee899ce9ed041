// make smuggling: the table of request smuggling, run against the router and beside it against nginx. Prints what each does with
// each case, keeps it in packages/e2e/smuggling/RESULTS.md, and ends with exit code 1 when the router does something else than it must.
import { writeFile } from 'node:fs/promises';
import { runSmuggling } from '@trino-gateway/e2e/smuggling';

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const { lines, failed } = await runSmuggling();
const day = new Date().toISOString().slice(0, 10);
const head = [
  '# Request smuggling: what the router and nginx do',
  '',
  `Written by \`make smuggling\` on ${day}, the router on Node ${process.versions.node}, nginx as \`make bench\` starts it. The cases stand in`,
  '`requests/` and `answers/`. "stays" means that the next request on the connection was served, "passed" what reached a coordinator',
  'as a message. "other" marks what is not as the table expects; of nginx that need not be a fault, as it knows nothing of Trino.',
  '',
];
await writeFile(
  new URL('../../packages/e2e/smuggling/RESULTS.md', import.meta.url),
  `${[...head, ...lines].join('\n')}\n`,
);
console.log(lines.join('\n'));
for (const { id, saw, problems } of failed) console.log(`FAILED  ${id}: ${problems.join('; ')} (${saw})`);
console.log(`${failed.length} failed`);
process.exit(failed.length > 0 ? 1 : 0);
