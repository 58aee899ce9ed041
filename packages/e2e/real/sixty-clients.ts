import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { type ManyClient, runMany } from '../client-matrix/run-many.ts';

// 60 statements by clients of five kinds: twelve at the same time in one process of each driver, twelve by the bare protocol.
// Every third statement writes.

export const TABLE = 'memory.default.counted';
const OF_EACH = 12;
const DRIVERS: ManyClient[] = ['dbapi', 'go', 'js', 'jdbc'];
const say = (line: string) => void process.stderr.write(`${line}\n`);

/** Whether the statement with this number is an INSERT. */
export const isWrite = (number: number) => number % 3 === 0;

/** Whether the client of this number speaks the bare protocol. */
export const isBare = (number: number) => number < OF_EACH;

/** What the client of this number must get. */
export const expected = (number: number) => (isWrite(number) ? '1' : String(number));

/** Each takes a good part of a second, so that they pile up. */
function statement(mark: string, number: number): string {
  const comment = `/* ${mark} ${number} */`;
  return isWrite(number)
    ? `INSERT INTO ${TABLE} SELECT '${mark}', ${number} + count(*) - count(*) FROM tpch.sf1.customer ${comment}`
    : `SELECT ${number} + count(*) - count(*) FROM tpch.sf1.customer ${comment}`;
}

/** Which of the drivers can be had here, by a query of each; the others are said to be missing. */
export async function presentDrivers(url: string): Promise<ManyClient[]> {
  const found: ManyClient[] = [];
  for (const kind of DRIVERS) {
    try {
      const [answer] = await runMany(kind, { url, user: 'e2e', statements: ['SELECT 7'], timeoutMs: 240_000, say });
      if (answer !== '7') throw new Error(`${kind} read ${answer} where 7 was expected`);
      found.push(kind);
    } catch (error) {
      if (!(error instanceof MissingToolError)) throw error;
      say(`${kind}: skipped: ${error.message}`);
    }
  }
  return found;
}

export type SixtyClients = {
  url: string;
  /** Stands in every statement, and is the user of all. */
  mark: string;
  drivers: readonly ManyClient[];
  /** Of the clients of the bare protocol: whether this one repeats what failed to connect or was cut. */
  retries: (number: number) => boolean;
};

/**
 * What each client got: the first value of the answer, `error: …`, or `broken: …` where a client of the bare protocol, the first
 * twelve, lost its connection. Those submit one after the other, the drivers all at once.
 */
export async function runSixty({ url, mark, drivers, retries }: SixtyClients): Promise<string[]> {
  const numbers = (kind: number) => Array.from({ length: OF_EACH }, (_, at) => kind * OF_EACH + at);
  const others = drivers.map((kind, at) => {
    const statements = numbers(at + 1).map((number) => statement(mark, number));
    return runMany(kind, { url, user: mark, statements, timeoutMs: 600_000, say });
  });
  const bare: Promise<string>[] = [];
  for (const number of numbers(0)) {
    const { promise: submitted, resolve } = Promise.withResolvers<void>();
    const options = { user: mark, retryForMs: retries(number) ? 120_000 : 0, onPage: () => resolve() };
    const outcome = runQuery(url, statement(mark, number), options).then(
      ({ rows, error }) => (error ? `error: ${error.message}` : String(rows[0]?.[0])),
      (error: Error) => `broken: ${error.message}`,
    );
    bare.push(outcome);
    await Promise.race([submitted, outcome]);
  }
  return [...(await Promise.all(bare)), ...(await Promise.all(others)).flat()];
}
