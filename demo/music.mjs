// Composes the music of the demo and encodes it, one track per format: `node demo/music.mjs`. Needs ffmpeg, lame and flac, once;
// the results are committed in demo/media so that the demo needs no encoder. Deterministic: the same script gives the same notes.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const RATE = 44_100;
const folder = fileURLToPath(new URL('media/', import.meta.url));
const scratch = mkdtempSync(path.join(tmpdir(), 'aulos-music-'));

/** Semitones above A: minor and major scales, and chords as scale degrees. */
const minor = [0, 2, 3, 5, 7, 8, 10];
const major = [0, 2, 4, 5, 7, 9, 11];

const tracks = [
  { file: 'reed.mp3', title: 'Reed', seconds: 56, bpm: 92, root: 57, scale: minor, chords: [0, 5, 2, 6], seed: 7, drums: true },
  { file: 'kithara.flac', title: 'Kithara', seconds: 26, bpm: 76, root: 53, scale: major, chords: [0, 3, 4, 0], seed: 21, drums: false },
  { file: 'harbour.m4a', title: 'Harbour', seconds: 48, bpm: 100, root: 50, scale: minor, chords: [0, 3, 5, 4], seed: 3, drums: true },
  {
    file: 'late-ferry.m4a',
    title: 'Late Ferry',
    seconds: 48,
    bpm: 84,
    root: 55,
    scale: major,
    chords: [0, 5, 3, 4],
    seed: 11,
    drums: true,
  },
  { file: 'lanterns.m4a', title: 'Lanterns', seconds: 48, bpm: 108, root: 52, scale: minor, chords: [0, 6, 5, 6], seed: 5, drums: true },
  { file: 'salt.aac', title: 'Salt', seconds: 40, bpm: 70, root: 48, scale: minor, chords: [0, 4, 5, 3], seed: 17, drums: false },
  { file: 'small-hours.wav', title: 'Small Hours', seconds: 8, bpm: 60, root: 50, scale: major, chords: [0, 3], seed: 2, drums: false },
];

/** How each file is encoded from a WAV; `extra` tells the two orders of an MP4 and fragments apart. */
const encoders = {
  'reed.mp3': (wav, out, tags) => run('lame', '--quiet', '-b', '112', '--tt', tags.title, '--ta', tags.artist, wav, out),
  'kithara.flac': (wav, out, tags) =>
    run('flac', '--silent', '--force', '-8', `--tag=TITLE=${tags.title}`, `--tag=ARTIST=${tags.artist}`, '-o', out, wav),
  'harbour.m4a': (wav, out, tags) => aac(wav, out, tags, '-movflags', '+faststart'),
  'late-ferry.m4a': (wav, out, tags) => aac(wav, out, tags),
  'lanterns.m4a': (wav, out, tags) =>
    aac(wav, out, tags, '-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-frag_duration', '2000000'),
  'salt.aac': (wav, out, tags) => aac(wav, out, tags, '-f', 'adts'),
  'small-hours.wav': (wav, out) => run('ffmpeg', '-loglevel', 'error', '-y', '-bitexact', '-i', wav, '-ac', '1', out),
};

function run(program, ...args) {
  execFileSync(program, args, { stdio: 'inherit' });
}

function aac(wav, out, { title, artist }, ...extra) {
  run(
    'ffmpeg',
    '-loglevel',
    'error',
    '-y',
    '-bitexact',
    '-i',
    wav,
    '-c:a',
    'aac',
    '-b:a',
    '112k',
    '-aac_pns',
    '0',
    '-metadata',
    `title=${title}`,
    '-metadata',
    `artist=${artist}`,
    ...extra,
    out,
  );
}

/** Mixes one track: pad, bass, plucked arpeggio, a reed that wanders over the scale, and maybe drums; then an echo and a fade. */
function compose({ seconds, bpm, root, scale, chords, seed, drums }) {
  const length = Math.round(seconds * RATE);
  const dry = [new Float64Array(length), new Float64Array(length)];
  const random = randomFrom(seed);
  const beat = 60 / bpm;
  const pitch = (degree, octave = 0) => 440 * 2 ** ((root - 69 + scale[((degree % 7) + 7) % 7]) / 12 + Math.floor(degree / 7) + octave);
  const add = (start, duration, pan, voice) => {
    const from = Math.round(start * RATE);
    for (let i = 0; i < duration * RATE && from + i < length; i++) {
      const sample = voice(i / RATE);
      dry[0][from + i] += sample * Math.cos((pan * Math.PI) / 2);
      dry[1][from + i] += sample * Math.sin((pan * Math.PI) / 2);
    }
  };

  let melody = 4;
  for (let bar = 0; bar * 4 * beat < seconds; bar++) {
    const at = bar * 4 * beat;
    const chord = chords[bar % chords.length];
    const triad = [chord, chord + 2, chord + 4];
    for (const [k, degree] of triad.entries()) add(at, 4.4 * beat, 0.25 + 0.25 * k, pad(pitch(degree), 4 * beat));
    for (const step of [0, 1.5, 2.5]) add(at + step * beat, 1.4 * beat, 0.5, bass(pitch(chord, -2)));
    for (let step = 0; step < 8; step++) {
      const degree = triad[[0, 1, 2, 1][step % 4]] + (step > 4 ? 7 : 0);
      add(at + (step * beat) / 2, 1.2, 0.2 + 0.6 * random(), pluck(pitch(degree, 1)));
    }
    if (bar % 4 > 0) {
      for (let t = 0; t < 4; ) {
        const held = [0.5, 1, 1, 2][Math.floor(random() * 4)];
        melody = Math.max(0, Math.min(10, melody + Math.round((random() - 0.5) * 5)));
        if (random() > 0.25) add(at + t * beat, held * beat * 1.05, 0.55, reed(pitch(melody), held * beat));
        t += held;
      }
    }
    if (drums && bar > 0) {
      for (const step of [0, 2]) add(at + step * beat, 0.3, 0.5, kick);
      for (let step = 1; step < 8; step += 2) add(at + (step * beat) / 2, 0.08, 0.65, hat(random));
    }
  }
  return interleave(dry.map((channel, c) => echo(channel, beat * (c === 0 ? 0.75 : 0.5))));
}

