/** The pipeline worker in a browser that takes no sound for its Media Source after all. */
import './worker.ts';

SourceBuffer.prototype.appendBuffer = () => {
  throw new DOMException('broken', 'InvalidStateError');
};
