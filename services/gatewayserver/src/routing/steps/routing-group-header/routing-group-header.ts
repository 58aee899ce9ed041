import {
  RoutingStep_RoutingGroupHeader_Unknown as Unknown,
  RoutingStep_RoutingGroupHeader_UnknownSchema as UnknownSchema,
} from '@trino-gateway/api/gateway';
import { check, enumProblem, idProblem, quote } from '@trino-gateway/api/problem';
import { firstHeader, type RawHeaders } from '@trino-gateway/trino';
import { abstains, chooses, refuses } from '../../chain/opinions.ts';
import type { StepKind, StepSettings } from '../../chain/step-kind.ts';

const DEFAULT_HEADER = 'X-Trino-Routing-Group';
const MOST_GROUPS = 1_000;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/; // a token of RFC 9110

/** What HTTP, proxies or clusters read: it cannot be taken from them. */
const OTHERS =
  /^(?:authorization|proxy-.*|cookie|host|content-.*|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|accept.*|user-agent|forwarded|via|x-real-ip|x-forwarded-.*|x-presto-.*|x-trino-(?:user|original-user|source|catalog|schema|path|time-zone|language|trace-token|session|role|prepared-statement|transaction-id|client-info|client-tags|client-capabilities|resource-estimate|extra-credential|internal-bearer|query-data-encoding))$/;

/** The client names the group it wants in a header. */
export const routingGroupHeaderStep: StepKind<StepSettings<'routingGroupHeader'>> = {
  problems: ({ header, groups, unknown }) => [
    ...check(
      header === '' || HEADER_NAME.test(header),
      'header',
      `expected the name of a header, got ${quote(header)}`,
    ),
    ...check(!OTHERS.test(header.toLowerCase()), 'header', `${quote(header)} is for clusters, proxies or HTTP itself`),
    ...check(groups.length <= MOST_GROUPS, 'groups', `expected at most ${MOST_GROUPS}, got ${groups.length}`),
    ...groups.flatMap((group, at) => idProblem(`groups[${at}]`, group)),
    ...enumProblem('unknown', UnknownSchema, unknown),
  ],
  names: ({ groups }) => ({ groupIds: groups, backendIds: [] }),
  notKept: ({ header }) =>
    header === '' || header.toLowerCase() === DEFAULT_HEADER.toLowerCase()
      ? []
      : [`the header ${header} is not kept in the history: none was sent, as far as this replay knows`],
  needs: ({ header }) => ({ groupHeaders: [(header || DEFAULT_HEADER).toLowerCase()] }),
  compile: ({ header, groups, unknown }, id) => {
    const name = (header || DEFAULT_HEADER).toLowerCase();
    const allowed = new Set(groups);
    return {
      ask: ({ rawHeaders }, { snapshot }) => {
        const asked = groupAskedFor(rawHeaders, name);
        if (asked === undefined || asked === '') return abstains(id, `no ${name} was sent`);
        const known = snapshot.whyNoGroup(asked) !== 'does not exist' && (allowed.size === 0 || allowed.has(asked));
        if (known) return chooses(id, { groupId: asked, text: `the client asked for group ${asked}` });
        const text = `the client asked for ${quote(asked)}, which is no group that may be asked for`;
        return unknown === Unknown.REFUSE
          ? refuses(id, text, `${name}: ${quote(asked)} is no group that may be asked for`)
          : abstains(id, text);
      },
    };
  },
};

/** Of repeated lines the first; clients that speak X-Presto-* say X-Presto-Routing-Group for X-Trino-Routing-Group. */
function groupAskedFor(rawHeaders: RawHeaders, name: string): string | undefined {
  const twin = name.replace(/^x-trino-/, 'x-presto-');
  return (firstHeader(rawHeaders, name) ?? firstHeader(rawHeaders, twin))?.trim();
}
