import type { Declared } from '@trino-gateway/config';
import type { Command } from 'commander';
import { readDocuments } from '../apply/documents.ts';
import { idsOf, planChanges, readStored } from '../apply/plan-changes.ts';
import { printChanges, writeChanges } from '../apply/write-changes.ts';
import type { Context } from '../context/context.ts';
import { UsageError } from '../terminal/usage-error.ts';

export type ApplyOptions = { file: string; dryRun?: boolean };

/** `apply -f FILE`. */
export function addApply(program: Command, { terminal, withGateway }: Context): void {
  program
    .command('apply')
    .description(
      'create or change what a YAML or JSON file declares: backends, groups, policies and the routing chain, as in a configuration file',
    )
    .requiredOption('-f, --file <file>', 'the file; - is standard input')
    .option('--dry-run', 'only show what would be done')
    .action((options: ApplyOptions) => applyFile(options, { terminal, withGateway }));
}

/** Writes what a file declares. @param check refuses what the command is not for */
export async function applyFile(
  { file, dryRun }: ApplyOptions,
  { terminal, withGateway }: Pick<Context, 'terminal' | 'withGateway'>,
  check: (declared: Declared) => void = () => {},
): Promise<void> {
  const text = await terminal.read(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--file: expected a readable file, got "${file}" (${error.code ?? error.message})`);
  });
  await withGateway(async (gateway) => {
    const stored = await readStored(gateway);
    const declared = readDocuments(file === '-' ? 'standard input' : file, text, idsOf(stored));
    check(declared);
    const changes = planChanges(declared, stored);
    if (!dryRun) return writeChanges(gateway, changes, terminal);
    printChanges(changes, terminal);
    return 0;
  });
}
