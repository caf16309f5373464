// `npm run bench:decode`: CPU seconds of a whole process that decodes fifteen minutes of each format, ours against `ffmpeg -threads 1`,
// alternating, medians. Both read a local file and throw the samples away. Needs ffmpeg, flac and lame.
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from '../setup.mjs';
import { media } from './media.mjs';
import { median } from './median.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SECONDS = 900;
const formats = {
  'MP3 128k': 'cbr.mp3',
  'MP3 V0': 'vbr.mp3',
  'AAC ADTS': 'stereo.aac',
  'AAC M4A': 'first.m4a',
  'FLAC 16/44.1': 'stereo.flac',
  WAV: 'stereo.wav',
};
const one = fileURLToPath(new URL('decode-one.mjs', import.meta.url));

const ourCpu = (file) => JSON.parse(execFileSync(process.execPath, [one, file], { encoding: 'utf8' })).cpuSeconds;

/** ffmpeg says what it used: `bench: utime=0.5s stime=0.01s rtime=0.5s`. */
function ffmpegCpu(file) {
  const { stderr } = spawnSync('ffmpeg', ['-hide_banner', '-threads', '1', '-benchmark', '-i', file, '-f', 'null', '-'], {
    encoding: 'utf8',
  });
  const [, user, system] = /utime=([\d.]+)s stime=([\d.]+)s/.exec(stderr);
  return Number(user) + Number(system);
}

build();
console.log(`${SECONDS} s of music, ${ROUNDS} alternating rounds, medians of CPU seconds (user + system) of the whole process\n`);
console.log('format           ours   ffmpeg   ratio   × real time');
for (const [name, fixture] of Object.entries(formats)) {
  const file = media(fixture, SECONDS);
  const [ours, theirs] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(ourCpu(file));
    theirs.push(ffmpegCpu(file));
  }
  const [a, b] = [median(ours), median(theirs)];
  const columns = [
    a.toFixed(2).padStart(6),
    b.toFixed(2).padStart(8),
    (a / b).toFixed(2).padStart(7),
    String(Math.round(SECONDS / a)).padStart(13),
  ];
  console.log(`${name.padEnd(14)} ${columns.join(' ')}`);
}
