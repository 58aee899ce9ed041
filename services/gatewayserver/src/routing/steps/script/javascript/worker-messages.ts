import type { CallBudget, CallResult } from '../running/executor.ts';

export type WorkerStart = { source: string; memoryMb: number };

export type ToWorker = { request: string; budget: CallBudget } | 'yield';

export type FromWorker = 'ready' | { broken: string } | { answer: CallResult };
