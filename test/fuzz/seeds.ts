import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ffmpegSignal } from '../fakes/ffmpeg-audio.ts';
import { fixtureFolder } from '../fixtures/fixtures.ts';
import { corpus, requireTool, root } from '../tools.ts';

/** A small sound file to begin from. */
export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const mono = (rate: number, seconds: number) => ffmpegSignal(rate, 'mono', 1, seconds);
const stereo = (rate: number, seconds: number) => ffmpegSignal(rate, 'stereo', 2, seconds);
const tags = ['-metadata', 'title=Reed', '-metadata', 'artist=Aulos', '-metadata', 'comment=blown'];
const aac = ['-c:a', 'aac', '-b:a', '32k'];
const fragments = ['-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-frag_duration', '100000'];

/** Files of 1 to 8 kB: how ffmpeg makes them. */
const recipes: Readonly<Record<string, readonly string[]>> = {
  'plain.mp3': [...mono(44_100, 0.4), '-c:a', 'libmp3lame', '-b:a', '32k', '-write_xing', '0', '-id3v2_version', '0'],
  'tagged.mp3': [...stereo(32_000, 0.4), '-c:a', 'libmp3lame', '-q:a', '6', ...tags, '-id3v2_version', '3', '-write_id3v1', '1'],
  'half-rate.mp3': [...stereo(22_050, 0.4), '-c:a', 'libmp3lame', '-b:a', '24k', ...tags, '-id3v2_version', '4'],
  'quarter-rate.mp3': [...mono(8_000, 0.8), '-c:a', 'libmp3lame', '-b:a', '8k', '-write_xing', '0'],
  'layer2.mp3': [...stereo(44_100, 0.2), '-c:a', 'mp2', '-b:a', '96k', '-f', 'mp2'],
  'mono.adts': [...mono(44_100, 0.4), ...aac, '-f', 'adts'],
  'stereo.adts': [...stereo(48_000, 0.3), ...aac, '-f', 'adts'],
  '5.1.adts': [...ffmpegSignal(48_000, '5.1', 6, 0.1), '-c:a', 'aac', '-b:a', '128k', '-f', 'adts'],
  'mono.flac': [...mono(8_000, 0.15), '-c:a', 'flac', '-frame_size', '256', ...tags],
  'stereo.flac': [...stereo(8_000, 0.07), '-c:a', 'flac', '-frame_size', '256', '-compression_level', '8'],
  '24-bit.flac': [...stereo(8_000, 0.05), '-c:a', 'flac', '-sample_fmt', 's32', '-frame_size', '192', '-lpc_type', 'cholesky'],
  'vorbis.ogg': [...mono(8_000, 0.4), '-c:a', 'libvorbis', '-q:a', '0', ...tags],
  'opus.ogg': [...stereo(48_000, 0.3), '-c:a', 'libopus', '-b:a', '32k', '-page_duration', '60000', ...tags],
  '5.1-opus.ogg': [...ffmpegSignal(48_000, '5.1', 6, 0.1), '-c:a', 'libopus', '-mapping_family', '1', '-b:a', '96k'],
  'flac.ogg': [...mono(8_000, 0.3), '-c:a', 'flac', '-frame_size', '512', '-page_duration', '60000'],
  's16.wav': [...stereo(8_000, 0.1), '-c:a', 'pcm_s16le', ...tags],
  's24.wav': [...mono(8_000, 0.1), '-c:a', 'pcm_s24le'],
  'f64.wav': [...mono(8_000, 0.05), '-c:a', 'pcm_f64le'],
  'alaw.wav': [...mono(8_000, 0.2), '-c:a', 'pcm_alaw', '-f', 'wav'],
  'rf64.wav': [...mono(8_000, 0.1), '-c:a', 'pcm_u8', '-rf64', 'always'],
  'first.mp4': [...mono(44_100, 0.4), ...aac, ...tags, '-movflags', '+faststart'],
  'last.mp4': [...stereo(48_000, 0.2), ...aac],
  'fragmented.mp4': [...mono(44_100, 0.5), ...aac, ...fragments],
  'dash.mp4': [...mono(44_100, 0.4), ...aac, '-movflags', '+dash+global_sidx', '-frag_duration', '100000'],
  'alac.mp4': [...mono(8_000, 0.4), '-c:a', 'alac'],
  'flac.mp4': [...mono(8_000, 0.3), '-c:a', 'flac', '-strict', '-2', '-frame_size', '512'],
  'opus.mp4': [...stereo(48_000, 0.2), '-c:a', 'libopus', '-b:a', '32k'],
  'mp3.mp4': [...mono(44_100, 0.3), '-c:a', 'libmp3lame', '-b:a', '32k'],
  'pcm.mp4': [...mono(8_000, 0.1), '-c:a', 'pcm_s16be', '-f', 'mov'],
  'fragmented-opus.mp4': [...mono(48_000, 0.3), '-c:a', 'libopus', '-b:a', '24k', ...fragments],
  'aac.m2t': [...mono(44_100, 0.5), ...aac, '-f', 'mpegts'],
  'mp3.m2t': [...mono(44_100, 0.4), '-c:a', 'libmp3lame', '-b:a', '32k', '-f', 'mpegts'],
};

