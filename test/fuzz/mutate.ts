import type { Random } from './random.ts';
import { join, plain, type Unit } from './units.ts';

/** Files larger than this are cut: executions are to be many. */
const MAX_BYTES = 24_576;

/**
 * The bytes of `seed` after one to four mutations: of its structure, of numbers in it, or blind. `other` is a file to splice with.
 * Sizes and checksums are mostly put right again, so that the parsers behind those checks are reached.
 */
export function mutateFile(random: Random, seed: readonly Unit[], other: readonly Unit[]): Uint8Array {
  let units = seed;
  do units = random.chance(0.55) ? mutateStructure(random, units, other) : mutateUnit(random, units);
  while (random.chance(0.5));
  let bytes = join(units);
  if (random.chance(0.15)) bytes = mutateBytes(random, bytes);
  if (random.chance(0.1)) bytes = bytes.subarray(0, random.below(bytes.length + 1));
  return bytes.subarray(0, MAX_BYTES);
}

/** Goes down to a list of siblings anywhere in the file, and swaps, doubles, takes out, cuts or puts in a unit. */
function mutateStructure(random: Random, units: readonly Unit[], other: readonly Unit[]): readonly Unit[] {
  const at = random.below(units.length);
  const unit = units[at];
  if (!unit) return other;
  if (unit.inside.length > 0 && random.chance(0.8)) {
    return units.with(at, { ...unit, inside: mutateStructure(random, unit.inside, other) });
  }
  const elsewhere = random.below(units.length);
  switch (random.below(6)) {
    case 0:
      return units.with(at, units[elsewhere]).with(elsewhere, unit);
    case 1:
      return [...units.slice(0, elsewhere), unit, ...units.slice(elsewhere)];
    case 2:
      return [...units.slice(0, at), ...units.slice(at + 1)];
    case 3:
      return units.with(at, { ...unit, head: unit.head.slice(0, random.below(unit.head.length + 1)) });
    case 4:
      return [...units.slice(0, at), anyUnit(random, other), ...units.slice(at)];
    default:
      return [...units.slice(0, at), ...other.slice(random.below(other.length))];
  }
}

/** A unit at any depth. */
function anyUnit(random: Random, units: readonly Unit[]): Unit {
  const unit = random.pick(units);
  return unit.inside.length > 0 && random.chance(0.8) ? anyUnit(random, unit.inside) : unit;
}

/** Goes down to a unit anywhere in the file, and puts hostile numbers or noise into it. */
function mutateUnit(random: Random, units: readonly Unit[]): readonly Unit[] {
  const at = random.below(units.length);
  const unit = units[at];
  if (!unit) return [plain(random.bytes(random.below(64)))];
  if (unit.inside.length > 0 && random.chance(0.8)) return units.with(at, { ...unit, inside: mutateUnit(random, unit.inside) });
  const head = unit.head.slice();
  const fields = unit.fields?.() ?? [];
  if (fields.length > 0 && random.chance(0.7)) {
    for (let i = random.below(3); i >= 0; i--) {
      const field = random.pick(fields);
      let value = random.hostile(field.width * 8);
      const isLittle = random.chance(0.3);
      for (let k = 0; k < field.width && field.at + k < head.length; k++) {
        head[field.at + (isLittle ? k : field.width - 1 - k)] = value;
        value = Math.floor(value / 256);
      }
    }
  } else head.set(mutateBytes(random, head).subarray(0, head.length));
  const { seal, ...unsealed } = unit;
  return units.with(at, seal && random.chance(0.6) ? { ...unit, head } : { ...unsealed, head });
}

/** Flips bits, overwrites bytes and runs of bits, takes bytes out or puts them in. */
export function mutateBytes(random: Random, given: Uint8Array): Uint8Array {
  let bytes: Uint8Array = given.slice();
  // What comes first decides how the rest is read.
  const place = () => (random.chance(0.4) ? random.below(Math.min(bytes.length, 16)) : random.below(bytes.length));
  do {
    const at = place();
    switch (random.below(6)) {
      case 0:
      case 1:
        for (let i = random.below(4); i >= 0; i--) bytes[place()] ^= 1 << random.below(8);
        break;
      case 2:
        bytes[at] = random.hostile(8);
        break;
      case 3:
        setBits(bytes, at * 8 + random.below(8), 1 + random.below(32), random);
        break;
      case 4:
        bytes.fill(random.pick([0, 255, random.below(256)]), at, Math.min(bytes.length, at + random.below(64)));
        break;
      default:
        bytes = join([plain(bytes.subarray(0, at)), plain(random.bytes(random.below(16))), plain(bytes.subarray(at + random.below(16)))]);
    }
  } while (random.chance(0.4));
  return bytes;
}

function setBits(bytes: Uint8Array, from: number, count: number, random: Random): void {
  const value = random.hostile(count);
  for (let i = 0; i < count && from + i < bytes.length * 8; i++) {
    const mask = 0x80 >> ((from + i) & 7);
    if (Math.floor(value / 2 ** (count - 1 - i)) % 2) bytes[(from + i) >> 3] |= mask;
    else bytes[(from + i) >> 3] &= ~mask;
  }
}
