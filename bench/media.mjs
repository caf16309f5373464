// Makes the media of the benchmarks, once, in the temporary folder: the demo's music, looped. Easier signals flatter a decoder.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from '../setup.mjs';

/** Where they lie. */
export const mediaFolder = path.join(tmpdir(), 'aulos-bench');

const aac = ['-c:a', 'aac', '-b:a', '128k'];
const ffmpeg = (...args) => execFileSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...args]);

/** Name → how it is made from a WAV. */
const makers = {
  'cbr.mp3': (wav, out) => execFileSync('lame', ['--quiet', '-b', '128', wav, out]),
  'vbr.mp3': (wav, out) => execFileSync('lame', ['--quiet', '-V', '0', wav, out]),
  'stereo.aac': (wav, out) => ffmpeg('-i', wav, ...aac, out),
  'first.m4a': (wav, out) => ffmpeg('-i', wav, ...aac, '-movflags', '+faststart', out),
  'last.m4a': (wav, out) => ffmpeg('-i', wav, ...aac, out),
  'stereo.flac': (wav, out) => execFileSync('flac', ['--silent', '--force', '-o', out, wav]),
  'hires.flac': (wav, out) => {
    const hires = `${out}.wav`;
    // A triangular dither fills the lower bits, as those of a recording are.
    ffmpeg('-i', wav, '-af', 'aresample=96000:dither_method=triangular', '-c:a', 'pcm_s24le', hires);
    execFileSync('flac', ['--silent', '--force', '-o', out, hires]);
    rmSync(hires);
  },
  'alac.m4a': (wav, out) => ffmpeg('-i', wav, '-c:a', 'alac', out),
  'stereo.wav': (wav, out) => ffmpeg('-i', wav, out),
};

/** The path of `name` at a length of `seconds`, made if it is not there. Needs ffmpeg, flac and lame. */
export function media(name, seconds) {
  const folder = path.join(mediaFolder, String(seconds));
  const file = path.join(folder, name);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const source = path.join(folder, 'source.wav');
  const music = path.join(root, 'demo/media/kithara.flac');
  if (!existsSync(source)) ffmpeg('-stream_loop', '-1', '-i', music, '-t', String(seconds), source);
  const half = path.join(folder, `half.${name}`); // a run that is interrupted leaves no broken file under the name
  makers[name](source, half);
  renameSync(half, file);
  return file;
}
