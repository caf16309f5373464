/** A RIFF WAVE file of 16-bit samples, with `texts` as user-defined frames (TXXX) of an ID3v2.3 tag before them. */
export function wavOf(sampleRate: number, planes: readonly Float32Array[], texts: Readonly<Record<string, string>> = {}): Uint8Array {
  const frames = planes[0].length;
  const data = new Int16Array(frames * planes.length);
  for (const [channel, plane] of planes.entries()) {
    for (let i = 0; i < frames; i++) data[i * planes.length + channel] = Math.round(plane[i] * 32_767);
  }
  const format = new DataView(new ArrayBuffer(16));
  format.setUint16(0, 1, true);
  format.setUint16(2, planes.length, true);
  format.setUint32(4, sampleRate, true);
  format.setUint32(8, sampleRate * planes.length * 2, true);
  format.setUint16(12, planes.length * 2, true);
  format.setUint16(14, 16, true);
  const id3 = tagOf(Object.entries(texts).map(([name, text]) => frameOf('TXXX', ascii(`\0${name}\0${text}`))));
  const chunks = [chunkOf('fmt ', new Uint8Array(format.buffer)), chunkOf('id3 ', id3), chunkOf('data', new Uint8Array(data.buffer))];
  return chunkOf('RIFF', join([ascii('WAVE'), ...chunks]));
}

const ascii = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function chunkOf(id: string, body: Uint8Array): Uint8Array {
  const size = new DataView(new ArrayBuffer(4));
  size.setUint32(0, body.length, true);
  return join([ascii(id), new Uint8Array(size.buffer), body, new Uint8Array(body.length % 2)]);
}

function frameOf(id: string, body: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(6));
  head.setUint32(0, body.length);
  return join([ascii(id), new Uint8Array(head.buffer), body]);
}

/** The size of the tag is in groups of seven bits (ID3v2.3 §3.1). */
function tagOf(frames: readonly Uint8Array[]): Uint8Array {
  const body = join(frames);
  const size = [21, 14, 7, 0].map((shift) => (body.length >> shift) & 127);
  return join([ascii('ID3'), Uint8Array.from([3, 0, 0, ...size]), body]);
}
