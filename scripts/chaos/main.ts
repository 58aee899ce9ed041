// make chaos MINUTES=n: two gatewayservers on one database, two routers, a monitor and two scripted clusters, while everything
// is killed in turn. Ends with exit code 1 when one of the promises was broken. SEED repeats what was done, ENGINE chooses
// the database (postgres, mysql, mariadb), CLIENTS how many there are, RECORD=FILE appends the result to a document.
import { appendFile } from 'node:fs/promises';
import { runChaos } from '@trino-gateway/e2e/chaos';
import { ENGINES, startDatabase } from '@trino-gateway/testing/databases/start-database';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';

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

const lines: string[] = [];
const say = (line: string) => {
  lines.push(line);
  console.log(line);
};
const began = performance.now();
const progress = (line: string) =>
  console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${line}`);

say(`## ${new Date().toISOString()} · ${minutes} minutes · SEED=${seed} · ${engine} · ${clients} clients`);
const verdicts = await run(engine);
for (const { name, holds, text } of verdicts) say(`- ${holds ? 'holds' : 'BROKEN'}: ${name}: ${text}`);
const failed = verdicts.filter(({ holds }) => !holds).length;
say(`${verdicts.length - failed} passed, ${failed} failed`);
if (process.env.RECORD) await appendFile(process.env.RECORD, `${lines.join('\n')}\n\n`);
process.exit(failed > 0 ? 1 : 0);

async function run(on: (typeof ENGINES)[number]): Promise<Awaited<ReturnType<typeof runChaos>>> {
  try {
    await using database = await startDatabase(on);
    return await runChaos({ database, minutes, seed, clients, say, progress });
  } catch (error) {
    if (error instanceof MissingToolError) {
      console.log(`${on}: ${error.message}\n0 passed, 0 failed, 1 skipped`);
      process.exit();
    }
    console.error(error);
    const text = error instanceof Error ? error.message : String(error);
    return [{ name: 'the run came to its end', holds: false, text }];
  }
}
