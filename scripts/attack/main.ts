// make attack: what attackers try, against the three real processes in front of scripted clusters. Prints what was tried and
// what held, and ends with exit code 1 when something did not. TABLES=api,… runs only those.
import { runAttacks, THEMES } from '@trino-gateway/e2e/attack';

const asked = process.env.TABLES?.split(',') ?? THEMES;
const themes = THEMES.filter((theme) => asked.includes(theme));
if (themes.length !== asked.length) {
  console.error(`usage: TABLES=${THEMES.join(',')} node scripts/attack/main.ts`);
  process.exit(2);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const { passed, failed } = await runAttacks(themes);
console.log(`${passed} passed, ${failed} failed`);
// A table that was given up leaves processes, which end with this one.
process.exit(failed > 0 ? 1 : 0);
