import type { AnswerCase } from '../cases/answer-case.ts';
import { answerFramingCases } from './framing.ts';
import { answerHeadCases } from './heads.ts';

/** What coordinators may answer that could be read in two ways. */
export const answerCases: readonly AnswerCase[] = [...answerFramingCases, ...answerHeadCases];
