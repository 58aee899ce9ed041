/** One message as it was framed on the wire; bytes are Latin-1 characters. */
export type WireMessage = {
  /** Request line or status line. */
  start: string;
  lines: [name: string, value: string][];
  body: string;
  trailers: [name: string, value: string][];
  /** False while its body is still coming, and for ever when it broke off. */
  complete: boolean;
};

export type MessageReaderOptions = {
  kind: 'request' | 'answer';
  onHead?: (message: WireMessage) => void;
  onMessage?: (message: WireMessage) => void;
  /** The method that the next final answer is for. */
  methodOf?: () => string;
};

/** Reads one side of a connection by the letter of RFC 9112, and stops for good at the first byte that is not as it must be. */
export type MessageReader = {
  push(bytes: string): void;
  /** The other side has closed: an answer without a length ends with that. */
  end(): void;
  /** What was wrong; undefined while nothing was. */
  fault(): string | undefined;
  /** What came and belongs to no message yet. */
  rest(): string;
};

type Body = { kind: 'length' | 'chunk'; left: number } | { kind: 'size' | 'chunkEnd' | 'trailers' | 'close' };

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Tab, space, visible characters and the upper half of Latin-1 (RFC 9110, 5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const REQUEST = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [!-~]+ HTTP\/1\.[01]$/;
const STATUS = /^HTTP\/1\.[01] [1-5]\d\d [\t\x20-\x7e\x80-\xff]*$/;
const MOST_HEAD = 4_194_304;

class NotHttpError extends Error {}

/** @throws NotHttpError */
function lineOf(text: string): [name: string, value: string] {
  const colon = text.indexOf(':');
  const [name, value] = [text.slice(0, Math.max(0, colon)), text.slice(colon + 1).trim()];
  if (!TOKEN.test(name)) throw new NotHttpError(`the line ${JSON.stringify(text.slice(0, 60))}`);
  if (!VALUE.test(value)) throw new NotHttpError(`the value of ${name}`);
  return [name, value];
}

/** The values of a header, in order. */
export function valuesOf({ lines }: Pick<WireMessage, 'lines'>, name: string): string[] {
  return lines.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
}

/** By which rule its body ends. @throws NotHttpError */
function bodyOf(message: WireMessage, kind: 'request' | 'answer', method: string): Body | undefined {
  const [codings, lengths] = [valuesOf(message, 'transfer-encoding'), valuesOf(message, 'content-length')];
  if (codings.length > 0 && lengths.length > 0) throw new NotHttpError('a length and a transfer coding');
  if (codings.length > 1 || (codings[0] ?? 'chunked').toLowerCase() !== 'chunked')
    throw new NotHttpError(`the transfer coding ${codings.join(' and ')}`);
  if (lengths.length > 1 || !/^\d{1,15}$/.test(lengths[0] ?? '0'))
    throw new NotHttpError(`the length ${lengths.join(' and ')}`);
  if (kind === 'request' && valuesOf(message, 'host').length !== 1) throw new NotHttpError('not one Host');
  const status = kind === 'answer' ? message.start.slice(9, 12) : '';
  const hasNone = /^(1..|204|304)$/.test(status) || (kind === 'answer' && method === 'HEAD');
  if (/^(1..|204)$/.test(status) && codings.length + lengths.length > 0)
    throw new NotHttpError(`${status} with a body`);
  if (hasNone) return undefined;
  if (codings.length > 0) return { kind: 'size' };
  if (lengths.length > 0) return { kind: 'length', left: Number(lengths[0]) };
  return kind === 'request' ? undefined : { kind: 'close' };
}

/** Reads from the first byte of a connection on. */
export function createMessageReader({ kind, onHead, onMessage, methodOf }: MessageReaderOptions): MessageReader {
  let text = '';
  let fault: string | undefined;
  let message: WireMessage | undefined;
  let body: Body | undefined;

  const finish = () => {
    if (message === undefined) return;
    message.complete = true;
    const done = message;
    [message, body] = [undefined, undefined];
    onMessage?.(done);
  };
  /** Undefined while there is no whole line. */
  const line = (): string | undefined => {
    const at = text.indexOf('\n');
    if (at < 0) return undefined;
    const found = text.slice(0, at - 1);
    if (text[at - 1] !== '\r') throw new NotHttpError('a bare line feed');
    if (/[\r\0]/.test(found)) throw new NotHttpError('a bare CR, or NUL');
    text = text.slice(at + 1);
    return found;
  };
  const head = (): boolean => {
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) {
      if (text.length > MOST_HEAD) throw new NotHttpError('an endless head');
      return false;
    }
    const start = line() ?? '';
    if (!(kind === 'request' ? REQUEST : STATUS).test(start)) throw new NotHttpError(`the first line ${start}`);
    const made: WireMessage = { start, lines: [], body: '', trailers: [], complete: false };
    for (let next = line(); next !== undefined && next !== ''; next = line()) made.lines.push(lineOf(next));
    message = made;
    body = bodyOf(made, kind, methodOf?.() ?? '');
    onHead?.(made);
    if (body === undefined || (body.kind === 'length' && body.left === 0)) finish();
    return true;
  };
  const bytes = (of: { left: number }): boolean => {
    const part = text.slice(0, of.left);
    text = text.slice(part.length);
    of.left -= part.length;
    if (message) message.body += part;
    return of.left === 0;
  };
  /** One step; false when more bytes are needed. */
  const step = (): boolean => {
    if (message === undefined || body === undefined) return head();
    if (body.kind === 'close') {
      message.body += text;
      text = '';
      return false;
    }
    if (body.kind === 'length' || body.kind === 'chunk') {
      if (!bytes(body)) return false;
      if (body.kind === 'length') finish();
      else body = { kind: 'chunkEnd' };
      return true;
    }
    const next = line();
    if (next === undefined) return false;
    if (body.kind === 'size') {
      if (!/^[0-9A-Fa-f]{1,8}$/.test(next)) throw new NotHttpError(`the chunk size ${next.slice(0, 40)}`);
      const left = Number.parseInt(next, 16);
      body = left === 0 ? { kind: 'trailers' } : { kind: 'chunk', left };
    } else if (body.kind === 'chunkEnd') {
      if (next !== '') throw new NotHttpError('a chunk that is longer than it says');
      body = { kind: 'size' };
    } else if (next === '') finish();
    else message.trailers.push(lineOf(next));
    return true;
  };

  return {
    push: (more) => {
      text += more;
      try {
        while (fault === undefined && step());
      } catch (error) {
        fault = (error as Error).message;
      }
    },
    end: () => {
      if (body?.kind === 'close' && fault === undefined) finish();
    },
    fault: () => fault,
    rest: () => text,
  };
}
