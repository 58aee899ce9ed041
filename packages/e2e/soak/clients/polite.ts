import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../support/random.ts';
import { statements } from './statements.ts';
import { answerAt, openTalk, runWhole, type Talk } from './talk.ts';
import type { Ways } from './ways.ts';

const GZIP = 'Accept-Encoding: gzip\r\n';
const MOST_ON_A_CONNECTION = 8;
const LONGEST_PAUSE_MS = 800;

type Polite = (ways: Ways, random: Random, number: number) => Promise<void>;

const anyWay = ({ free, tls }: Ways, random: Random) => (random.chance(25) ? tls : free);

/** Several short queries, one after the other on one connection. */
export const shortQueries: Polite = async (ways, random, number) => {
  await using talk = await openTalk(anyWay(ways, random));
  for (let left = random.whole(1, MOST_ON_A_CONNECTION); left > 0; left--)
    await runWhole(talk, statements.short(number));
};

/** A query with many small pages. */
export const polls: Polite = async (ways, random, number) => {
  await using talk = await openTalk(anyWay(ways, random));
  await runWhole(talk, statements.polled(number));
};

export const largePages: Polite = async (ways, random, number) => {
  await using talk = await openTalk(anyWay(ways, random));
  await runWhole(talk, statements.large(number));
};

/** Small and large pages, compressed. */
export const gzip: Polite = async (ways, random, number) => {
  await using talk = await openTalk(anyWay(ways, random));
  await runWhole(talk, random.pick([statements.short, statements.polled, statements.large])(number), GZIP);
};

/** Waits until the group has a slot. */
export const waits: Polite = async ({ limited }, _random, number) => {
  await using talk = await openTalk(limited);
  await runWhole(talk, statements.running(number));
};

/** Does not read for a while once an answer has begun, page after page. */
export const slowReader: Polite = async (ways, random, number) => {
  await using talk = await openTalk(anyWay(ways, random));
  await runWhole({ ask: (request) => askSlowly(talk, request, random) }, statements.large(number));
};

async function askSlowly({ client, socket }: Talk, request: string, random: Random) {
  const index = client.answers.length;
  client.send(request);
  await client.until(() => client.answers.length > index || client.ended() !== false, LONGEST_PAUSE_MS * 10);
  socket.pause();
  await delay(random.whole(0, LONGEST_PAUSE_MS));
  socket.resume();
  return answerAt(client, index);
}
