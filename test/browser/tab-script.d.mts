import type { Plugin } from 'esbuild';

export const withoutNestedWorkers: Plugin;
export function bundleTab(): Promise<string>;
