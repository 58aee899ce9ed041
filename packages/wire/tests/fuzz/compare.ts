import type { NodeParser, ToldMessage } from './node-parser.ts';
import type { Asked, ReadConnection, ReadMessage } from './read-connection.ts';

/**
 * How what was read differs from what Node's parser says of the same bytes; undefined when it does not. The parser is given them up to
 * each boundary but one byte, and then that byte: a head or a message must end for it there, neither earlier nor later.
 */
export function difference(
  bytes: Buffer,
  of: 'requests' | Asked,
  { messages, stopped }: ReadConnection,
  parser: NodeParser,
): string | undefined {
  parser.restart(of);
  let given = 0;
  const give = (end: number) => {
    const fault = parser.push(bytes.subarray(given, end));
    given = end;
    return fault;
  };
  for (const [at, message] of messages.entries()) {
    const { headEnd, end } = message;
    let fault = give(headEnd - 1);
    if (fault !== undefined) return `message ${at}: refused by Node (${fault})`;
    if (parser.heads !== at) return `message ${at}: its head ends earlier for Node`;
    fault = give(headEnd);
    if (fault !== undefined) return `message ${at}: refused by Node at the end of its head (${fault})`;
    if (parser.heads !== at + 1) return `message ${at}: its head ends later for Node`;
    const told = parser.messages[at] as ToldMessage;
    const differs = headDifference(message, told);
    if (differs !== undefined) return `message ${at}: ${differs}`;
    const inBody = bodyDifference(message, told, end ?? bytes.length, { at, give, parser, stopped });
    if (inBody !== undefined) return `message ${at}: ${inBody}`;
  }
  if (stopped === 'incomplete' && messages.at(-1)?.end === given) {
    give(bytes.length);
    if (parser.heads > messages.length) return `after message ${messages.length}: a head is whole for Node`;
  }
  return undefined;
}

function headDifference(read: ReadMessage, told: ToldMessage): string | undefined {
  if (told.version !== '1.1') return `version ${told.version}`;
  if (told.hasUpgrade) return 'Node sees another protocol';
  if (read.what !== told.what) return `${JSON.stringify(read.what)} is ${JSON.stringify(told.what)}`;
  if (read.target !== told.target) return `target ${JSON.stringify(read.target)} is ${JSON.stringify(told.target)}`;
  // A server of `node:http` refuses none, and its listener refuses several.
  const hosts =
    read.target === '' ? 1 : told.rawHeaders.filter((one, at) => at % 2 === 0 && one.toLowerCase() === 'host').length;
  if (hosts !== 1) return `${hosts} hosts`;
  if (read.keepsAlive !== told.keepsAlive) return `keeps alive: ${read.keepsAlive} is ${told.keepsAlive}`;
  const same =
    read.rawHeaders.length === told.rawHeaders.length &&
    read.rawHeaders.every((one, at) => one === told.rawHeaders[at]);
  return same ? undefined : `lines ${JSON.stringify(read.rawHeaders)} are ${JSON.stringify(told.rawHeaders)}`;
}

type Walk = {
  at: number;
  give: (end: number) => string | undefined;
  parser: NodeParser;
  stopped: ReadConnection['stopped'];
};

function bodyDifference(
  read: ReadMessage,
  told: ToldMessage,
  end: number,
  { at, give, parser, stopped }: Walk,
): string | undefined {
  const isWhole = read.end !== undefined;
  if (end > read.headEnd) {
    const fault = give(end - 1);
    // Where the body is at fault for us, it may be for Node, too; or not, which is why it is one.
    if (fault !== undefined && stopped !== 'fault') return `its body is refused by Node (${fault})`;
    if (stopped === 'fault' && !isWhole)
      return told.body.startsWith(read.body) ? undefined : 'its body begins otherwise for Node';
    if (parser.wholes > at) return 'it ends earlier for Node';
    const atEnd = give(end);
    if (atEnd !== undefined) return `its last byte is refused by Node (${atEnd})`;
  }
  if (told.isWhole !== isWhole) return isWhole ? 'it ends later for Node' : 'it has ended for Node';
  return read.body === told.body ? undefined : `body ${JSON.stringify(read.body)} is ${JSON.stringify(told.body)}`;
}
