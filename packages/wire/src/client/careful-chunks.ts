import http, { type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { UnusualChunks } from '../bodies/chunked.ts';
import type { BodySink, BodySource } from './body.ts';
import { Rest } from './rest.ts';

/** What Node's parser is shown before: the head of the answer has been read. */
const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

/** The rest of a chunked body is read by Node's parser, which knows extensions and trailers; both end here. Its connection is used no more. */
export function readCarefulChunks(
  socket: Socket,
  body: BodySink,
  { before, position }: UnusualChunks,
  bytes: Buffer,
): BodySource {
  let answer: IncomingMessage | undefined;
  let isPaused = false;
  const unread = Buffer.concat([Buffer.from(HEAD + before, 'latin1'), bytes.subarray(position)]);
  const request = http.request({ createConnection: () => new Rest(socket, unread) });
  const over = (complete: boolean) => {
    body.over(complete);
    socket.destroy();
  };
  request
    .on('error', () => over(false))
    .on('response', (found) => {
      answer = found;
      found
        .on('data', (chunk: Buffer) => body.push(chunk))
        .on('error', () => {})
        .on('end', () => over(found.complete))
        .on('close', () => over(found.complete));
      if (isPaused) found.pause();
    })
    .end();
  return {
    pause: () => {
      isPaused = true;
      answer?.pause();
    },
    resume: () => {
      isPaused = false;
      answer?.resume();
    },
    abandon: () => void request.destroy(),
  };
}
