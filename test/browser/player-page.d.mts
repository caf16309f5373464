import type { Resource } from '../fakes/origin.ts';

/** What an origin has to have, by path; the page is `/player`. */
export declare function bundlePlayerPage(): Promise<Map<string, Resource>>;
