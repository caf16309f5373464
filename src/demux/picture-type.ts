/** Media types of pictures by the bytes that they begin with, as Latin-1; `.` is any byte. */
const MAGIC: readonly (readonly [RegExp, string])[] = [
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^\x89PNG\r\n/, 'image/png'],
  [/^GIF8[79]a/, 'image/gif'],
  [/^RIFF....WEBP/s, 'image/webp'],
  [/^....ftypavi[fs]/s, 'image/avif'],
  [/^BM/, 'image/bmp'],
];

/** What a picture is, whatever its file declares; `application/octet-stream` for what no browser shows as a mere picture. */
export function pictureTypeOf(bytes: Uint8Array): string {
  const head = String.fromCharCode(...bytes.subarray(0, 12));
  return MAGIC.find(([pattern]) => pattern.test(head))?.[1] ?? 'application/octet-stream';
}
