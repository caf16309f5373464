export declare function bundleStore(folder: string): Promise<string>;
