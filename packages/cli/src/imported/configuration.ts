import type { Declared } from '@trino-gateway/config';
import type { Note } from './notes.ts';

/** What would be put, and all that has no counterpart or was changed on the way. */
export type Imported = { declared: Declared; notes: Note[] };
