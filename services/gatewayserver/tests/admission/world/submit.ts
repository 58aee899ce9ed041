import { admit } from '../../../src/admission/rules/admit.ts';
import { enqueue } from '../../../src/admission/rules/queue.ts';
import { must } from '../../support/must.ts';
import { applicant, newcomer } from '../support/arrivals.ts';
import type { Command } from './commands.ts';
import { dispatch, freeFor, isReady, queued } from './slot-offers.ts';
import { type Client, GROUPS, type Posted, USERS, type World } from './world.ts';

/** A new client submits its statement: a cluster accepts it, or it waits, or it is refused. @throws Error naming the law broken */
export function submit(world: World, step: Extract<Command, { kind: 'submit' }>): void {
  const { admission, clients, exempt } = world;
  const groupId = Object.keys(GROUPS)[step.group] ?? 'g1';
  const user = USERS[step.user] ?? 'ann';
  const neverWaits = step.neverWaits && step.priority === 2;
  const submissionId = `s${clients.length}`;
  const one: Client = { submissionId, posted: [], late: [], polled: false, over: false };
  clients.push(one);
  const asking = applicant(submissionId, { groupId, user, neverWaits });
  const answer = admit(admission, asking);
  const again = admit(admission, asking);
  must(
    answer.kind === again.kind && (answer.kind !== 'lease' || again.kind !== 'lease' || answer.lease === again.lease),
    'a repeated question has the same answer',
  );
  must(!neverWaits || answer.kind !== 'wait', 'what never waits does not');
  if (answer.kind === 'lease') {
    if (neverWaits) exempt.add(submissionId);
    else checkNewcomer(world, groupId);
    post(world, one, answer.lease.backendId);
  } else if (answer.kind === 'wait') {
    one.temporaryId = `t${submissionId}`;
    const waiting = newcomer(one.temporaryId, {
      groupId,
      priority: step.priority,
      user,
      submissionId,
      bytes: 1 + (clients.length % 4),
    });
    const taken = enqueue(admission, waiting);
    must(enqueue(admission, waiting).kind === taken.kind, 'a repeated enqueue has the same answer');
    if (taken.kind === 'full') one.over = true;
    dispatch(world);
  }
}

/** A cluster takes the statement of a client. */
export function post(world: World, one: Client, backendId: string): Posted {
  const answer = { queryId: `q${world.draw()}`, backendId };
  one.posted.push(answer);
  return answer;
}

/** A newcomer never starts before a present waiter that could have had the slot. */
function checkNewcomer(world: World, groupId: string): void {
  const backendIds = world.admission.limits.group(groupId)?.backendIds;
  if (world.offersPending && !backendIds?.some((id) => world.available.get(id))) return;
  const could = queued(world).filter((waiter) => isReady(world, waiter) && freeFor(world, waiter).length > 0);
  must(could.length === 0, 'a newcomer takes no slot that a present waiter waits for');
}
