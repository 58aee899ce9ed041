import type { MessageInitShape } from '@bufbuild/protobuf';
import { RoutingStep_Script_Language as Language, type RoutingStepSchema } from '@trino-gateway/api/gateway';
import { type Note, type Remark, remarksAbout } from '../imported/notes.ts';
import type { TranslatedIds } from '../imported/translate-ids.ts';
import {
  costsRouter,
  headerRouter,
  parsed,
  pythonRouter,
  type TrinoLbConfiguration,
  type TrinoLbGroup,
  type TrinoLbRouter,
  tagsRouter,
} from './model.ts';

type Step = MessageInitShape<typeof RoutingStepSchema>;
type Kind = NonNullable<Step['kind']>;

/** What routers refer to. */
type Known = { groupIds: TranslatedIds; clusters: readonly (TrinoLbGroup & { id: string })[] };

/** Translates a router: the name of its step, and what it does; undefined with a remark when there is no way to say it. */
type Translate = (settings: unknown, where: string, known: Known, remark: Remark) => Kind | undefined;

const ROUTERS: Readonly<Record<string, { id: string; translate: Translate }>> = {
  trinoRoutingGroupHeader: {
    id: 'header',
    translate: (settings, where) => {
      const { headerName } = parsed(headerRouter, where, settings) ?? {};
      return { case: 'routingGroupHeader', value: { header: headerName ?? '' } };
    },
  },
  clientTags: { id: 'tags', translate: tagsKind },
  pythonScript: {
    id: 'script',
    translate: (settings, where, _, remark) => {
      remark('runs in a process of its own, without network, files and installed packages: see docs/routing/script.md');
      return {
        case: 'script',
        value: { language: Language.PYTHON, source: parsed(pythonRouter, where, settings).script },
      };
    },
  },
  explainCosts: { id: 'costs', translate: costsKind },
};

/** The routers as steps, in the same order. */
export function routerSteps({ routers }: TrinoLbConfiguration, known: Known, notes: Note[]): Step[] {
  const count = new Map<string, number>();
  return routers.flatMap((router, at) => {
    const name = nameOf(router);
    const remark = remarksAbout(notes, 'router', `${at + 1}, ${name}`);
    const found = Object.hasOwn(ROUTERS, name) ? ROUTERS[name] : undefined;
    if (found === undefined) {
      remark('not translated: there is no such router');
      return [];
    }
    const kind = found.translate(router[name], `routers[${at}].${name}`, known, remark);
    if (kind === undefined) return [];
    const seen = (count.get(name) ?? 0) + 1;
    count.set(name, seen);
    return [{ id: seen === 1 ? found.id : `${found.id}-${seen}`, kind }];
  });
}

function nameOf(router: TrinoLbRouter): string {
  return Object.keys(router).join(', ');
}

function tagsKind(settings: unknown, where: string, { groupIds }: Known, remark: Remark): Kind | undefined {
  const { oneOf, allOf, trinoClusterGroup } = parsed(tagsRouter, where, settings);
  // Of both, the one that is written first counts.
  const first = Object.keys(settings as object).find((key) => key === 'oneOf' || key === 'allOf');
  if (oneOf && allOf) remark(`has both oneOf and allOf: ${first} is what counted`);
  const tags = (first === 'oneOf' ? oneOf : allOf) ?? [];
  const groupId = groupIds.of(trinoClusterGroup);
  if (groupId === undefined || tags.length === 0) {
    remark(
      tags.length === 0 ? 'left out: it names no tags' : `left out: its group "${trinoClusterGroup}" is not imported`,
    );
    return undefined;
  }
  const wanted = [...new Set(tags.map((tag) => tag.trim()))];
  return { case: 'clientTags', value: { groupId, ...(first === 'oneOf' ? { anyOf: wanted } : { allOf: wanted }) } };
}

function costsKind(settings: unknown, where: string, known: Known, remark: Remark): Kind | undefined {
  const { trinoClusterToRunExplainQuery: asked, targets } = parsed(costsRouter, where, settings);
  const explains = known.clusters.find(({ trinoClusters }) =>
    trinoClusters.some(({ endpoint }) => isSameOrigin(endpoint, asked.endpoint)),
  );
  const groupId = explains && known.groupIds.of(explains.id);
  if (groupId === undefined) {
    remark(
      'not translated: the cluster that explains is in no group that is imported; put it into one, and name that as group_id',
    );
    return undefined;
  }
  remark(`any cluster of group "${groupId}" explains, in the client's own session`);
  remark(
    'a cost that Trino does not know counted as 0; here it is unknown, and leads to no target: see unknown_group_id',
  );
  const translated = targets.flatMap((target) => {
    const id = known.groupIds.of(target.trinoClusterGroup);
    if (id === undefined) {
      remark(`loses a target: its group "${target.trinoClusterGroup}" is not imported`);
      return [];
    }
    const {
      cpuCost: cpu,
      memoryCost: memory,
      networkCost: network,
      outputRowCount: rows,
      outputSizeInBytes: bytes,
    } = target;
    return [{ cpu, memory, network, rows, bytes, groupId: id }];
  });
  const { username: user, password } = asked;
  return { case: 'explainCost', value: { groupId, user, password, targets: translated } };
}

function isSameOrigin(first: string, second: string): boolean {
  return URL.canParse(first) && URL.canParse(second) && new URL(first).origin === new URL(second).origin;
}
