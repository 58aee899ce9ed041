import { connect } from 'node:net';

/** What came back over a connection, and whether the other side has closed it. */
export type Conversation = { text: string; closed: boolean };

export type ConversationOptions = {
  /** No more is waited for once this holds; default until the other side closes. */
  enough?: (text: string) => boolean;
  /** Sent once this much came: each part after the first waits until the text has grown. */
  parts?: readonly (string | Buffer)[];
  limitMs?: number;
};

const LIMIT_MS = 60_000;

/** Sends these very bytes (text in Latin-1), and reads. Throws when neither comes: the end, or enough. */
export function converse(
  url: string,
  first: string | Buffer,
  { enough = () => false, parts = [], limitMs = LIMIT_MS }: ConversationOptions = {},
): Promise<Conversation> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.setNoDelay(true);
    const left = [...parts];
    let text = '';
    const end = (closed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, closed });
    };
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        new Error(`neither an end nor enough within ${limitMs} ms; there came ${JSON.stringify(text.slice(0, 500))}`),
      );
    }, limitMs);
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      const next = left.shift();
      if (next !== undefined) socket.write(next, 'latin1');
      else if (enough(text)) end(false);
    });
    socket.on('error', () => {}); // a reset is an end, too
    socket.on('close', () => end(true));
    socket.write(first, 'latin1');
  });
}

/** Status, header lines in lower case, and body of the first answer in this text. */
export function firstAnswer(text: string): { status: number; lines: string[]; body: string } {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [start = '', ...lines] = head.split('\r\n');
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(start)?.[1] ?? 0),
    lines: lines.map((line) => line.toLowerCase()),
    body: rest.join('\r\n\r\n'),
  };
}
