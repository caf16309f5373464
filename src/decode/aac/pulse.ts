import type { BitReader } from '../../demux/bit-reader.ts';
import { brokenPacket } from './broken-packet.ts';
import type { IcsInfo } from './ics-info.ts';
import { powerOf } from './spectrum.ts';

const MAX_PULSES = 4;

/** Up to four lines of a long window that stick out; the encoder took them off to let the band do with a smaller code book (§4.6.3.3). */
export class Pulses {
  #count = 0;
  #startBand = 0;
  readonly #offsets = new Uint8Array(MAX_PULSES);
  readonly #amplitudes = new Uint8Array(MAX_PULSES);

  /**
   * Reads pulse_data_present and pulse_data() (§4.4.2.7):
   *
   *     present:1 | number_pulse - 1:2 pulse_start_sfb:6 | (pulse_offset:5 pulse_amp:4) × number_pulse
   */
  read(bits: BitReader, info: IcsInfo): void {
    this.#count = 0;
    if (!bits.flag()) return;
    if (info.isShort) throw brokenPacket('pulses in short windows');
    this.#count = bits.bits(2) + 1;
    this.#startBand = bits.bits(6);
    if (this.#startBand >= info.window.bands.length) throw brokenPacket('pulse_start_sfb');
    for (let i = 0; i < this.#count; i++) {
      this.#offsets[i] = bits.bits(5);
      this.#amplitudes[i] = bits.bits(4);
    }
  }

  /** Puts the pulses back. The lines are scaled already, so each is quantised again, which is exact: nothing else was added to it. */
  apply(info: IcsInfo, gains: Float64Array, spectrum: Float64Array): void {
    const { bands, lines } = info.window;
    let line = bands[this.#startBand];
    let band = this.#startBand;
    for (let i = 0; i < this.#count; i++) {
      line += this.#offsets[i];
      if (line >= lines) throw brokenPacket('pulse beyond the spectrum');
      while (bands[band + 1] <= line) band++;
      if (band >= info.maxBand || gains[band] === 0) continue;
      const quantised = quantise(Math.abs(spectrum[line]) / gains[band]) + this.#amplitudes[i];
      spectrum[line] = (spectrum[line] > 0 ? 1 : -1) * powerOf(quantised) * gains[band];
    }
  }
}

/** The q of which `power` is q^(4/3). */
function quantise(power: number): number {
  const root = Math.sqrt(Math.sqrt(power));
  return Math.round(root * root * root);
}
