/** Bytes that base64 in ASCII stands for; undefined if it is none. */
export function fromBase64(text: Uint8Array): Uint8Array | undefined {
  try {
    const binary = atob(new TextDecoder('latin1').decode(text));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return undefined; // not base64
  }
}
