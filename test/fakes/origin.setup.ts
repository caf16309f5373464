import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { root } from '../tools.ts';
import { startOrigin } from './origin.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of an origin that runs beside the browser tests, with `test/fixtures/media` at `/fixtures`. */
    origin: string;
  }
}

/** Starts one origin for all test pages: `inject('origin')` is its URL, `RemoteOrigin` works it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const origin = await startOrigin();
  origin.mount('/fixtures', path.join(root, 'test/fixtures/media'));
  project.provide('origin', origin.url);
  return () => origin.close();
}
