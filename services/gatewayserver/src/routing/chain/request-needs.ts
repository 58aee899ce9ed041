/** What a step needs of a client's request beside what routers always send. */
export type RequestNeeds = {
  /** X-Trino-Prepared-Statement, among the headers. */
  readonly preparedStatements?: boolean;
  /** Authorization, among the credentials. */
  readonly authorization?: boolean;
  /** X-Trino-Extra-Credential, among the credentials. */
  readonly extraCredentials?: boolean;
  /** Headers by which clients ask for a group, in lower case: always sent, and never passed on to clusters. */
  readonly groupHeaders?: readonly string[];
};

/** What any of them needs. */
export function allNeeds(
  needs: readonly RequestNeeds[],
): Required<Omit<RequestNeeds, 'groupHeaders'>> & { groupHeaders: string[] } {
  return {
    preparedStatements: needs.some(({ preparedStatements }) => preparedStatements === true),
    authorization: needs.some(({ authorization }) => authorization === true),
    extraCredentials: needs.some(({ extraCredentials }) => extraCredentials === true),
    groupHeaders: [...new Set(needs.flatMap(({ groupHeaders = [] }) => groupHeaders))],
  };
}
