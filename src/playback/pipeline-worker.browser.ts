import type { WorkerGreeting } from './messages.ts';

interface Shared {
  readonly worker: Worker;
  readonly begun: Promise<void>;
  users: number;
}

/** The workers of this page by URL: all players share one, so that two of one URL share its download. */
const workers = new Map<string, Shared>();

/** An end of the pipeline worker. */
export interface WorkerLink {
  readonly port: MessagePort;
  /** Resolves when the worker has asked for the first bytes, if somebody wants any; or cannot be loaded. */
  readonly begun: Promise<void>;
  /** Calls back when the worker cannot be loaded or has died. */
  onFailure: (reason: string) => void;
  /** Lets go, after the other end was told to close. The worker ends itself with the last of them. */
  close(): void;
}

/** Links a new player, or a cache, to the worker at `workerUrl` (default: `worker.js` beside this module), which starts if it does not run yet. */
export function linkWorker(workerUrl: string | URL | undefined, type: WorkerGreeting['type'] = 'player'): WorkerLink {
  const key = String(workerUrl ?? '');
  const shared = workers.get(key) ?? share(startWorker(workerUrl));
  workers.set(key, shared);
  shared.users++;
  const { port1, port2 } = new MessageChannel();
  const greeting: WorkerGreeting = { type, port: port2 };
  shared.worker.postMessage(greeting, [port2]);
  const onError = (event: ErrorEvent) => link.onFailure(event.message || 'the worker cannot be loaded');
  shared.worker.addEventListener('error', onError);
  let isOpen = true;
  const link: WorkerLink = {
    port: port1,
    begun: shared.begun,
    onFailure: () => {},
    close() {
      if (!isOpen) return;
      isOpen = false;
      shared.worker.removeEventListener('error', onError);
      if (--shared.users === 0) workers.delete(key); // a later player gets a new one, for this one is on its way out
    },
  };
  return link;
}

function share(worker: Worker): Shared {
  const begun = new Promise<void>((resolve) => {
    worker.onmessage = worker.onerror = () => resolve();
  });
  return { worker, begun, users: 0 };
}

/** The `new URL` inside `new Worker` is what bundlers look for. */
function startWorker(workerUrl: string | URL | undefined): Worker {
  if (workerUrl) return new Worker(workerUrl, { type: 'module', name: 'aulos' });
  return new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'aulos' });
}
