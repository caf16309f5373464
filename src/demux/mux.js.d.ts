/** What is used of mux.js, which has no types. Each takes one transport packet of 188 bytes, keeps nothing and never throws. */
declare module 'mux.js/lib/m2ts/probe.js' {
  const probe: {
    /** PID of the program map table of the first program. */
    parsePat(packet: Uint8Array): number;
    /** Stream types by PID; undefined when the table is not in force yet. */
    parsePmt(packet: Uint8Array): Record<number, number> | undefined;
    /** Times of a PES packet that begins here, 33 bits in units of 1/90000 s; null when there are none. */
    parsePesTime(packet: Uint8Array): { pts: number; dts: number } | null;
  };
  export default probe;
}
