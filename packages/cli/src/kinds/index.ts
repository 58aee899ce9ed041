import { backendKind } from './backend.ts';
import { groupKind } from './group.ts';
import type { Kind } from './kind.ts';
import { policyKind } from './policy.ts';

export { backendKind, groupKind, type Kind, policyKind };

/** All kinds of objects that are configured, in the order in which they may refer to each other. */
export const KINDS: readonly Kind[] = [backendKind, groupKind, policyKind];
