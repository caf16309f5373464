import type { Planes } from './downmix.ts';

/** Longest fade, seconds: its sound is kept in memory. */
export const LONGEST_FADE_SECONDS = 12;

/** The end of a track, kept back for a fade. */
export class Tail {
  #parts: Planes[] = [];
  #frames = 0;

  get frames(): number {
    return this.#frames;
  }

  /** Takes sound; gives that of which at least `frames` frames follow. */
  pass(planes: Planes, frames: number): Planes[] {
    this.#parts.push(planes);
    this.#frames += planes[0].length;
    const passed: Planes[] = [];
    while (this.#parts.length > 0 && this.#frames - this.#parts[0][0].length >= frames) passed.push(this.#shift());
    return passed;
  }

  /** Gives all but the last `frames` frames. */
  cut(frames: number): Planes[] {
    const passed: Planes[] = [];
    while (this.#frames > frames) {
      const part = this.#shift();
      const surplus = Math.min(part[0].length, this.#frames + part[0].length - frames);
      passed.push(part.map((plane) => plane.subarray(0, surplus)));
      if (surplus === part[0].length) continue;
      this.#parts.unshift(part.map((plane) => plane.subarray(surplus)));
      this.#frames += part[0].length - surplus;
    }
    return passed;
  }

  /** What is kept, in order; it stays kept. */
  get parts(): readonly Planes[] {
    return this.#parts;
  }

  #shift(): Planes {
    const part = this.#parts.shift()!;
    this.#frames -= part[0].length;
    return part;
  }
}

/**
 * Lets `sound` come up while `tail` goes down, at equal power: the squares of the two gains add up to one throughout, so that unlike sounds stay
 * as loud together as each is alone. What follows the fade comes as it is. If `sound` ends in it, the tail goes down alone.
 */
export async function* crossfade(tail: readonly Planes[], sound: AsyncIterable<Planes>): AsyncGenerator<Planes> {
  const ending = joined(tail);
  const frames = ending[0].length;
  let at = 0;
  for await (const planes of sound) {
    const count = Math.min(planes[0].length, frames - at);
    if (count > 0) yield mixed(ending, planes, at, count);
    if (count < planes[0].length) yield count > 0 ? planes.map((plane) => plane.subarray(count)) : planes;
    at += count;
  }
  if (at < frames) yield mixed(ending, [], at, frames - at);
}

function mixed(ending: Planes, coming: Planes, at: number, count: number): Planes {
  const frames = ending[0].length;
  const planes = ending.map((plane) => plane.slice(at, at + count));
  for (let i = 0; i < count; i++) {
    const angle = ((at + i + 0.5) / frames) * (Math.PI / 2);
    const [down, up] = [Math.cos(angle), Math.sin(angle)];
    for (let c = 0; c < planes.length; c++) planes[c][i] = down * planes[c][i] + (coming.length > 0 ? up * coming[c][i] : 0);
  }
  return planes;
}

function joined(parts: readonly Planes[]): Planes {
  const frames = parts.reduce((sum, [plane]) => sum + plane.length, 0);
  return parts[0].map((_, c) => {
    const plane = new Float32Array(frames);
    let at = 0;
    for (const part of parts) {
      plane.set(part[c], at);
      at += part[c].length;
    }
    return plane;
  });
}
