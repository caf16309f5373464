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
  // A synthesizer has no noise, and makes half the bits of a recording: with some, these are 740 kbit/s, as many as those of a CD.
  'recording.flac': (wav, out) => {
    const noisy = `${out}.wav`;
    const noise = (seed) => `anoisesrc=r=44100:a=0.0015:seed=${seed}`;
    const mixed = `${noise(1)}[l];${noise(2)}[r];[l][r]join=channel_layout=stereo[noise];[0][noise]amix=normalize=0:duration=first`;
    ffmpeg('-i', wav, '-filter_complex', mixed, '-map_metadata', '-1', noisy);
    execFileSync('flac', ['--silent', '--force', '-o', out, noisy]);
    rmSync(noisy);
  },
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
