import type { Aulos } from '../node.ts';
import { columns } from './columns.ts';
import type { CommandResult, CommonOptions } from './run.node.ts';
import { formatBytes, formatSeconds } from './units.ts';

/** `aulos inspect URL`: what the head of a file says, fetching no more than it takes. */
export async function inspectCommand(aulos: Aulos, url: string, _: CommonOptions, signal: AbortSignal): Promise<CommandResult> {
  await using track = await aulos.open(url, { signal, whole: false });
  const { info, source } = track;
  const { config } = info;
  const json = {
    url,
    container: info.container,
    codec: config.codecString,
    sampleRate: config.sampleRate,
    channels: config.channels,
    bitsPerSample: info.bitsPerSample,
    bitRate: info.bitRate && Math.round(info.bitRate),
    duration: info.duration,
    durationIsExact: info.durationIsExact,
    frames: info.frames,
    encoderDelay: info.encoderDelay,
    padding: info.padding,
    degraded: info.degraded,
    mediaType: source.mediaType,
    length: source.length,
    phase: source.phase,
    held: source.held.toArray(),
    tags: info.tags,
  };
  return { json, text: report(json) };
}

function report(facts: {
  readonly [name: string]: unknown;
  readonly duration: number | undefined;
  readonly durationIsExact: boolean;
  readonly length: number | undefined;
  readonly held: readonly { readonly start: number; readonly end: number }[];
  readonly tags: Readonly<Record<string, string>>;
}): string {
  const heldBytes = facts.held.reduce((sum, { start, end }) => sum + end - start, 0);
  const ranges = facts.held.map(({ start, end }) => `${start}–${end}`).join(', ') || 'nothing';
  const rows: [string, unknown][] = [
    ['container', facts.container],
    ['codec', facts.degraded ? `${facts.codec} (${facts.degraded})` : facts.codec],
    ['sample rate', `${facts.sampleRate} Hz`],
    ['channels', facts.channels],
    ['bits', facts.bitsPerSample],
    ['bit rate', facts.bitRate && `${Math.round(Number(facts.bitRate) / 1000)} kbit/s`],
    ['duration', `${formatSeconds(facts.duration)}${facts.durationIsExact ? '' : ' (estimated)'}`],
    ['delay/padding', `${facts.encoderDelay}/${facts.padding} frames`],
    ['size', facts.length === undefined ? '?' : formatBytes(facts.length)],
    ['held', `${formatBytes(heldBytes)}: ${ranges}`],
    ['phase', facts.phase],
    ...Object.entries(facts.tags),
  ];
  return columns(rows.filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)]));
}
