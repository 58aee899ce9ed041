/** What a gatewayserver said when it refused a call. */
export class CallFailedError extends Error {
  override readonly name = 'CallFailedError';
  /** Of Connect, `not_found` say; the HTTP status where there is none. */
  readonly code: string;

  constructor(method: string, status: number, answer: { code?: string; message?: string }) {
    const code = answer.code ?? String(status);
    super(`${method}: ${code}: ${answer.message ?? JSON.stringify(answer)}`);
    this.code = code;
  }
}

/** Calls the contract of one gatewayserver, `BackendService/PutBackend` say, as Connect JSON. @throws CallFailedError */
export type GatewayCall = <T = Record<string, unknown>>(method: string, body?: unknown) => Promise<T>;

const TIME_LIMIT_MS = 10_000;

/** Of the gatewayserver at that address, with the administrator's token where it has one. */
export function gatewayCall(url: string, adminToken?: string, signal?: AbortSignal): GatewayCall {
  return async <T>(method: string, body: unknown = {}) => {
    const limit = AbortSignal.timeout(TIME_LIMIT_MS);
    const response = await fetch(`${url}/trinogateway.v1.${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(adminToken && { authorization: `Bearer ${adminToken}` }) },
      body: JSON.stringify(body),
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
    const answer = (await response.json()) as T & { code?: string; message?: string };
    if (!response.ok) throw new CallFailedError(method, response.status, answer);
    return answer;
  };
}
