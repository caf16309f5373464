import type { Browser, Page } from 'playwright';

/** Who looks at a page of some browser. Functions run on the page, and see nothing but their arguments. */
export interface Visitor {
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  /** Clicks the `index`th element that fits, at a share of its width, or in its middle. */
  click(selector: string, { index, share }?: { readonly index?: number; readonly share?: number }): Promise<void>;
  evaluate<A extends unknown[], R>(script: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
  /** Waits until `script` gives true. */
  until<A extends unknown[]>(script: (...args: A) => boolean, ...args: A): Promise<void>;
  /** What the page did wrong, or was kept from by its policy. */
  errors(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Waits on the page; long waits are errors that say what was waited for. */
export async function waitUntil(isTrue: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 25_000; !isTrue(); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
}

/** A visitor by playwright, with a profile of their own. */
export async function visitorIn(browser: Browser): Promise<Visitor> {
  const page: Page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  /** As an expression, since a function takes one argument there. */
  const called = (script: (...args: never[]) => unknown, args: unknown[]) => `(${script})(...${JSON.stringify(args)})`;
  return {
    goto: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    async click(selector, { index = 0, share } = {}) {
      const element = page.locator(selector).nth(index);
      if (share === undefined) return element.click(); // to ask for its box takes Firefox a quarter of a second
      const { width = 0, height = 0 } = (await element.boundingBox()) ?? {};
      await element.click({ position: { x: width * share, y: height / 2 } });
    },
    evaluate: (script, ...args) => page.evaluate(called(script, args)),
    until: (script, ...args) => page.evaluate(`(${waitUntil})(() => ${called(script, args)}, ${JSON.stringify(String(script))})`),
    errors: async () => errors,
    close: () => page.close(),
  };
}
