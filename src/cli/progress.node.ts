import type { AulosEvent, EventScope } from '../events/bus.ts';
import { formatBytes, formatSeconds } from './units.ts';

type ProgressPayload = AulosEvent<'source.progress'>['payload'];

/** Shows the progress of a source on stderr until disposed: JSON lines, or a bar when stderr is a terminal, or nothing. */
export async function showProgress(events: EventScope, { json }: { readonly json: boolean }): Promise<Disposable> {
  const controller = new AbortController();
  const { signal } = controller;
  const stop = json ? jsonLines(events, signal) : process.stderr.isTTY ? await bar(events, signal) : () => {};
  return {
    [Symbol.dispose]() {
      controller.abort();
      stop();
    },
  };
}

function jsonLines(events: EventScope, signal: AbortSignal): () => void {
  const line = (value: object) => process.stderr.write(`${JSON.stringify(value)}\n`);
  events.on('source.progress', ({ payload }) => line({ event: 'progress', ...numbers(payload) }), { signal });
  events.on('source.phase', ({ payload }) => line({ event: 'phase', ...payload }), { signal });
  events.on('source.retry', ({ payload }) => line({ event: 'retry', ...payload }), { signal });
  return () => {};
}

const numbers = ({ heldBytes, length, bytesPerSecond, etaSeconds }: ProgressPayload) => ({
  bytes: heldBytes,
  total: length,
  bytesPerSecond: Math.round(bytesPerSecond),
  etaSeconds: etaSeconds === undefined ? undefined : Math.round(etaSeconds * 10) / 10,
});

/** The bar comes with the first thing there is to tell: a cached track has none. */
async function bar(events: EventScope, signal: AbortSignal): Promise<() => void> {
  const { Presets, SingleBar } = await import('cli-progress');
  const format = '{bar} {percentage} %  {bytes} of {size}  {rate}/s  eta {left}  {note}';
  const view = new SingleBar({ format, stream: process.stderr, hideCursor: true, clearOnComplete: false }, Presets.shades_classic);
  const nothingYet = { bytes: '0 B', size: '?', rate: '0 B', left: '?', note: '' };
  const show = (value: number, total: number, texts: object) => {
    if (view.isActive) view.setTotal(total);
    else view.start(total, value, nothingYet);
    view.update(value, texts);
  };
  let shown: [value: number, total: number] = [0, 1];
  events.on(
    'source.progress',
    ({ payload: { heldBytes, length, bytesPerSecond, etaSeconds } }) => {
      shown = [heldBytes, length ?? heldBytes + 1];
      const size = length === undefined ? '?' : formatBytes(length);
      const left = formatSeconds(etaSeconds && Math.ceil(etaSeconds));
      show(...shown, { bytes: formatBytes(heldBytes), size, rate: formatBytes(Math.round(bytesPerSecond)), left, note: '' });
    },
    { signal },
  );
  const note = (text: string) => show(...shown, { note: text });
  events.on('source.retry', ({ payload: { attempt, error } }) => note(`retry ${attempt}: ${error.code}`), { signal });
  return () => view.stop();
}
