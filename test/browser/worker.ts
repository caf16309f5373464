/** The pipeline worker as tests load it, from its sources. */
import './dynamic-import.ts';
import '../../src/worker.browser.ts';
