import { appendFile } from 'node:fs/promises';

/** What a run found of one promise. */
type Verdict = { name: string; holds: boolean; text: string };

/** What a run of minutes prints. */
export type RunReport = {
  /** A line of its record. */
  say(line: string): void;
  /** A line with the seconds so far, which is no part of the record. */
  progress(line: string): void;
  /** Says what holds, appends the record to the file RECORD, if that is set, and ends the process: with 1 when something does not hold. */
  end(verdicts: readonly Verdict[]): Promise<never>;
};

/** A run begins now. @param title its minutes, and whatever repeats it */
export function beginReport(title: string): RunReport {
  const lines: string[] = [];
  const say = (line: string) => {
    lines.push(line);
    console.log(line);
  };
  const began = performance.now();
  say(`## ${new Date().toISOString()} · ${title}`);
  return {
    say,
    progress: (line) => console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${line}`),
    end: async (verdicts) => {
      for (const { name, holds, text } of verdicts) say(`- ${holds ? 'holds' : 'BROKEN'}: ${name}: ${text}`);
      const failed = verdicts.filter(({ holds }) => !holds).length;
      say(`${verdicts.length - failed} passed, ${failed} failed`);
      if (process.env.RECORD) await appendFile(process.env.RECORD, `${lines.join('\n')}\n\n`);
      process.exit(failed > 0 ? 1 : 0);
    },
  };
}

/** The verdict on a run that did not come to its end. */
export function brokenOff(error: unknown): Verdict[] {
  console.error(error);
  return [
    { name: 'the run came to its end', holds: false, text: error instanceof Error ? error.message : String(error) },
  ];
}
