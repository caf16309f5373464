/** Pages of one logical stream (RFC 3533 §6), a packet on each; `granule` is the position behind it, if it is to be told. */
export function oggOf(packets: readonly { readonly data: Uint8Array; readonly granule?: number }[]): Uint8Array {
  const pages = packets.map(({ data, granule }, i) => {
    const flags = (i === 0 ? 2 : 0) | (i === packets.length - 1 ? 4 : 0);
    return pageOf(data, granule, flags, i);
  });
  const bytes = new Uint8Array(pages.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const page of pages) {
    bytes.set(page, at);
    at += page.length;
  }
  return bytes;
}

/** `OggS │ version 8 │ flags 8 │ granule 64 │ serial 32 │ sequence 32 │ crc 32 │ segments 8 │ lacing │ body` */
function pageOf(body: Uint8Array, granule: number | undefined, flags: number, sequence: number): Uint8Array {
  const lacing = [...Array<number>(Math.floor(body.length / 255)).fill(255), body.length % 255];
  const page = new Uint8Array(27 + lacing.length + body.length);
  const view = new DataView(page.buffer);
  page.set(new TextEncoder().encode('OggS'));
  page[5] = flags;
  view.setBigUint64(6, BigInt(granule ?? -1) & 0xffff_ffff_ffff_ffffn, true);
  view.setUint32(14, 1, true);
  view.setUint32(18, sequence, true);
  page[26] = lacing.length;
  page.set(lacing, 27);
  page.set(body, 27 + lacing.length);
  view.setUint32(22, crcOf(page), true);
  return page;
}

/** Polynomial 0x04c11db7, highest bit first, from 0. */
function crcOf(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

/** An Opus stream whose head (RFC 7845 §5.1), on its first page, asks for a gain, dB. */
export function withOpusGain(stream: Uint8Array, gain: number): Uint8Array {
  const changed = stream.slice();
  const [head, end] = [28, 28 + changed[27]]; // one segment on the page
  const view = new DataView(changed.buffer);
  view.setInt16(head + 16, gain * 256, true);
  view.setUint32(22, 0, true);
  view.setUint32(22, crcOf(changed.subarray(0, end)), true);
  return changed;
}
