import type { RequestCase } from '../cases/request-case.ts';
import { chunkCases } from './chunks.ts';
import { connectionCases } from './connections.ts';
import { headCases } from './heads.ts';
import { lengthCases } from './lengths.ts';
import { targetCases } from './targets.ts';

/** What clients may send that could be read in two ways. */
export const requestCases: readonly RequestCase[] = [
  ...lengthCases,
  ...chunkCases,
  ...headCases,
  ...targetCases,
  ...connectionCases,
];
