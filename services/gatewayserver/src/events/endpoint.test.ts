import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { completedEvent } from '@trino-gateway/testing/trino-events';
import { EVENTS_PATH, type EventAnswer, eventsEndpoint } from './endpoint.ts';

test('a full queue is answered so that Trino sends the event again', async () => {
  const answers: EventAnswer[] = [];
  const queue = { offer: () => false };
  const handler = eventsEndpoint({ queue, tokens: [], onAnswer: (answer) => answers.push(answer) });
  const server = http.createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${EVENTS_PATH}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(completedEvent()),
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await response.json()).toMatchObject({ code: 'unavailable' });
    expect(answers).toEqual(['full']);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
