import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { Page } from '@trino-gateway/testing/trino-client/page';
import type { Random } from '../../support/random.ts';
import { statements } from './statements.ts';
import { answerAt, openTalk, pageOf, poll, submission, type Talk } from './talk.ts';
import type { Ways } from './ways.ts';

const MOST_PIPELINED = 12;
const MOST_POLLS = 4;
const LONGEST_PAUSE_MS = 40;
const MOST_ATTEMPTS = 10;
const END_MS = 10_000;

/** Where a client hangs up; the rest of what it sent, or of what it gets, is lost. */
const MOMENTS = [
  'in a submission',
  'behind a submission',
  'between',
  'in a poll',
  'behind a poll',
  'in a page',
  'in a pipeline',
] as const;

/** Leaves at some moment, with a FIN or a reset, and comes back for nothing. */
export async function hangsUp(ways: Ways, random: Random, number: number): Promise<void> {
  const way = random.pick([ways.free, ways.free, ways.tls, ways.limited]);
  const { sql } = random.pick([statements.short, statements.polled, statements.running, statements.large])(number);
  const moment = random.pick(MOMENTS);
  await using talk = await openTalk(way);
  const { client, socket } = talk;
  const post = submission(sql);
  if (moment === 'in a submission') client.send(part(post, random));
  else if (moment === 'behind a submission') client.send(post);
  else {
    const page = await afterSomePolls(talk, post, random);
    const request = page.nextUri === undefined ? post : poll(page);
    if (moment === 'in a poll') client.send(part(request, random));
    if (moment === 'behind a poll') client.send(request);
    if (moment === 'in a pipeline') client.send(request.repeat(random.whole(2, MOST_PIPELINED)));
    if (moment === 'in a page') {
      const index = client.answers.length;
      client.send(request);
      await client.until(() => client.answers.length > index || client.ended() !== false, END_MS);
    }
  }
  await delay(random.whole(0, LONGEST_PAUSE_MS));
  const isPlain = socket instanceof Socket && !(socket instanceof TLSSocket);
  if (isPlain && random.chance(50)) socket.resetAndDestroy();
}

const part = (text: string, random: Random) => text.slice(0, random.whole(1, text.length - 1));

async function afterSomePolls({ ask }: Talk, post: string, random: Random): Promise<Page> {
  let page = pageOf(await ask(post));
  for (let left = random.whole(0, MOST_POLLS); left > 0 && page.nextUri !== undefined; left--)
    page = pageOf(await ask(poll(page)));
  return page;
}

/** Sends polls of one link in one go, and now and then no more: gets each answered all the same, in order. */
export async function pipelines(ways: Ways, random: Random, number: number): Promise<void> {
  const page = await openData(ways, random, number);
  const [count, isOver] = [random.whole(2, MOST_PIPELINED), random.chance(50)];
  // Who closes its side later than with its requests counts as gone, and a busy machine may part both.
  for (let left = isOver ? MOST_ATTEMPTS : 1; left > 0; left--) {
    try {
      await pipeline(ways, poll(page).repeat(count), count, isOver);
      break;
    } catch (error) {
      if (left === 1) throw error;
    }
  }
  await cancel(ways, page);
}

async function openData(ways: Ways, random: Random, number: number): Promise<Page> {
  await using talk = await openTalk(ways.free);
  let page = await afterSomePolls(talk, submission(statements.polled(number).sql), random);
  while (page.data === undefined) page = pageOf(await talk.ask(poll(page)));
  return page;
}

async function pipeline({ free }: Ways, requests: string, count: number, isOver: boolean): Promise<void> {
  await using talk = await openTalk(free);
  const { client, socket } = talk;
  if (isOver) socket.end(requests);
  else client.send(requests);
  const links = new Set<string | undefined>();
  for (let at = 0; at < count; at++) links.add(pageOf(await answerAt(client, at)).nextUri);
  if (links.size !== 1) throw new Error(`${count} polls of one link were answered with ${links.size} different pages`);
  if (isOver && !(await client.until(() => client.ended() === 'closed', END_MS)))
    throw new Error('a connection without further requests was not closed in order');
}

async function cancel({ free }: Ways, page: Page): Promise<void> {
  await using talk = await openTalk(free);
  talk.client.send(poll(page, '', 'DELETE'));
  await talk.client.until(() => talk.client.answers.length > 0 || talk.client.ended() !== false, END_MS);
}
