import { execFileSync } from 'node:child_process';

/** What ffmpeg writes to its standard output; `input` is what it reads from `-`. */
export function ffmpeg(options: readonly string[], input?: Uint8Array): Uint8Array {
  const output = execFileSync('ffmpeg', ['-v', 'error', '-threads', '1', ...options, '-'], {
    input,
    maxBuffer: 1 << 29,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return new Uint8Array(output);
}

/** Planes of what ffmpeg decodes of `bytes`; `options` stand before the input. */
export function ffmpegPlanes(bytes: Uint8Array, channels: number, options: readonly string[] = []): Float32Array[] {
  const interleaved = new Float32Array(ffmpeg([...options, '-i', '-', '-f', 'f32le'], bytes).slice().buffer);
  return Array.from({ length: channels }, (_, channel) =>
    Float32Array.from({ length: interleaved.length / channels }, (_, i) => interleaved[i * channels + channel]),
  );
}

/** Sines, sweeps and clicks of noise for `seconds`, different in each channel, as ffmpeg's input options. */
export function ffmpegSignal(sampleRate: number, layout: string, channels: number, seconds: number): string[] {
  const channel = (i: number) =>
    `0.2*sin(${440 + 110 * i}*2*PI*t)+0.2*sin(${300 * (i + 1)}*2*PI*t*t)+(0.02+0.3*lt(mod(t+${i / 10},0.37),0.004))*(random(${i})-0.5)`;
  const expression = Array.from({ length: channels }, (_, i) => channel(i)).join('|');
  return ['-f', 'lavfi', '-i', `aevalsrc='${expression}':d=${seconds}:s=${sampleRate}:c=${layout}`];
}
