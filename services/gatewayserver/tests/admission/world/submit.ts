import { wouldWait } from '../../../src/admission/preview/would-wait.ts';
import { type Applicant, admit } from '../../../src/admission/rules/admit.ts';
import { enqueue, type Newcomer } from '../../../src/admission/rules/queue.ts';
import type { Lease } from '../../../src/admission/state/lease.ts';
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
  const strict = step.user === 2 && step.priority === 1;
  const asking = applicant(submissionId, { groupId, user, neverWaits, strict });
  const waiting = newcomer(`t${submissionId}`, {
    groupId,
    priority: step.priority,
    user,
    strict,
    submissionId,
    bytes: 1 + (clients.length % 4),
  });
  const foretold = preview(world, asking, waiting);
  const answer = admit(admission, asking);
  const again = admit(admission, asking);
  must(
    answer.kind === again.kind && (answer.kind !== 'lease' || again.kind !== 'lease' || answer.lease === again.lease),
    'a repeated question has the same answer',
  );
  must(!neverWaits || answer.kind !== 'wait', 'what never waits does not');
  const isAsForetold = (happened: string) => must(happened === foretold, `what a preview says: ${foretold}`);
  if (answer.kind === 'lease') {
    isAsForetold(`runs on ${answer.lease.backendId}`);
    if (neverWaits) exempt.add(submissionId);
    else checkNewcomer(world, answer.lease);
    must(!strict || answer.lease.groupId === groupId, 'what is strict stays in its group');
    post(world, one, answer.lease.backendId);
  } else if (answer.kind === 'wait') {
    one.temporaryId = waiting.id;
    const taken = enqueue(admission, waiting);
    isAsForetold(taken.kind === 'full' ? taken.message : `waits at ${admission.state.positionOf(taken.waiter)}`);
    must(enqueue(admission, waiting).kind === taken.kind, 'a repeated enqueue has the same answer');
    if (taken.kind === 'full') one.over = true;
    dispatch(world);
  } else isAsForetold('unavailable');
}

/** What a dry run says of a statement. @throws Error when it changes anything */
function preview({ admission }: World, asking: Applicant, waiting: Newcomer): string {
  const { state } = admission;
  const inOrder = (all: Iterable<{ id: string }>) => [...all].sort((a, b) => (a.id < b.id ? -1 : 1));
  const seen = () =>
    JSON.stringify([inOrder(state.leases()), inOrder(state.waiters()), state.journal.waiters.noted().size]);
  const before = seen();
  const answer = state.tentatively(() => admit(admission, asking));
  const queued = answer.kind === 'wait' ? state.tentatively(() => wouldWait(admission, waiting)) : undefined;
  must(seen() === before, 'a dry run changes nothing');
  if (queued) return queued.kind === 'full' ? queued.message : `waits at ${queued.position}`;
  return answer.kind === 'lease' ? `runs on ${answer.lease.backendId}` : 'unavailable';
}

/** A cluster takes the statement of a client. */
export function post(world: World, one: Client, backendId: string): Posted {
  const answer = { queryId: `q${world.draw()}`, backendId };
  one.posted.push(answer);
  return answer;
}

/** A newcomer never starts before a present waiter that could have had the slot. */
function checkNewcomer(world: World, { groupId }: Lease): void {
  const backendIds = world.admission.limits.group(groupId)?.backendIds;
  if (world.offersPending && !backendIds?.some((id) => world.available.get(id))) return;
  const could = queued(world).filter((waiter) => isReady(world, waiter) && freeFor(world, waiter).length > 0);
  must(could.length === 0, 'a newcomer takes no slot that a present waiter waits for');
}
