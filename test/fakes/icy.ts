/** What a station says between its sound, filled up with zeros to blocks of 16 bytes. */
export function icyBlock(text: Uint8Array | string): Uint8Array {
  const said = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const block = new Uint8Array(1 + 16 * Math.ceil(said.length / 16));
  block[0] = (block.length - 1) / 16;
  block.set(said, 1);
  return block;
}

/** `audio` with what `said` gives for its number behind every `interval` bytes, as a station sends it that is asked for titles. */
export function withIcy(audio: Uint8Array, interval: number, said: (number: number) => string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < audio.length; at += interval) parts.push(audio.subarray(at, at + interval), icyBlock(said(parts.length / 2)));
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
