// make chaos MINUTES=n: two gatewayservers on one database, two routers, a monitor and two scripted clusters, while everything
// is killed in turn. Ends with exit code 1 when one of the promises was broken. SEED repeats what was done, ENGINE chooses
// the database (postgres, mysql, mariadb), CLIENTS how many there are, RECORD=FILE appends the result to a document.
import { runChaos } from '@trino-gateway/e2e/chaos';
import { ENGINES, startDatabase } from '@trino-gateway/testing/databases/start-database';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import { beginReport, brokenOff } from './report.ts';

const minutes = Number(process.env.MINUTES ?? 3);
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const clients = Number(process.env.CLIENTS ?? 24);
const engine = ENGINES.find((name) => name === (process.env.ENGINE ?? 'postgres'));
if (!(minutes > 0) || !Number.isInteger(seed) || !(clients > 0) || engine === undefined) {
  console.error(
    `usage: MINUTES=n SEED=n CLIENTS=n ENGINE=${ENGINES.join('|')} [RECORD=FILE] node scripts/chaos/main.ts`,
  );
  process.exit(2);
}

const { say, progress, end } = beginReport(`${minutes} minutes · SEED=${seed} · ${engine} · ${clients} clients`);
await end(await run(engine));

async function run(on: (typeof ENGINES)[number]): Promise<Awaited<ReturnType<typeof runChaos>>> {
  try {
    await using database = await startDatabase(on);
    return await runChaos({ database, minutes, seed, clients, say, progress });
  } catch (error) {
    if (error instanceof MissingToolError) {
      console.log(`${on}: ${error.message}\n0 passed, 0 failed, 1 skipped`);
      process.exit();
    }
    return brokenOff(error);
  }
}
