import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe } from 'vitest';
import { requireTool } from '../tools.ts';
import { launchFirefox } from './browsers.ts';
import { describeScenes } from './scenes.ts';
import { visitorIn } from './visitor.ts';

describe.runIf(requireTool('firefox-esr'))('the demo page', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchFirefox();
  }, 60_000);
  afterAll(() => browser?.close());

  describeScenes('Firefox', () => visitorIn(browser));
});
