import { AulosError } from '../errors.ts';

/** How long a context may take to start, ms, before the browser is taken to want a gesture: it never says so itself. */
const START_MS = 500;
/** The same once the visitor has used the page: then only the device is slow. */
const SLOW_START_MS = 5_000;

/**
 * Has a context run, in the call of a gesture if the browser wants one. An interrupted one is waited for: it comes back by itself.
 * @throws AulosError `output.notAllowed`; `signal.reason`.
 */
export async function startContext(context: AudioContext, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (context.state === 'running') return;
  if (context.state === 'suspended') void context.resume().catch(() => {}); // without a gesture it stays pending and never rejects
  const limit = navigator.userActivation?.hasBeenActive ? SLOW_START_MS : START_MS;
  await new Promise<void>((resolve, reject) => {
    const settle = (end: () => void) => {
      clearTimeout(timer);
      context.removeEventListener('statechange', onChange);
      signal.removeEventListener('abort', onAbort);
      end();
    };
    const onChange = () => context.state === 'running' && settle(resolve);
    const onAbort = () => settle(() => reject(signal.reason));
    const refuse = () => reject(new AulosError('output.notAllowed', {}, 'the browser wants a user gesture before it plays sound'));
    const timer = setTimeout(() => context.state !== 'interrupted' && settle(refuse), limit);
    context.addEventListener('statechange', onChange);
    signal.addEventListener('abort', onAbort);
  });
}
