/** What iTunes notes about the silence that an encoder adds, in frames at the rate of the coded stream. */
export interface ITunesGapless {
  readonly delay: number;
  readonly padding: number;
  /** Frames of the original; 0 if not said. */
  readonly frames: number;
}

/** Reads an `iTunSMPB` comment: hexadecimal fields, of which the second to the fourth are delay, padding and frames. */
export function parseITunSmpb(text: string): ITunesGapless | undefined {
  const [, delay, padding, frames] = /^\s*[\da-f]{8} ([\da-f]{8}) ([\da-f]{8}) ([\da-f]{16})/i.exec(text) ?? [];
  if (delay === undefined) return undefined;
  const gapless = { delay: parseInt(delay, 16), padding: parseInt(padding, 16), frames: parseInt(frames, 16) };
  return gapless.delay < 1 << 16 && gapless.padding < 1 << 16 && Number.isSafeInteger(gapless.frames) ? gapless : undefined;
}
