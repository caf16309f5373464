/** What the pipeline worker of a page does: fetch, store, source, demux, decode, engine. Every player of the page has a session in it, and its cache. */
import { loadPart } from './base/part.ts';
import { createPageLibrary } from './library.browser.ts';
import type { FromSession, ToSession, WorkerGreeting } from './playback/messages.ts';
import { type PortableOptions, Questions } from './playback/questions.ts';
import type { FileSource } from './source/source.ts';

/** A page that makes a player to play at once has said so by then. */
const FIRST_REQUEST_MS = 50;

const library = createPageLibrary({ isEager: true });

// Whoever plays at once waits for the first request alone: compiling the rest of the worker would keep the thread from making it. That comes while
// the first bytes are on their way, all parts at once; or when nobody has asked for any so long.
let goOn = () => {};
const firstRequest = new Promise<void>((resolve) => {
  goOn = resolve;
  setTimeout(goOn, FIRST_REQUEST_MS);
});
firstRequest.then(() => postMessage('begun')); // the page waits with what would keep the processor from it
firstRequest.then(() => library.store.list()).catch(() => {}); // the catalogue is read by the time that something is stored
const likelyChunks = firstRequest.then(() => import('./playback/likely-chunks.ts'));
likelyChunks.catch(() => {}); // what it would have made ready is loaded when it is used
const sessions = firstRequest.then(() => loadPart('players', () => import('./player-sessions.browser.ts')));
sessions.catch(reportError); // every player hears of it
firstRequest.then(() => import('./playback/tracks.ts')).catch(() => {}); // whoever opens one hears of it
// While nobody has anything to play, for it keeps the thread busy.
const idleness = new AbortController();
sessions.then(({ rehearseSession }) => rehearseSession(library, idleness.signal)).catch(() => {});
let users = 0;

interface Opening {
  readonly url: string;
  readonly options: PortableOptions | undefined;
  readonly source: Promise<FileSource>;
}

/** Takes in a player, or who looks after what is stored. */
export function greet({ data: { type, port } }: MessageEvent<WorkerGreeting>): void {
  users++;
  if (type === 'player') servePlayer(port);
  else
    import('./playback/cache-answers.ts')
      .then(({ answerCache }) => answerCache(port, library.store, () => void leave()))
      .catch(reportError);
}

/** With its last user the worker ends, after what has arrived is stored; the page starts another one when it needs it. */
async function leave(): Promise<void> {
  if (--users > 0) return;
  await sessions.then(({ closeEngine }) => closeEngine()).catch(() => {});
  await library.close();
  self.close();
}

function servePlayer(port: MessagePort): void {
  const tell = (message: FromSession) => port.postMessage(message);
  const questions = new Questions(tell);
  const openSource = async (url: string, options?: PortableOptions) => {
    const source = await library.source(url, questions.openOptions(url, options)).finally(goOn);
    likelyChunks.then(({ preloadLikelyChunks }) => preloadLikelyChunks(url)).catch(() => {}); // after the request is out: it keeps the thread busy
    return source;
  };

  let hasSession = false;
  /** What was opened before there was a session to ask for it. */
  const early: Opening[] = [];
  const takeOrOpen = (url: string, options?: PortableOptions) => {
    const at = early.findIndex((opening) => opening.url === url && opening.options === options);
    return at < 0 ? openSource(url, options) : early.splice(at, 1)[0].source;
  };
  const session = sessions.then(({ createSession }) => {
    hasSession = true;
    return createSession({ openSource: takeOrOpen, openTrack: library.track, tell }, library.events);
  });

  const close = async () => {
    questions.close();
    const closeEarly = () => Promise.allSettled(early.map(async ({ source }) => (await source).close()));
    await session.then((made) => made.close(), closeEarly);
    port.close();
    await leave();
  };

  port.onmessage = ({ data }: MessageEvent<ToSession>) => {
    if (data.type === 'answer') return questions.receive(data);
    if (data.type === 'keep') return void library.store.flush();
    if (data.type === 'close') return void close();
    if (data.type === 'load') idleness.abort();
    if (data.type === 'load' && !hasSession) {
      const { url, options } = data;
      const source = openSource(url, options);
      source.catch(() => {}); // the session hears of it
      early.push({ url, options, source });
    }
    session.then((made) => made.receive(data)).catch(() => {});
  };
}
