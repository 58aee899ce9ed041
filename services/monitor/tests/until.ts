import { setTimeout as delay } from 'node:timers/promises';

/** Waits until the condition holds and answers what it gave; fails after `limitMs` naming what was waited for. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  limitMs = 60_000,
): Promise<NonNullable<Exclude<T, false>>> {
  for (const deadline = Date.now() + limitMs; ; await delay(10)) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value as NonNullable<Exclude<T, false>>;
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms for ${what}`);
  }
}
