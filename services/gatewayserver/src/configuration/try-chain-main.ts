import { text } from 'node:stream/consumers';
import { fromBinary } from '@bufbuild/protobuf';
import { RoutingChainSchema } from '@trino-gateway/api/gateway';
import { trialProblems } from '../routing/chain/chain-trial.ts';
import { stepKinds } from '../routing/steps/registry.ts';

// Tries the steps of a chain, which is given as base64, and writes what is wrong with them as JSON.

const chain = fromBinary(RoutingChainSchema, Buffer.from(await text(process.stdin), 'base64'));
process.stdout.write(JSON.stringify(await trialProblems(stepKinds, chain)));
