import { expire } from '../../../src/admission/rules/expiry.ts';
import { must } from '../../support/must.ts';
import { able, actOfClient } from './clients.ts';
import type { Command } from './commands.ts';
import { check } from './laws.ts';
import { changed } from './slot-offers.ts';
import { submit } from './submit.ts';
import { BACKENDS, type Circumstances, createWorld, GROUPS, type World } from './world.ts';

/** Runs the commands on a world of its own, and ends with nothing left. @throws Error naming the law broken */
export function runInWorld(circumstances: Circumstances, commands: readonly Command[]): void {
  const world = createWorld(circumstances);
  for (const command of commands) {
    act(world, command);
    check(world);
  }
  drain(world);
}

function act(world: World, step: Command): void {
  const { admission, max, available } = world;
  switch (step.kind) {
    case 'submit':
      submit(world, step);
      return;
    case 'pass':
      admission.now += step.ms;
      expire(admission);
      changed(world, step);
      return;
    case 'limit':
      max.set(BACKENDS[step.backend] ?? 'b1', step.max);
      changed(world, step);
      return;
    case 'available':
      available.set(BACKENDS[step.backend] ?? 'b1', step.is);
      changed(world, step);
      return;
    case 'hold':
      admission.state.setHeld(Object.keys(GROUPS)[step.group] ?? 'g1', step.is);
      changed(world, step);
      return;
    default:
      actOfClient(world, step);
  }
}

/** All clients poll and finish: in the end nothing is left. */
function drain(world: World): void {
  const { clients, available } = world;
  const { state } = world.admission;
  for (const id of Object.keys(GROUPS)) state.setHeld(id, false);
  for (const id of BACKENDS) available.set(id, true);
  const isWaiting = () => [...state.waiters()].some(({ phase }) => phase === 'QUEUED' || phase === 'CLAIMED');
  for (let round = 0; round < 400 && isWaiting(); round++) {
    for (const at of clients.keys()) act(world, { kind: 'poll', client: at });
    for (const at of clients.keys()) act(world, { kind: 'offer', client: at, outcome: 'taken' });
    for (const at of clients.keys()) act(world, { kind: 'poll', client: at });
    for (const kind of ['confirm', 'poll', 'finish'] as const)
      for (let times = able(world, kind).length; times > 0; times--) act(world, { kind, client: times });
    act(world, { kind: 'pass', ms: 3, offersNow: true });
    check(world);
  }
  must(!isWaiting(), 'every waiter that polls is offered a slot');
  while (able(world, 'finish').length > 0) act(world, { kind: 'finish', client: 0 });
  for (let times = 0; times < 60; times++) act(world, { kind: 'pass', ms: 40, offersNow: true });
  must([...state.leases()].length === 0, 'no lease outlives its query');
  must([...state.waiters()].length === 0, 'no waiter is remembered for ever');
  must(
    BACKENDS.every((id) => state.onBackend(id) === 0),
    'at the end all counts are zero',
  );
}
