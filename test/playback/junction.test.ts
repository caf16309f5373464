import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frameSpan } from '../../src/decode/gapless.ts';
import { createDecoder } from '../../src/decode/registry.ts';
import { openDemuxer } from '../../src/demux/probe.ts';
import type { PcmBlock } from '../../src/media.ts';
import { decodeBlocks } from '../../src/playback/decode-blocks.ts';
import { never } from '../fakes/demuxed.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { concatenate } from '../fakes/pcm.ts';
import { requireTool } from '../tools.ts';

const RATE = 48_000; // which all of them take
const CHANNELS = 2;
const FRAMES = 4 * RATE;
/** No multiple of the length of any packet. */
const CUT = 95_237;
/** What is looked at on each side of the junction. */
const NEAR = 1_200;

/** Tones of which a codec makes little error, so that one sample too many or too few stands out: it would be an error of some −25 dB. */
const original = Array.from({ length: CHANNELS }, (_, c) =>
  Float32Array.from({ length: FRAMES }, (_, i) => {
    const tone = (hz: number) => Math.sin((2 * Math.PI * hz * i) / RATE + c);
    return 0.25 * (tone(441) + tone(997) + 0.5 * tone(2_903));
  }),
);

const ffmpeg = (...options: readonly string[]) => ['ffmpeg', '-v', 'error', '-y', '-i', 'in.wav', ...options];

/**
 * Each encoder, the name of what it writes, and the least PSNR, dB, near the junction; Infinity: not one bit is different. A lossy encoder
 * makes more of an error where sound begins and ends at once than in the middle; that one is its own.
 */
const encoders: readonly [name: string, command: readonly string[], file: string, atLeastDb: number][] = [
  ['MP3 by lame', ['lame', '--quiet', '-b', '192', 'in.wav', 'out.mp3'], 'out.mp3', 38],
  ['MP3, variable rate, by lame', ['lame', '--quiet', '-V', '2', 'in.wav', 'out.mp3'], 'out.mp3', 38],
  ['MP3 by ffmpeg', ffmpeg('-c:a', 'libmp3lame', '-b:a', '192k', 'out.mp3'), 'out.mp3', 38],
  ['AAC with an edit list', ffmpeg('-c:a', 'aac', '-b:a', '192k', 'out.m4a'), 'out.m4a', 28],
  ['AAC in fragments', ffmpeg('-c:a', 'aac', '-b:a', '192k', '-movflags', '+frag_keyframe+delay_moov', 'out.m4a'), 'out.m4a', 28],
  ['ALAC', ffmpeg('-c:a', 'alac', 'out.m4a'), 'out.m4a', Infinity],
  ['FLAC', ['flac', '--silent', '--force', '-o', 'out.flac', 'in.wav'], 'out.flac', Infinity],
  ['FLAC in Ogg', ['flac', '--silent', '--force', '--ogg', '-o', 'out.ogg', 'in.wav'], 'out.ogg', Infinity],
  ['FLAC in MP4', ffmpeg('-c:a', 'flac', '-strict', '-2', 'out.mp4'), 'out.mp4', Infinity],
  ['Opus', ffmpeg('-c:a', 'libopus', '-b:a', '192k', 'out.opus'), 'out.opus', 40],
  ['Vorbis', ffmpeg('-c:a', 'libvorbis', '-q:a', '6', 'out.ogg'), 'out.ogg', 40],
  ['WAV', ffmpeg('-c:a', 'copy', 'out.wav'), 'out.wav', Infinity],
];

describe.runIf(['ffmpeg', 'flac', 'lame'].every(requireTool))('a signal cut in two, encoded, decoded and joined', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'aulos-junction-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function throughCodec(start: number, end: number, [program, ...args]: readonly string[], file: string): Promise<PcmBlock[]> {
    writeFileSync(path.join(folder, 'in.wav'), wavOf(start, end));
    execFileSync(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    const demuxer = await openDemuxer(new MemorySource(new Uint8Array(readFileSync(path.join(folder, file)))), file, never);
    const info = await demuxer.info(never);
    const blocks: PcmBlock[] = [];
    for await (const block of decodeBlocks(demuxer, await createDecoder(info.config), info, frameSpan(info), never)) blocks.push(block);
    return blocks;
  }

  it.each(encoders)('%s: no sample lost, none added, and nothing to be heard', async (_, command, file, atLeastDb) => {
    const [first, second] = [await throughCodec(0, CUT, command, file), await throughCodec(CUT, FRAMES, command, file)];
    expect(framesOf(first)).toBe(CUT);
    expect(framesOf(second)).toBe(FRAMES - CUT);
    const joined = concatenate([...first, ...second]);
    const db = Math.min(...joined.map((plane, c) => fidelity(plane, original[c], CUT - NEAR, CUT + NEAR)));
    console.log(`${command.join(' ')}: ${db.toFixed(1)} dB`);
    expect(db).toBeGreaterThanOrEqual(atLeastDb);
    for (const shift of [-1, 1]) {
      const behind = (by: number) => fidelity(joined[0].subarray(CUT + by), original[0].subarray(CUT), NEAR, 2 * NEAR);
      expect(behind(shift), `a sample ${shift < 0 ? 'too late' : 'too early'}`).toBeLessThan(behind(0) - 3);
    }
  });
});

const framesOf = (blocks: readonly PcmBlock[]): number => blocks.reduce((sum, { planes }) => sum + planes[0].length, 0);

/** dB; Infinity when all samples are equal as 16 bits. */
function fidelity(actual: Float32Array, expected: Float32Array, start: number, end: number): number {
  let squares = 0;
  for (let i = start; i < end; i++) squares += (actual[i] - toInt16(expected[i]) / 32_768) ** 2;
  return -10 * Math.log10(squares / (end - start));
}

const toInt16 = (sample: number): number => Math.round(sample * 32_767);

/** A part of the signal in 16 bits. */
function wavOf(start: number, end: number): Buffer {
  const bytes = (end - start) * CHANNELS * 2;
  const wav = Buffer.alloc(44 + bytes);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + bytes, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(CHANNELS, 22);
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(RATE * CHANNELS * 2, 28);
  wav.writeUInt16LE(CHANNELS * 2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(bytes, 40);
  for (let i = start, at = 44; i < end; i++) for (let c = 0; c < CHANNELS; c++, at += 2) wav.writeInt16LE(toInt16(original[c][i]), at);
  return wav;
}
