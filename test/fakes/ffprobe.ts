import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A packet as `ffprobe -show_packets` tells it, of the first audio stream. */
export interface ProbedPacket {
  readonly offset: number;
  readonly size: number;
  /** On the presented timeline, in units of `ProbedFile.timescale`. */
  readonly timestamp: number;
}

export interface ProbedFile {
  readonly bytes: Uint8Array;
  readonly timescale: number;
  readonly packets: readonly ProbedPacket[];
}

/** Runs ffmpeg with `args` and an output named `name`; gives the file and what ffprobe says of its packets. */
export function makeWithFfmpeg(name: string, args: readonly string[]): ProbedFile {
  const folder = mkdtempSync(path.join(tmpdir(), 'aulos-ffmpeg-'));
  const file = path.join(folder, name);
  try {
    execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args, file]);
    return probe(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function probe(file: string): ProbedFile {
  const args = ['-v', 'error', '-select_streams', 'a:0', '-show_entries', 'packet=pos,size,pts:stream=time_base', '-of', 'json', file];
  const { packets, streams } = JSON.parse(execFileSync('ffprobe', args, { encoding: 'utf8', maxBuffer: 1 << 26 }));
  return {
    bytes: new Uint8Array(readFileSync(file)),
    timescale: Number(streams[0].time_base.split('/')[1]),
    packets: packets.map((packet: Record<string, string>) => ({
      offset: Number(packet.pos),
      size: Number(packet.size),
      timestamp: Number(packet.pts),
    })),
  };
}
