/** The pipeline worker of a page: fetch, store, source, demux, decode, engine. Every player of the page has a session in it. */

import { createPageLibrary } from './library.browser.ts';
import { preloadLikelyChunks } from './likely-chunks.browser.ts';
import type { FromSession, ToSession, WorkerGreeting } from './playback/messages.ts';
import { Questions } from './playback/questions.ts';
import { PlayerSession } from './playback/session.ts';
import { WorkletSink } from './playback/worklet-sink.browser.ts';
import { assetKey } from './store/key.ts';

const library = createPageLibrary();
// Looks for what is not there: the database is open and its catalogue read by the time that a URL comes.
void library.store.stat(assetKey('about:blank')).catch(() => {});
let players = 0;
let sessions = 0;

self.onmessage = ({ data: { port } }: MessageEvent<WorkerGreeting>) => {
  const tell = (message: FromSession) => port.postMessage(message);
  const questions = new Questions(tell);
  const session = new PlayerSession({
    engine: library.engine,
    stream: `player-${++players}`,
    openSource: async (url, options) => {
      const source = await library.source(url, questions.openOptions(url, options));
      preloadLikelyChunks(url); // after the request is out: it keeps the thread busy
      return source;
    },
    openTrack: (source, options) => library.track(source, options),
    createSink: (output) => new WorkletSink(output),
    tell,
  });
  sessions++;
  port.onmessage = ({ data }: MessageEvent<ToSession>) => {
    if (data.type === 'answer') return questions.receive(data);
    if (data.type !== 'close') return session.receive(data);
    questions.close();
    void leave(session, port);
  };
};

/** With its last player the worker ends, after what has arrived is stored; the page starts another one when it needs it. */
async function leave(session: PlayerSession, port: MessagePort): Promise<void> {
  await session.close();
  port.close();
  if (--sessions > 0) return;
  await library.close();
  self.close();
}
