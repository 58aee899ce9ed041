import { parseArgs } from 'node:util';
import { type ClientName, clientNames, runClientMatrix } from '@trino-gateway/e2e/client-matrix';

const HELP = `usage: node scripts/client-matrix/main.ts URL USER [options]

  --client NAME        only this client; may be repeated: ${clientNames.join(' ')}
  --backends URL,URL   the clusters behind URL, asked what became of cancelled queries (default: URL)
  --pyhive-headers H   presto (default) or trino: which headers PyHive sends
  Environment: MATRIX_PASSWORD.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    client: { type: 'string', multiple: true },
    backends: { type: 'string' },
    'pyhive-headers': { type: 'string', default: 'presto' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const [url, user] = positionals;
const isClient = (name: string): name is ClientName => clientNames.some((one) => one === name);
const only = values.client?.filter(isClient);

if (values.help || url === undefined || user === undefined || only?.length !== values.client?.length) {
  console.log(HELP);
  process.exitCode = values.help ? 0 : 2;
} else {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const password = process.env.MATRIX_PASSWORD;
  const results = runClientMatrix({
    url,
    user,
    ...(password === undefined ? {} : { password }),
    ...(values.backends === undefined ? {} : { backends: values.backends.split(',') }),
    ...(only === undefined ? {} : { only }),
    pyhive: values['pyhive-headers'] === 'trino' ? 'trino' : 'presto',
    say: (line) => console.error(line),
  });
  for await (const { client, name, outcome, detail } of results) {
    counts[outcome] += 1;
    console.log(`${client} ${name} ${outcome}${detail === undefined ? '' : `: ${detail}`}`);
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exitCode = counts.failed > 0 ? 1 : 0;
}
