// A vitest reporter: what a run came to, as JSON in the file that OUTCOME names, for test/run.mjs.
import { writeFileSync } from 'node:fs';

export default class Outcome {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, skipped: 0 };
    const failures = unhandledErrors.map((error) => `outside any test\n${textOf(error)}`);
    for (const module of modules) {
      const fail = (name, errors) => failures.push(`${[module.relativeModuleId, name].join(' > ')}\n${errors.map(textOf).join('\n')}`);
      if (module.errors().length > 0) fail('(the file)', module.errors());
      // A hook that failed: its tests count as skipped.
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) fail(suite.fullName, suite.errors());
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === 'failed') fail(test.fullName, errors);
        else counts[state === 'passed' ? 'passed' : 'skipped']++;
      }
    }
    writeFileSync(process.env.OUTCOME, JSON.stringify({ ...counts, failures }));
  }
}

/** Of a timeout the stack does not say that it is one. */
const textOf = ({ message, stack = '' }) => (stack.includes(message) ? stack : `${message}\n${stack}`);
