export function bundleTab(): Promise<string>;
