import type { createDiskStore } from '../../src/store/disk.node.ts';

export declare function problemAfter(
  create: typeof createDiskStore,
  root: string,
  key: string,
  lines: readonly string[],
): Promise<string | undefined>;
