declare global {
  namespace WebAssembly {
    class Memory {
      constructor(pages: { initial: number; maximum: number });
      readonly buffer: ArrayBuffer;
    }
  }
}

/** Bytes of an interpreter's memory, to which it can be set back. */
export type MemorySnapshot = { restore(): void };

type Range = { from: number; to: number };

const PAGE = 4_096;

/** The longest run of zeros in the memory of an interpreter that has just begun: its stack, as far as it was not used yet. */
export function unusedStack(memory: WebAssembly.Memory): Range {
  const end = usedEnd(memory);
  let longest: Range = { from: end, to: end };
  let from = 0;
  for (let page = 0; page <= end; page += PAGE) {
    if (page < end && isZero(memory, page)) continue;
    if (page - from > longest.to - longest.from) longest = { from, to: page };
    from = page + PAGE;
  }
  return longest;
}

/** All that is in use now, without that range: what is below the top of the stack is nobody's. */
export function createMemorySnapshot(memory: WebAssembly.Memory, without: Range): MemorySnapshot {
  const low = new Uint8Array(memory.buffer).slice(0, without.from);
  const high = new Uint8Array(memory.buffer).slice(without.to, usedEnd(memory));
  return {
    restore: () => {
      const bytes = new Uint8Array(memory.buffer); // a memory that has grown has another buffer
      bytes.set(low, 0);
      bytes.set(high, without.to);
    },
  };
}

function usedEnd(memory: WebAssembly.Memory): number {
  let end = memory.buffer.byteLength;
  while (end > 0 && isZero(memory, end - PAGE)) end -= PAGE;
  return end;
}

function isZero(memory: WebAssembly.Memory, page: number): boolean {
  return new BigUint64Array(memory.buffer, page, PAGE / 8).every((word) => word === 0n);
}
