import { join } from 'node:path';
import { type CaseName, commonCases } from './cases.ts';
import { cliProgram, jdbcProgram } from './java-programs.ts';
import { clientsFolder, goProgram, javascriptProgram, pythonWithPackages } from './toolchains.ts';

/** How to start a client's program; URL and USER are appended. */
export type Program = { command: string; args: readonly string[] };

/** A client: the cases it is tried with, and its program, installed when need be (MissingToolError when that cannot be). */
export type Client = {
  cases: readonly CaseName[];
  /** The encodings of spooled results that it reads. */
  encodings: readonly Encoding[];
  program: (say: (line: string) => void) => Promise<Program>;
};

/** How a spooled result is encoded. */
export type Encoding = (typeof encodings)[number];
export const encodings = ['json', 'json+zstd', 'json+lz4'] as const;

const python = (file: string) => async (say: (line: string) => void) => ({
  command: await pythonWithPackages(say),
  args: [join(clientsFolder, 'python', file)],
});

const own = (file: string, ...args: string[]): Program => ({
  command: process.execPath,
  args: ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, file), ...args],
});

/** The seven clients of the promise, and the bare protocol. */
export const clients = {
  cli: {
    cases: commonCases,
    encodings,
    program: async (say) => {
      const { command, args } = await cliProgram(say);
      return own('cli-program.ts', JSON.stringify([command, ...args]));
    },
  },
  jdbc: {
    cases: [...commonCases, 'valid'],
    encodings,
    program: (say) => jdbcProgram('Cases', say),
  },
  dbapi: { cases: commonCases, encodings, program: python('dbapi_client.py') },
  sqlalchemy: { cases: [...commonCases, 'tables', 'inspection'], encodings, program: python('sqlalchemy_client.py') },
  go: { cases: commonCases, encodings, program: async (say) => ({ command: await goProgram(say), args: [] }) },
  js: {
    cases: commonCases,
    // It reads rows from pages alone, as PyHive does.
    encodings: [],
    program: async (say) => ({ command: process.execPath, args: [await javascriptProgram(say)] }),
  },
  pyhive: { cases: commonCases, encodings: [], program: python('pyhive_client.py') },
  http: {
    cases: [...commonCases, 'head-statement', 'info'],
    encodings: ['json', 'json+zstd'], // Node has no lz4
    program: async () => own('http-program.ts'),
  },
} as const satisfies Record<string, Client>;

/** A client's name. */
export type ClientName = keyof typeof clients;

/** All of them, in the order they are tried. */
export const clientNames = Object.keys(clients) as ClientName[];

/** Installs what these clients need, so that no clock of a test runs meanwhile. Throws MissingToolError when that cannot be. */
export async function prepareClients(names: readonly ClientName[], say: (line: string) => void): Promise<void> {
  for (const name of names) await clients[name].program(say);
}
