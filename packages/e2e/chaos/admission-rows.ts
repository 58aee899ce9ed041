import { openDataSource } from '@trino-gateway/gatewayserver/storage/data-source';
import { parseDatabaseUrl } from '@trino-gateway/gatewayserver/storage/database-url';

/** What the tables of admission hold. */
export type AdmissionRows = {
  /** Slots that are taken, and statements that wait or are being handed over. */
  open: number;
  /** What has ended and is remembered for a while, tombstones included. */
  remembered: number;
  /** Sealed statements and answers. */
  sealed: number;
};

const CLOSED = new Set(['LAPSED', 'HANDED_OVER', 'ENDED', 'SETTLED']);

/** Read from the database itself, past the gateway. */
export async function admissionRows(url: string): Promise<AdmissionRows> {
  const source = await openDataSource(parseDatabaseUrl(url), { poolSize: 1, timeLimitMs: 60_000 });
  try {
    const entries: { kind: string; document: string }[] = await source.query(
      'SELECT kind, document FROM admission_entries',
    );
    const [{ count = 0 } = {}]: { count?: number }[] = await source.query(
      'SELECT count(*) AS count FROM admission_sealed',
    );
    const isOpen = ({ kind, document }: { kind: string; document: string }) =>
      document !== '' && (kind === 'hold' || !CLOSED.has((JSON.parse(document) as { phase: string }).phase));
    const open = entries.filter(isOpen).length;
    return { open, remembered: entries.length - open, sealed: Number(count) };
  } finally {
    await source.destroy();
  }
}
