import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { createProgram } from '../src/program.ts';

const page = (name: string) => readFileSync(fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url)), 'utf8');
const COMMAND_LINE = page('command-line.md');
const PAGES = ['from-razorpay', 'from-trinodb-gateway', 'from-trino-lb', 'routing/try-it']
  .map((name) => page(`${name}.md`))
  .concat(COMMAND_LINE)
  .join('');

const program = createProgram(
  { out: () => {}, err: () => {}, columns: undefined, screen: undefined, env: {}, read: async () => '' },
  () => {},
);

/** Every command that does something, with its parents: `list queries`. */
function commandsOf(command: Command, path: readonly string[] = []): string[] {
  return command.commands.flatMap((one) => {
    const here = [...path, one.name()];
    return one.commands.length > 0 ? commandsOf(one, here) : [here.join(' ')];
  });
}

function optionsOf(command: Command): string[] {
  return [...command.options.map(({ long }) => long ?? ''), ...command.commands.flatMap(optionsOf)];
}

const commands = commandsOf(program);

test('every command is documented', () => {
  expect(commands.length).toBeGreaterThan(12);
  expect(commands.filter((command) => !new RegExp(`\`(trino-gateway )?${command}\\b`).test(COMMAND_LINE))).toEqual([]);
});

test('every command that is documented exists', () => {
  const named = [...PAGES.matchAll(/(?:trino-gateway|pnpm (?:--silent )?gateway) ((?:[a-z]+(?:-[a-z]+)* ?)+)/g)].map(
    ([, words = '']) => words.trim(),
  );
  expect(named.length).toBeGreaterThan(15);
  const exists = (words: string) => commands.some((command) => words === command || words.startsWith(`${command} `));
  expect(named.filter((words) => !exists(words))).toEqual([]);
});

test('every option is documented, and every option that is documented exists', () => {
  const known = new Set(optionsOf(program));
  const named = new Set([...PAGES.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([name]) => name));
  expect([...known].filter((option) => !named.has(option))).toEqual([]);
  const ofOthers = ['--help', '--silent'];
  expect([...named].filter((option) => !known.has(option) && !ofOthers.includes(option))).toEqual([]);
});
