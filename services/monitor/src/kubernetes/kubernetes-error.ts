const LONGEST_TEXT = 500;

/** Why a call of the API server failed, for an operator. */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  /** Of its answer; undefined without one. */
  readonly status: number | undefined;

  constructor(message: string, status?: number, cause?: unknown) {
    super(message.length > LONGEST_TEXT ? `${message.slice(0, LONGEST_TEXT)}…` : message, { cause });
    this.status = status;
  }

  /** The API server itself has a problem: nothing is known of what was asked about. */
  get isOutage(): boolean {
    return this.status === undefined || this.status === 429 || this.status >= 500;
  }
}

/** What the API server says in its answer: the Status object of Kubernetes, which names user, right and resource. */
export function refusal(call: string, status: number, text: string): KubernetesError {
  return new KubernetesError(`${call}: HTTP ${status}${said(text)}`, status);
}

function said(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' && message !== '' ? `: ${message.replace(/\s+/g, ' ')}` : '';
  } catch {
    return ''; // a proxy in between says it in a page of its own
  }
}
