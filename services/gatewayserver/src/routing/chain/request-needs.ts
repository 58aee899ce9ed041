/** What a step needs of a client's request beside what routers always send. */
export type RequestNeeds = {
  /** X-Trino-Prepared-Statement, among the headers. */
  readonly preparedStatements?: boolean;
  /** Authorization, among the credentials. */
  readonly authorization?: boolean;
  /** X-Trino-Extra-Credential, among the credentials. */
  readonly extraCredentials?: boolean;
};

/** What any of them needs. */
export function allNeeds(needs: readonly RequestNeeds[]): Required<RequestNeeds> {
  return {
    preparedStatements: needs.some(({ preparedStatements }) => preparedStatements === true),
    authorization: needs.some(({ authorization }) => authorization === true),
    extraCredentials: needs.some(({ extraCredentials }) => extraCredentials === true),
  };
}
