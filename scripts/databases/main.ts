import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { ENGINES, type ServerEngine, startDatabase } from '@trino-gateway/testing/databases/start-database';

const USAGE = `usage: node scripts/databases/main.ts start ${ENGINES.join('|')} [--port N]

Starts a database server on loopback with empty data, prints its URL and keeps it until Ctrl-C. Nothing is installed.`;

const { positionals, values } = parseArgs({ allowPositionals: true, options: { port: { type: 'string' } } });
const [command, engine] = positionals;
const port = values.port === undefined ? undefined : Number(values.port);
if (command !== 'start' || !isEngine(engine) || (port !== undefined && !(Number.isInteger(port) && port > 0))) {
  console.error(USAGE);
  process.exit(2);
}

// Listening before the start, so that a Ctrl-C during it is not lost.
const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await using database = await startDatabase(engine, port === undefined ? {} : { port });
console.log(database.url);
await ended;

function isEngine(name: string | undefined): name is ServerEngine {
  return ENGINES.some((known) => known === name);
}
