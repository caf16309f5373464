import { tagsAt } from '../media.ts';
import type { MediaInfo } from '../node.ts';
import type { Place, Playing } from './playing.node.ts';
import { formatSeconds } from './units.ts';

/** How often it is told, ms. */
const EVERY_MS = 250;

/** Tells on stderr what is heard until disposed: JSON lines, or a line when stderr is a terminal, or nothing. */
export function showPlace(playing: Playing, urls: readonly string[], { json }: { readonly json: boolean }): Disposable {
  const { stderr } = process;
  if (!json && !stderr.isTTY) return { [Symbol.dispose]() {} };
  const textOf = json ? jsonLine : terminalLine;
  const tell = async () => {
    const { place, isPaused } = playing;
    const track = await playing.trackAt(place).catch(() => undefined); // playing it tells
    if (track) stderr.write(textOf({ place, isPaused, urls, info: track.info }));
  };
  const timer = setInterval(() => void tell(), EVERY_MS);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      if (!json) stderr.write('\n');
    },
  };
}

interface Heard {
  readonly place: Place;
  readonly isPaused: boolean;
  readonly urls: readonly string[];
  readonly info: MediaInfo;
}

function jsonLine({ place: { index, seconds }, isPaused, urls, info: { duration } }: Heard): string {
  return `${JSON.stringify({ event: 'place', url: urls[index], seconds: Math.round(seconds * 10) / 10, duration, isPaused })}\n`;
}

/** In place of the line before; no longer than the terminal is wide, or it would not go away. */
function terminalLine({ place: { index, seconds }, isPaused, urls, info }: Heard): string {
  const { title = urls[index], artist } = tagsAt(info, seconds);
  const time = `${formatSeconds(Math.floor(seconds))} of ${formatSeconds(info.duration)}`;
  const parts = [isPaused ? 'paused' : 'playing', ...(urls.length > 1 ? [`${index + 1}/${urls.length}`] : []), time];
  const text = [...parts, artist ? `${artist} – ${title}` : title].join('  ').replace(/\p{Cc}/gu, ' '); // a tag moves no cursor
  return `\r\x1b[K${text.slice(0, (process.stderr.columns || 80) - 1)}`;
}
