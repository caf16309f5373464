// vitest rewrites every dynamic import to a call of this, which it defines in pages but not in their workers.
Object.assign(globalThis, { __vitest_browser_runner__: { wrapDynamicImport: <T>(load: () => Promise<T>) => load() } });
