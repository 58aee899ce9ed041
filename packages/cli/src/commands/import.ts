import type { Command } from 'commander';
import type { Context } from '../context/context.ts';
import { addRazorpay } from './import/razorpay.ts';
import { addTrinoLb } from './import/trino-lb.ts';
import { addTrinodb } from './import/trinodb.ts';

/** `import`: from other gateways. */
export function addImport(program: Command, context: Context): void {
  const command = program.command('import').description('import the configuration of another gateway');
  for (const add of [addRazorpay, addTrinodb, addTrinoLb]) add(command, program, context);
}
