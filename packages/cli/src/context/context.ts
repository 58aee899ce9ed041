import type { Command } from 'commander';
import { type ConnectionOptions, readConnection } from '../connection/connection.ts';
import { describeFailure } from '../connection/failure.ts';
import { type Gateway, openGateway } from '../connection/gateway.ts';
import type { Format } from '../output/print.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** What every command is given. */
export type Context = {
  readonly terminal: Terminal;
  /** What the program's own options say. */
  format(): Format;
  /**
   * Runs a command's work with the API. A failed call is reported in one line.
   * @param work answers the exit code; nothing is 0
   */
  withGateway(work: (gateway: Gateway) => Promise<number | undefined>): Promise<void>;
};

/** @param finish is given the exit code of a command that ran */
export function createContext(program: Command, terminal: Terminal, finish: (code: number) => void): Context {
  return {
    terminal,
    format: () => program.opts<{ output: Format }>().output,
    async withGateway(work) {
      const connection = await readConnection(program.opts<ConnectionOptions>(), terminal);
      using gateway = openGateway(connection, terminal.err);
      try {
        finish((await work(gateway)) ?? 0);
      } catch (error) {
        if (error instanceof UsageError) throw error;
        terminal.err(describeFailure(error, connection));
        finish(1);
      }
    },
  };
}