const envelope = (t, attack, release, duration) => Math.min(1, t / attack) * Math.min(1, Math.max(0, (duration + release - t) / release));
const sine = (frequency, t) => Math.sin(2 * Math.PI * frequency * t);
const pad = (f, duration) => (t) =>
  0.05 *
  envelope(t, 0.7, 0.5, duration - 0.2) *
  [1, 2, 3, 4].reduce((sum, h) => sum + sine(f * h * (1 + 0.0015 * Math.sin(3 * t + h)), t) / h ** 1.6, 0);
const bass = (f) => (t) => 0.2 * envelope(t, 0.01, 0.2, 0.5) * Math.exp(-1.5 * t) * (sine(f, t) + 0.3 * sine(2 * f, t));
const pluck = (f) => (t) =>
  0.09 * Math.exp(-4.5 * t) * Math.min(1, t / 0.003) * Math.sin(2 * Math.PI * f * t + 1.8 * Math.exp(-9 * t) * sine(2 * f, t));
const reed = (f, duration) => (t) => {
  const vibrato = 0.004 * Math.min(1, t * 3) * Math.sin(2 * Math.PI * 5.2 * t);
  const tone = [1, 3, 5, 7].reduce((sum, h) => sum + sine(f * h * (1 + vibrato / 6), t) / h ** 1.3, 0);
  return 0.09 * envelope(t, 0.06, 0.12, duration - 0.1) * tone;
};
const kick = (t) => 0.4 * Math.exp(-14 * t) * Math.sin(2 * Math.PI * (48 * t + 5 * (1 - Math.exp(-30 * t))));
const hat = (random) => (t) => 0.05 * Math.exp(-70 * t) * (random() * 2 - 1);

function echo(channel, delaySeconds) {
  const delay = Math.round(delaySeconds * RATE);
  const out = Float64Array.from(channel);
  for (let i = delay; i < out.length; i++) out[i] += 0.32 * out[i - delay];
  return out;
}

function interleave([left, right]) {
  const out = new Int16Array(left.length * 2);
  const fadeFrom = left.length - 2.5 * RATE;
  for (let i = 0; i < left.length; i++) {
    const gain = Math.min(1, i / 500) * Math.min(1, Math.max(0, (left.length - i) / (left.length - fadeFrom)));
    out[2 * i] = Math.round(30_000 * Math.tanh(1.8 * gain * left[i]));
    out[2 * i + 1] = Math.round(30_000 * Math.tanh(1.8 * gain * right[i]));
  }
  return out;
}

/** A linear congruential generator: the same numbers everywhere. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

/** The encoders read the sample rate and the channels from a minimal 44-byte WAV header. */
function writeWav(file, samples) {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.byteLength, 4);
  header.write('WAVEfmt ', 8);
  [16, 0x0002_0001, RATE, RATE * 4, 0x0010_0004].forEach((value, i) => {
    header.writeUInt32LE(value, 16 + 4 * i);
  });
  header.write('data', 36);
  header.writeUInt32LE(samples.byteLength, 40);
  writeFileSync(file, Buffer.concat([header, Buffer.from(samples.buffer)]));
}

mkdirSync(folder, { recursive: true });
let total = 0;
for (const track of tracks) {
  const wav = path.join(scratch, 'track.wav');
  const out = path.join(folder, track.file);
  writeWav(wav, compose(track));
  encoders[track.file](wav, out, { title: track.title, artist: 'aulos demo' });
  const { size } = statSync(out);
  total += size;
  console.log(`${track.file.padEnd(16)} ${String(track.seconds).padStart(3)} s ${(size / 1e6).toFixed(2)} MB`);
}
rmSync(scratch, { recursive: true });
console.log(`${(total / 1e6).toFixed(2)} MB in all`);
