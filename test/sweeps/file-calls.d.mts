export declare function onCall(n: number, action: () => Error | undefined, isLasting?: boolean): () => number;
