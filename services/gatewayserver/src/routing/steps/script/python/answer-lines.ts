import { MOST_ANSWER_LENGTH } from '../running/executor.ts';

/** JSON may write a character as six. */
const MOST_LINE_BYTES = 6 * MOST_ANSWER_LENGTH + 1_000;

/** Splits what a process writes into lines of JSON. @param onTooLong a line is longer than any answer */
export function answerLines(onLine: (message: unknown) => void, onTooLong: () => void): (chunk: Buffer) => void {
  let kept: Buffer[] = [];
  let bytes = 0;
  return (chunk) => {
    let from = 0;
    for (let at = chunk.indexOf('\n'); at >= 0; at = chunk.indexOf('\n', from)) {
      onLine(parsed(Buffer.concat([...kept, chunk.subarray(from, at)]).toString()));
      kept = [];
      bytes = 0;
      from = at + 1;
    }
    const rest = chunk.subarray(from);
    bytes += rest.length;
    if (bytes > MOST_LINE_BYTES) onTooLong();
    else if (rest.length > 0) kept.push(rest);
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
