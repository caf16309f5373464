import { afterAll, beforeAll } from 'vitest';
import { describeScenes } from '../demo/scenes.ts';
import { WebKitDriver } from './driver.ts';

let driver: WebKitDriver;
beforeAll(async () => {
  driver = await WebKitDriver.start();
});
afterAll(() => driver?.close());

describeScenes('WebKitGTK', () => driver.visit());
