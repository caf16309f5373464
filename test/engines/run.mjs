// `npm run engines`: the demo, which plays only where there is a sound card, and the decoders in WebKitGTK; card and screen are made up.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build, installPackages, root, run } from '../../setup.mjs';
import { installPrograms } from '../programs.mjs';

/** Program → the Debian package that has it. */
const programs = {
  WebKitWebDriver: 'webkit2gtk-driver',
  'xvfb-run': 'xvfb',
  xauth: 'xauth',
  'dbus-run-session': 'dbus',
  pulseaudio: 'pulseaudio',
  pacat: 'pulseaudio-utils',
  ffmpeg: 'ffmpeg',
  flac: 'flac',
  lame: 'lame',
};
const LONGEST_RUN_MS = 240_000;

installPackages();
const missing = installPrograms(programs);
if (missing.length > 0) throw new Error(`these are missing: ${missing.map((program) => programs[program]).join(', ')}`);
build();
run('node', ['test/fixtures/make.mjs']);

const folder = mkdtempSync(path.join(tmpdir(), 'aulos-engines-'));
const socket = path.join(folder, 'native');
const modules = [`module-native-protocol-unix auth-anonymous=1 socket=${socket}`, 'module-null-sink rate=44100'];
const loads = modules.flatMap((module) => ['-L', module]);
const env = { ...process.env, XDG_RUNTIME_DIR: folder, PULSE_SERVER: `unix:${socket}` };
const card = spawn('pulseaudio', ['-n', '--exit-idle-time=-1', '--disallow-exit=1', '--log-level=error', ...loads], {
  env,
  stdio: 'ignore',
});
// Silence that never ends. Without a client that wants its sound soon the card takes two seconds at a time.
const silence = 'exec pacat --playback --raw --latency-msec=20 < /dev/zero';
const client = spawn('sh', ['-c', `until [ -S ${socket} ]; do sleep 0.1; done; ${silence}`], { env, stdio: 'ignore' });
try {
  const args = ['-a', '--server-args=-screen 0 1400x1000x24', 'dbus-run-session', '--', 'npx', 'vitest', 'run', '--project', 'engines'];
  const { status } = spawnSync('xvfb-run', args, { cwd: root, env, stdio: 'inherit', timeout: LONGEST_RUN_MS });
  process.exitCode = status ?? 1;
} finally {
  client.kill();
  card.kill();
  rmSync(folder, { recursive: true, force: true });
}
