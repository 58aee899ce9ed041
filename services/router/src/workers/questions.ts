/** Asks several workers the same, and gathers what they answer. */
export type Questions<Answer> = {
  /** Resolves when all of them have answered or ended, or the time is over; then without those that have not. */
  ask(workers: readonly number[], send: (worker: number, question: number) => void): Promise<Map<number, Answer>>;
  answered(worker: number, question: number, answer: Answer): void;
  /** A worker has ended. */
  left(worker: number): void;
};

type Open<Answer> = { missing: Set<number>; answers: Map<number, Answer>; over: () => void };

/** Nothing is asked. */
export function createQuestions<Answer>(timeLimitMs: number): Questions<Answer> {
  const open = new Map<number, Open<Answer>>();
  let last = 0;
  const without = (worker: number, { missing, over }: Open<Answer>) => {
    missing.delete(worker);
    if (missing.size === 0) over();
  };
  return {
    ask: (workers, send) =>
      new Promise((resolve) => {
        const question = ++last;
        const answers = new Map<number, Answer>();
        const over = () => {
          clearTimeout(timer);
          open.delete(question);
          resolve(answers);
        };
        const timer = setTimeout(over, timeLimitMs);
        if (workers.length === 0) return over();
        open.set(question, { missing: new Set(workers), answers, over });
        for (const worker of workers) send(worker, question);
      }),
    answered: (worker, question, answer) => {
      const asked = open.get(question);
      if (asked === undefined) return;
      asked.answers.set(worker, answer);
      without(worker, asked);
    },
    left: (worker) => {
      for (const asked of [...open.values()]) without(worker, asked);
    },
  };
}
