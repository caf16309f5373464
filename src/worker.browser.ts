/**
 * The entry of the pipeline worker. All that it does is imported: of what a worker is made with, browsers do not keep the compiled code (Chromium
 * 156), of what is imported they do. Nothing may import this module: WebKit (Safari; seen in WebKitGTK 2.50) would make another instance of it.
 */
import type { WorkerGreeting } from './playback/messages.ts';

/** Who came before the rest was there. */
const early: MessageEvent<WorkerGreeting>[] = [];
self.onmessage = (event: MessageEvent<WorkerGreeting>) => void early.push(event);

import('./pipeline-host.browser.ts')
  .then(({ greet }) => {
    self.onmessage = greet;
    early.forEach(greet);
  })
  .catch(reportError); // the page hears of it