/** Named by the recipes: files made by others are of no use. */
const folder = path.join(fixtureFolder, `small-${createHash('sha256').update(JSON.stringify(recipes)).digest('hex').slice(0, 8)}`);
/** Larger files of the corpus take too long. */
const MAX_CORPUS_BYTES = 16_384;

/** Small files of every format, and the smallest of HE-AAC. They are made at first use; none without ffmpeg, which is said loudly. */
export function ownSeeds(): Seed[] {
  if (!existsSync(folder)) {
    if (!requireTool('ffmpeg')) return [];
    makeSeeds();
  }
  const made = seedsIn(folder);
  return [...made, ...handMade(made), ...seedsIn(path.join(root, 'test/fixtures/he-aac'))];
}

/** Small files of other people, those that are broken among them; none where there is no corpus. */
export function corpusSeeds(): Seed[] {
  const media = corpus();
  const small = (media?.files ?? []).filter(({ size }) => size > 0 && size <= MAX_CORPUS_BYTES);
  return small.map(({ file }) => ({ name: file, bytes: bytesOf(path.join(media!.folder, file)) }));
}

const seedsIn = (folder: string): Seed[] =>
  readdirSync(folder)
    .sort()
    .map((name) => ({ name, bytes: bytesOf(path.join(folder, name)) }));

const bytesOf = (file: string): Uint8Array => new Uint8Array(readFileSync(file));

/** All at once: a folder that is there is whole, also when two tests make it. */
function makeSeeds(): void {
  mkdirSync(fixtureFolder, { recursive: true });
  const made = mkdtempSync(path.join(fixtureFolder, 'half-made-'));
  for (const [name, recipe] of Object.entries(recipes)) {
    execFileSync('ffmpeg', ['-v', 'error', '-threads', '1', ...recipe, '-bitexact', '-flags', '+bitexact', '-y', path.join(made, name)]);
  }
  try {
    renameSync(made, folder);
  } catch (error) {
    rmSync(made, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  for (const name of readdirSync(fixtureFolder)) {
    if (name.startsWith('small') && name !== path.basename(folder))
      rmSync(path.join(fixtureFolder, name), { recursive: true, force: true });
  }
}

/** What ffmpeg does not write: an APE tag, ID3v2.2, a VBRI frame, big-endian RIFF, a chained Ogg, layer I. */
function handMade(seeds: readonly Seed[]): Seed[] {
  const made = (name: string): Buffer => Buffer.from(seeds.find((seed) => seed.name === name)!.bytes);
  const ascii = (text: string) => Buffer.from(text, 'latin1');
  const frames = made('plain.mp3');
  const vbri = Buffer.from(frames.subarray(0, 144));
  vbri.fill(0, 36);
  vbri.write('VBRI', 36, 'latin1');
  for (const [at, value] of [
    [4, 1],
    [10, frames.length >> 16],
    [12, frames.length & 0xffff],
    [16, 15],
    [18, 4],
    [20, 1],
    [22, 2],
    [24, 4],
  ])
    vbri.writeUInt16BE(value, 36 + at);
  for (let i = 0; i < 4; i++) vbri.writeUInt16BE(400, 62 + 2 * i);
  const ape = Buffer.concat([
    ascii('APETAGEX'),
    Buffer.from(new Int32Array([2000, 51, 1, 1 << 31, 0, 0]).buffer),
    ascii('\x05\0\0\0\0\0\0\0Title\0Aulos'),
  ]);
  const frame = (id: string, text: string) => Buffer.concat([ascii(id), Buffer.from([0, 0, text.length + 1, 0]), ascii(text)]);
  const comments = Buffer.concat([
    frame('TT2', 'Reed'),
    frame('TP1', 'Aulos'),
    frame('COM', 'engiTunSMPB\0 00000000 00000210 00000ABC 0000000000012345'),
  ]);
  const id3 = Buffer.concat([ascii('ID3\x02\0\0\0\0'), Buffer.from([comments.length >> 7, comments.length & 127]), comments]);
  const rifx = made('s16.wav');
  const files = {
    'vbri.mp3': Buffer.concat([vbri, frames]),
    'ape.mp3': Buffer.concat([id3, frames, ape]),
    'layer1.mp3': Buffer.concat(
      Array.from({ length: 6 }, () => Buffer.concat([Buffer.from([0xff, 0xff, 0x38, 0x00]), Buffer.alloc(3, 0x21), Buffer.alloc(137)])),
    ),
    'chained.ogg': Buffer.concat([made('vorbis.ogg'), made('flac.ogg')]),
    'rifx.wav': Buffer.concat([ascii('RIFX'), rifx.subarray(4, 36).swap16(), rifx.subarray(36)]),
  };
  return Object.entries(files).map(([name, bytes]) => ({ name, bytes: new Uint8Array(bytes) }));
}
