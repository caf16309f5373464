import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { type Visitor, waitUntil } from '../demo/visitor.ts';

/** The browser that Debian's WebKitWebDriver is for. */
const binary = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';
const origin = 'http://127.0.0.1:4555';
/** What a reference to an element is called (WebDriver §12.1). */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
const SCRIPT_MS = 30_000;

/** WebKitWebDriver as a child process; one visitor at a time. */
export class WebKitDriver {
  readonly #child: ChildProcess;

  static async start(): Promise<WebKitDriver> {
    const driver = new WebKitDriver(spawn('WebKitWebDriver', ['--host=127.0.0.1', `--port=${new URL(origin).port}`], { stdio: 'ignore' }));
    for (let tries = 200; tries > 0; tries--) {
      const isUp = await fetch(`${origin}/status`).then(
        ({ ok }) => ok,
        () => false, // nobody listens yet
      );
      if (isUp) return driver;
      await wait(50);
    }
    throw new Error('WebKitWebDriver does not answer');
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** A visitor with a profile of their own; sound may start without a gesture. */
  async visit(): Promise<Visitor> {
    const options = { binary, args: ['--automation', '--autoplay-policy=allow'] };
    const capabilities = { alwaysMatch: { browserName: 'MiniBrowser', 'webkitgtk:browserOptions': options } };
    const { sessionId } = await command<{ sessionId: string }>('POST', '/session', { capabilities });
    const session = `/session/${sessionId}`;
    await command('POST', `${session}/timeouts`, { script: SCRIPT_MS });
    return visitorOf(session);
  }

  async close(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    await exited;
  }
}

function visitorOf(session: string): Visitor {
  const ask = <R>(path: string, parameters: object = {}) => command<R>('POST', session + path, parameters);
  /** Gives what an expression gives, or the promise that it is. */
  const evaluate = async <R>(expression: string): Promise<R> => {
    const script = `const tell = arguments[0]; (async () => ${expression})().then((value) => tell({ value }), (error) => tell({ error: String(error) }));`;
    const { value, error } = await ask<{ value: R; error?: string }>('/execute/async', { script, args: [] });
    if (error !== undefined) throw new Error(error);
    return value;
  };
  const called = (script: (...args: never[]) => unknown, args: unknown[]) => `(${script})(...${JSON.stringify(args)})`;
  return {
    goto: (url) => ask('/url', { url }),
    reload: () => ask('/refresh'),
    async click(selector, { index = 0, share = 0.5 } = {}) {
      const found = await ask<Record<string, string>[]>('/elements', { using: 'css selector', value: selector });
      const id = found[index][ELEMENT];
      await evaluate(`document.querySelectorAll(${JSON.stringify(selector)})[${index}].scrollIntoView({ block: 'center' })`);
      const { width } = await command<{ width: number }>('GET', `${session}/element/${id}/rect`);
      const move = { type: 'pointerMove', origin: { [ELEMENT]: id }, x: Math.round(width * (share - 0.5)), y: 0 };
      const actions = [move, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }];
      await ask('/actions', { actions: [{ type: 'pointer', id: 'mouse', actions }] });
    },
    evaluate: (script, ...args) => evaluate(called(script, args)),
    until: (script, ...args) => evaluate(`(${waitUntil})(() => ${called(script, args)}, ${JSON.stringify(String(script))})`),
    errors: () => evaluate('ear.errors'),
    close: () => command('DELETE', session),
  };
}

/** A command of WebDriver, and the value of its answer. */
async function command<R>(method: string, path: string, parameters?: object): Promise<R> {
  const response = await fetch(origin + path, { method, body: parameters && JSON.stringify(parameters) });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
  return value;
}
