import type { Browser } from 'playwright';
import { afterAll, beforeAll } from 'vitest';
import { launchFirefox } from '../demo/browsers.ts';
import { describeScenes } from '../demo/scenes.ts';
import { visitorIn } from '../demo/visitor.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchFirefox();
});
afterAll(() => browser?.close());

describeScenes('Firefox', () => visitorIn(browser));
