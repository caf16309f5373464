import { existsSync } from 'node:fs';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';

const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

/** Where it is missing, test/run.mjs says so. */
const firefox = '/usr/bin/firefox-esr';

/** Sound may start without a gesture, as in Chromium above. */
const firefoxUserPrefs = { 'media.autoplay.default': 0, 'media.autoplay.blocking_policy': 0, 'media.autoplay.block-webaudio': false };

/** What an engine of its own may do in its own way; the rest runs in Chromium alone. */
const testsInFirefox = [
  'test/decode/pcm-hash.browser.test.ts',
  'test/store/indexeddb.browser.test.ts',
  'test/store/indexeddb-tabs.browser.test.ts',
];

/** Tests in Node that drive a browser of their own. Its sound needs a core, so that they run one file at a time. */
const testsOfPages = [
  'test/demo.test.ts',
  'test/demo/firefox.test.ts',
  'test/browser/{gesture,inline,page,tabs}.test.ts',
  'test/store/indexeddb-{leaks,loss}.test.ts',
];

/** Only what hangs meets them: on a cold disk a browser alone takes more than ten seconds to start. */
const limits = { testTimeout: 60_000, hookTimeout: 60_000 };

/** With COI=1 the pages are cross-origin isolated, so that SharedArrayBuffer exists. */
const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

export default defineConfig({
  server: { host: '127.0.0.1', headers: process.env.COI ? isolation : {} },
  test: {
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.browser.test.ts', 'test/engines/*', ...testsOfPages],
          ...limits,
        },
      },
      {
        test: {
          name: 'pages',
          environment: 'node',
          include: testsOfPages,
          ...limits,
        },
      },
      {
        // `npm run engines` gives it what it needs.
        test: {
          name: 'engines',
          environment: 'node',
          include: ['test/engines/*.test.ts'],
          globalSetup: './test/fakes/pcm-hashes.setup.ts',
          fileParallelism: false,
          ...limits,
        },
      },
      {
        extends: true,
        // Found in time, or Vite reloads the page in the middle of a test when it meets them.
        optimizeDeps: { include: ['mp4box', 'idb-keyval', '@noble/hashes/sha2.js'] },
        test: {
          name: 'browser',
          include: ['test/**/*.browser.test.ts'],
          globalSetup: ['./test/fakes/origin.setup.ts', './test/fakes/faults.setup.ts', './test/fakes/pcm-hashes.setup.ts'],
          ...limits,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            instances: [
              {
                browser: 'chromium',
                provider: playwright({ launchOptions: { executablePath: '/usr/bin/chromium', args: chromiumArgs } }),
              },
              ...(existsSync(firefox)
                ? [
                    {
                      browser: 'firefox' as const,
                      include: testsInFirefox,
                      provider: playwright({ launchOptions: { channel: 'moz-firefox', executablePath: firefox, firefoxUserPrefs } }),
                    },
                  ]
                : []),
            ],
          },
        },
      },
    ],
  },
});
