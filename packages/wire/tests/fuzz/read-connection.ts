import { BodyFault, ChunkedReader, RequestHeads, ResponseHeads } from '@trino-gateway/wire';

/** For the answers on a connection: what was asked, in turn. */
export type Asked = readonly ('HEAD' | 'other')[];

/** A message as these readers see it, and where it stands. */
export type ReadMessage = {
  start: number;
  headEnd: number;
  /** Undefined: the rest of its body has not come, or is at fault. */
  end: number | undefined;
  /** Method, or status and reason. */
  what: string;
  target: string;
  rawHeaders: readonly string[];
  keepsAlive: boolean;
  body: string;
};

export type ReadConnection = {
  messages: ReadMessage[];
  /** Why nothing more was read: more is to come, it is for another parser, the body is at fault, or the message was the last one. */
  stopped: 'incomplete' | 'unusual' | 'fault' | 'closes';
};

/** Follows a body; returns its end, or -1. */
type Body = (
  bytes: Buffer,
  start: number,
  end: number,
  onData: (bytes: Buffer, from: number, to: number) => void,
) => number;
type Head = Omit<ReadMessage, 'start' | 'headEnd' | 'end' | 'body'> & { length: number; body: Body | undefined };
type Heads = (bytes: Buffer, start: number, end: number, number: number) => Head | 'incomplete' | 'unusual';

function ofLength(length: number): Body | undefined {
  if (length === 0) return undefined;
  let left = length;
  return (bytes, start, end, onData) => {
    const to = Math.min(end, start + left);
    left -= to - start;
    if (to > start) onData(bytes, start, to);
    return left === 0 ? to : -1;
  };
}

function requestHeads(): Heads {
  const heads = new RequestHeads();
  return (bytes, start, end) => {
    const head = heads.read(bytes, start, end);
    if (typeof head === 'string') return head;
    const { method, target, block, length } = head;
    const { rawHeaders, contentLength = 0, keepsAlive } = block;
    return { what: method, target, rawHeaders, keepsAlive, length, body: ofLength(contentLength) };
  };
}

function responseHeads(asked: Asked): Heads {
  const heads = new ResponseHeads();
  const chunked = new ChunkedReader();
  return (bytes, start, end, number) => {
    const head = heads.read(bytes, start, end, asked[number % asked.length] ?? 'other');
    if (typeof head === 'string') return head;
    const { status, reason, rawHeaders, keepsAlive, length, body } = head;
    const follow: Body = (...piece) => chunked.push(...piece);
    return {
      what: `${status} ${reason}`,
      target: '',
      rawHeaders: [...rawHeaders],
      keepsAlive,
      length,
      body: body.kind === 'chunked' ? follow : ofLength(body.kind === 'length' ? body.bytes : 0),
    };
  };
}

/**
 * What the readers make of a connection's bytes, which come up to each of these ends in turn. Each time they stand elsewhere, among
 * bytes that do not belong to them.
 */
export function readConnection(bytes: Buffer, ends: readonly number[], of: 'requests' | Asked): ReadConnection {
  const readHead = of === 'requests' ? requestHeads() : responseHeads(of);
  const messages: ReadMessage[] = [];
  let at = 0;
  let body: Body | undefined;
  const onData = (from: Buffer, start: number, to: number) => {
    const message = messages.at(-1);
    if (message !== undefined) message.body += from.toString('latin1', start, to);
  };
  for (const end of ends) {
    const [there, offset] = elsewhere(bytes, at, end);
    for (;;) {
      const last = messages.at(-1);
      if (last !== undefined && last.end === undefined) {
        let to = at;
        try {
          if (body !== undefined) to = body(there, at + offset, end + offset, onData);
          if (to === -1) {
            at = end;
            break;
          }
        } catch (error) {
          if (error instanceof BodyFault) return { messages, stopped: 'fault' };
          throw error;
        }
        at = body === undefined ? at : to - offset;
        last.end = at;
        if (!last.keepsAlive) return { messages, stopped: 'closes' };
      }
      const head = readHead(there, at + offset, end + offset, messages.length);
      if (head === 'incomplete') break;
      if (head === 'unusual') return { messages, stopped: 'unusual' };
      const { length, body: following, ...rest } = head;
      messages.push({ ...rest, start: at, headEnd: at + length, end: undefined, body: '' });
      at += length;
      body = following;
    }
  }
  return { messages, stopped: 'incomplete' };
}

/** These bytes in a buffer of its own, and by how much they are moved. */
function elsewhere(bytes: Buffer, start: number, end: number): [there: Buffer, offset: number] {
  if (start === 0 && end === bytes.length) return [bytes, 0];
  const before = end % 7;
  const there = Buffer.alloc(before + end - start + 12, '\r\nX: 1\r\n\r\n');
  bytes.copy(there, before, start, end);
  return [there, before - start];
}
