import type { Command } from 'commander';
import { readDocuments } from '../apply/documents.ts';
import { idsOf, planChanges, readStored } from '../apply/plan-changes.ts';
import { printChanges, writeChanges } from '../apply/write-changes.ts';
import type { Context } from '../context/context.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** `apply -f FILE`. */
export function addApply(program: Command, { terminal, withGateway }: Context): void {
  program
    .command('apply')
    .description(
      'create or change what a YAML or JSON file declares: backends, groups, policies, as in a configuration file',
    )
    .requiredOption('-f, --file <file>', 'the file; - is standard input')
    .option('--dry-run', 'only show what would be done')
    .action(async ({ file, dryRun }: { file: string; dryRun?: boolean }) => {
      const text = await terminal.read(file).catch((error: NodeJS.ErrnoException) => {
        throw new UsageError(`--file: expected a readable file, got "${file}" (${error.code ?? error.message})`);
      });
      await withGateway(async (gateway) => {
        const stored = await readStored(gateway);
        const declared = readDocuments(file === '-' ? 'standard input' : file, text, idsOf(stored));
        const changes = planChanges(declared, stored);
        if (!dryRun) return writeChanges(gateway, changes, terminal);
        printChanges(changes, terminal);
        return 0;
      });
    });
}
