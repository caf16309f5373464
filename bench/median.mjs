/** The middle of `values`; the upper one of two. */
export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
