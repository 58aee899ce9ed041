import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { startScriptedTrino } from './scripted-trino.ts';
import type { StatementScript } from './statement-script.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'no-process-forwarded': { type: 'boolean', default: false },
    rows: { type: 'string' },
    pages: { type: 'string', default: '1' },
    'page-bytes': { type: 'string' },
    'run-ms': { type: 'string', default: '0' },
    spooling: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    'starting-ms': { type: 'string', default: '0' },
    record: { type: 'string', default: '0' },
  },
});

/** With --rows, --page-bytes or --short every SELECT that no built-in statement needs does the same. */
function loadScript(): StatementScript | undefined {
  if (values.rows === undefined && values['page-bytes'] === undefined && !values.short) return undefined;
  const rows = Array.from({ length: Number(values.rows ?? 1) }, (_, at) => [at, `row ${at}`]);
  return {
    columns:
      values['page-bytes'] === undefined
        ? [
            { name: 'n', type: 'bigint' },
            { name: 's', type: 'varchar' },
          ]
        : [{ name: 's', type: 'varchar' }],
    rows,
    pages: Number(values.pages),
    runMs: Number(values['run-ms']),
    ...(values['page-bytes'] === undefined ? {} : { pageBytes: Number(values['page-bytes']) }),
    ...(values.short ? { paging: 'short' as const, queuedPolls: 1 } : {}),
  };
}

const script = loadScript();
await using trino = await startScriptedTrino({
  port: Number(values.port),
  processForwarded: !values['no-process-forwarded'],
  startingMs: Number(values['starting-ms']),
  recordLimit: Number(values.record),
  ...(values.spooling ? { spooling: {} } : {}),
  maxHistory: 1000,
  script: ({ statement }) =>
    script !== undefined && /^\s*select\b/i.test(statement) && !statement.includes('system.runtime')
      ? script
      : undefined,
});
console.log(`scripted Trino at ${trino.url}`);
await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
