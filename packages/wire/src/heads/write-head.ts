import type { Socket } from 'node:net';

/** Up to this length head and body are copied together: one write costs less than two. */
const JOINED_BYTES = 16_384;
/** What could end a line, or begin another message (RFC 9110, 5.5). */
const NOT_IN_A_LINE = /[^\t\x20-\x7e\x80-\xff]/;

/** Whether a text could end the line it stands in. */
export const endsLine = (text: string): boolean => NOT_IN_A_LINE.test(text);

/**
 * The header lines of a head, each with its end. @param lines names and values in turn
 * @throws Error naming the line that holds what would end it
 */
export function headerLines(lines: readonly string[]): string {
  let text = '';
  for (let at = 0; at < lines.length; at += 2) {
    const line = `${lines[at]}: ${lines[at + 1] ?? ''}`;
    if (endsLine(line)) throw new Error(`the header line ${lines[at]} holds what would end it`);
    text += `${line}\r\n`;
  }
  return text;
}

/** Writes a head, Latin-1, with the first bytes of its body and what ends these. False: wait for 'drain'. */
export function writeTogether(socket: Socket, head: string, chunk: Buffer, after = ''): boolean {
  const length = head.length + chunk.length + after.length;
  if (chunk.length === 0) return socket.write(head, 'latin1');
  if (length <= JOINED_BYTES) {
    const joined = Buffer.allocUnsafe(length);
    joined.write(head, 'latin1');
    chunk.copy(joined, head.length);
    joined.write(after, head.length + chunk.length, 'latin1');
    return socket.write(joined);
  }
  return writePieces(socket, head, [chunk], after);
}

/** The same of several pieces, none of which is copied. */
export function writePieces(socket: Socket, head: string, pieces: readonly Buffer[], after = ''): boolean {
  let hasRoom = true;
  socket.cork();
  if (head !== '') hasRoom = socket.write(head, 'latin1');
  for (const piece of pieces) hasRoom = socket.write(piece);
  if (after !== '') hasRoom = socket.write(after, 'latin1');
  socket.uncork();
  return hasRoom;
}
