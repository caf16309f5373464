import type { Tags } from '../media.ts';
import { columns } from './columns.ts';
import type { Inspection } from './inspect.node.ts';
import { formatBytes, formatSeconds } from './units.ts';

/** Longer text, such as the words of a song, is cut for the eye; `--json` has all of it. */
const MAX_TEXT = 200;

/** An inspection for people. */
export function inspectionReport(facts: Inspection): string {
  const heldBytes = facts.held.reduce((sum, { start, end }) => sum + end - start, 0);
  const ranges = facts.held.map(({ start, end }) => `${start}–${end}`).join(', ') || 'nothing';
  const rows: [string, unknown][] = [
    ['container', facts.container],
    ['codec', facts.degraded ? `${facts.codec} (${facts.degraded})` : facts.codec],
    ['sample rate', `${facts.sampleRate} Hz`],
    ['channels', facts.channels],
    ['bits', facts.bitsPerSample],
    ['bit rate', facts.bitRate && `${Math.round(facts.bitRate / 1000)} kbit/s`],
    ['duration', `${formatSeconds(facts.duration)}${facts.durationIsExact ? '' : ' (estimated)'}`],
    ['frames', facts.frames],
    ['delay/padding', `${facts.encoderDelay}/${facts.padding} frames`],
    ['size', facts.length === undefined ? '?' : formatBytes(facts.length)],
    ['parts', facts.parts.map(partText).join(', ') || undefined],
    ['seeks by', facts.seeksBy],
    ['index', facts.index && indexText(facts.index)],
    ['held', `${formatBytes(heldBytes)}: ${ranges}`],
    ['phase', facts.phase],
    ['replay gain', facts.replayGain && gainText(facts.replayGain)],
    ...facts.pictures.map(({ type, mediaType, bytes }): [string, string] => [
      'picture',
      `${type}, ${mediaType || '?'}, ${formatBytes(bytes)}`,
    ]),
    ...facts.chapters.map(({ title, start }): [string, string] => ['chapter', `${formatSeconds(start)} ${title}`]),
    ...(facts.links ?? []).map(({ start, tags }): [string, string] => ['link', `${formatSeconds(start)} ${songText(tags)}`]),
    ...Object.entries(facts.tags),
  ];
  return columns(rows.filter(([, value]) => value !== undefined).map(([name, value]) => [oneLine(name), oneLine(String(value))]));
}

const partText = ({ name, offset, size }: Inspection['parts'][number]): string =>
  `${name} at ${offset}${size === undefined ? '' : ` (${formatBytes(size)})`}`;

const songText = ({ title = '?', artist }: Tags): string => (artist ? `${title} – ${artist}` : title);

const indexText = ({ isWhole, seconds, bytes }: NonNullable<Inspection['index']>): string =>
  seconds === 0 ? 'none' : `${isWhole ? 'whole' : `up to ${formatSeconds(seconds)}`}, ${formatBytes(bytes)}`;

function gainText({ trackGain, trackPeak, albumGain, albumPeak }: NonNullable<Inspection['replayGain']>): string {
  const text = (name: string, gain?: number, peak?: number) =>
    gain === undefined && peak === undefined
      ? []
      : [`${name} ${gain === undefined ? '?' : `${gain.toFixed(2)} dB`}${peak === undefined ? '' : `, peak ${peak}`}`];
  return [...text('track', trackGain, trackPeak), ...text('album', albumGain, albumPeak)].join('; ');
}

/** What files say is shown as text: no control characters, which a terminal would obey, and no lines of its own. */
function oneLine(text: string): string {
  const plain = text.replace(/\p{Cc}+/gu, ' ');
  return plain.length > MAX_TEXT ? `${plain.slice(0, MAX_TEXT)}…` : plain;
}
