/** The largest buffer that was allocated since `begin`, by code that fuzz.mjs has bundled: it writes `new $Float32Array(…)` there. */
export const allocations = {
  largest: 0,
  begin(): void {
    allocations.largest = 0;
  },
};

const COUNTED = [
  'ArrayBuffer',
  'Uint8Array',
  'Uint16Array',
  'Uint32Array',
  'Int8Array',
  'Int16Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
] as const;

for (const name of COUNTED) {
  const Plain = globalThis[name] as new (...args: unknown[]) => { readonly byteLength: number };
  function Counted(...args: unknown[]) {
    const made = new Plain(...args);
    if (typeof args[0] === 'number' && made.byteLength > allocations.largest) allocations.largest = made.byteLength;
    return made;
  }
  Object.defineProperty(globalThis, `$${name}`, { value: Counted });
}
