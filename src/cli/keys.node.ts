import { emitKeypressEvents, type Key } from 'node:readline';
import type { Wish } from './playing.node.ts';

/** What is wanted by a key. */
const WISHES: Readonly<Record<string, Wish>> = {
  space: 'pause',
  n: 'next',
  p: 'previous',
  q: 'quit',
  left: { seconds: -5 },
  right: { seconds: 5 },
  down: { seconds: -10 },
  up: { seconds: 10 },
};

/** Tells of the keys that are pressed on the terminal, if stdin is one, until disposed. */
export function listenToKeys(onWish: (wish: Wish) => void): Disposable {
  const { stdin } = process;
  if (!stdin.isTTY) return { [Symbol.dispose]() {} };
  const onKey = (_text: string | undefined, { name = '', ctrl }: Key) => {
    if (ctrl && name === 'c')
      process.kill(process.pid, 'SIGINT'); // a terminal in raw mode leaves that to us
    else if (!ctrl && name in WISHES) onWish(WISHES[name]);
  };
  emitKeypressEvents(stdin);
  stdin.setRawMode(true).on('keypress', onKey).resume();
  return {
    [Symbol.dispose]() {
      stdin.off('keypress', onKey).pause().setRawMode(false);
    },
  };
}
