/** Channel number of the master volume. */
const MASTER = 1;

/**
 * Loudness of an `RVA2` frame (id3v2.4.0-frames §4.11) as the text tags that others write for it.
 *
 *     name │ 0 │ per channel: type 8 │ dB × 512 16 │ bits of the peak 8 │ peak
 */
export function parseId3Gain(content: Uint8Array): [name: string, text: string][] {
  const nameEnd = content.indexOf(0);
  if (nameEnd < 0) return [];
  const isAlbum = /album/i.test(String.fromCharCode(...content.subarray(0, Math.min(nameEnd, 64))));
  const tag = isAlbum ? 'replaygain_album' : 'replaygain_track';
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  for (let at = nameEnd + 1; at + 4 <= content.length; ) {
    const peakBits = view.getUint8(at + 3);
    const peakBytes = Math.ceil(peakBits / 8);
    if (view.getUint8(at) === MASTER) {
      const gain: [string, string] = [`${tag}_gain`, `${(view.getInt16(at + 1) / 512).toFixed(2)} dB`];
      const peak = content.subarray(at + 4, at + 4 + peakBytes).reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** (peakBits - 1);
      return peakBits > 0 ? [gain, [`${tag}_peak`, peak.toFixed(6)]] : [gain];
    }
    at += 4 + peakBytes;
  }
  return [];
}
