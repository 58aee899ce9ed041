import { describeFailure } from '../connection/failure.ts';
import type { Gateway } from '../connection/gateway.ts';
import { type Format, printValue } from '../output/print.ts';
import { oneLine } from '../terminal/one-line.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Change } from './change.ts';
import { describeDifference } from './differences.ts';

/**
 * Writes the changes one after the other and prints what became of each. Stops at the first that fails and says how far it
 * got; a repeated run finds what is done unchanged.
 * @returns the exit code
 */
export async function writeChanges(gateway: Gateway, changes: readonly Change[], terminal: Terminal): Promise<number> {
  for (const [done, change] of changes.entries()) {
    try {
      terminal.out(`${change.name} ${await change.write(gateway)}`);
    } catch (error) {
      terminal.err(
        `${change.name}: ${describeFailure(error, gateway.connection)} (${done} of ${changes.length} done; fix that and repeat the command)`,
      );
      return 1;
    }
  }
  return 0;
}

/** Prints what would become of each object, field by field. */
export function printChanges(changes: readonly Change[], format: Format, terminal: Terminal): void {
  if (format !== 'table') {
    const shown = changes.map(({ name, expected, differences }) => ({ object: name, outcome: expected, differences }));
    printValue(terminal, format, { changes: shown });
    return;
  }
  for (const { name, expected, differences } of changes) {
    terminal.out(`${name} ${WORDS[expected]}`);
    if (expected !== 'deleted')
      for (const difference of differences) terminal.out(oneLine(describeDifference(difference)).replace(/^/, '  '));
  }
}

const WORDS = {
  created: 'would be created',
  changed: 'would be changed',
  unchanged: 'unchanged',
  deleted: 'would be deleted',
};
