import { CreateBackends, CreateGroups, CreatePolicies } from './0001-configuration.ts';
import { CreateBackendOverrides, CreateBackendStatuses, CreateIncarnations } from './0002-conditions.ts';
import { CreateRevisions, CreateSuiteSecrets, StartRevisions } from './0003-suite.ts';
import { CreateQueries } from './0004-queries.ts';
import { CreateBackendSchedules } from './0005-schedules.ts';
import { CreateDuties, IndexQueriesByState } from './0006-history-upkeep.ts';
import { CreateOpenTransactions } from './0007-transactions.ts';
import { CreateAdmissionEntries, CreateAdmissionSealed, StartAdmission } from './0008-admission.ts';
import { AddIncarnationTls } from './0009-incarnation-tls.ts';
import { CreateRoutingChains } from './0010-routing-chain.ts';
import { AddQueryRouting, CreateRoutingHits } from './0011-routing-history.ts';
import { AddRequestFacts } from './0012-request-facts.ts';
import { CreateClusterScaling, CreateGroupScaling, CreateScalingEvents, CreateScalingLead } from './0013-scaling.ts';
import { CreateDiscoveredMembers, CreateDiscoverySources } from './0015-discovery.ts';

/** All migrations, oldest first. One that has been released never changes; a new one goes to the end. */
export const MIGRATIONS = [
  CreateBackends,
  CreateGroups,
  CreatePolicies,
  CreateBackendStatuses,
  CreateBackendOverrides,
  CreateIncarnations,
  CreateRevisions,
  StartRevisions,
  CreateSuiteSecrets,
  CreateQueries,
  CreateBackendSchedules,
  CreateDuties,
  IndexQueriesByState,
  CreateOpenTransactions,
  CreateAdmissionEntries,
  CreateAdmissionSealed,
  StartAdmission,
  AddIncarnationTls,
  CreateRoutingChains,
  AddQueryRouting,
  CreateRoutingHits,
  AddRequestFacts,
  CreateScalingLead,
  CreateClusterScaling,
  CreateGroupScaling,
  CreateScalingEvents,
  CreateDiscoverySources,
  CreateDiscoveredMembers,
];
