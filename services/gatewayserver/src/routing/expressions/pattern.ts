import { RE2JS } from '@bufbuild/re2';
import { spend, type Work } from './evaluation.ts';

const LONGEST_PATTERN = 1_000;
const MOST_INSTRUCTIONS = 500;
/** Of text that a pattern reads before it forgets the states it has built: each character may add one. */
const FORGETS_AFTER = 5_000;

/** What one instruction takes for one character, at worst a hundred nanoseconds: patterns have to stop long before that adds up. */
const INSTRUCTION_WORK = 2.5;

/** Whether a pattern occurs in a text. */
export type Pattern = (text: string, work: Work) => boolean;

/**
 * Compiles a pattern in the syntax of RE2: it takes time in proportion to the text, whatever it says.
 * @throws Error saying what is wrong with it
 */
export function compilePattern(source: string): Pattern {
  if (source.length > LONGEST_PATTERN) throw new Error(`a pattern has at most ${LONGEST_PATTERN} characters`);
  const compiled = RE2JS.compile(source);
  const instructions = compiled.re2().prog.numInst();
  if (instructions > MOST_INSTRUCTIONS)
    throw new Error(`the pattern is too large: ${instructions} instructions, at most ${MOST_INSTRUCTIONS}`);
  let read = 0;
  return (text, work) => {
    spend(work, text.length * instructions * INSTRUCTION_WORK);
    read += text.length;
    const found = compiled.test(text);
    if (read > FORGETS_AFTER) {
      compiled.reset();
      read = 0;
    }
    return found;
  };
}
