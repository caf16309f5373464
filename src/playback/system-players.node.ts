import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { AulosError } from '../errors.ts';
import type { SampleFormat } from './pcm-encoding.ts';
import type { WavFormat } from './wav-header.ts';

/** Programs that play PCM from their standard input, in the order in which they are looked for. */
export const systemPlayers = ['pw-play', 'aplay', 'ffplay', 'sox'] as const;

/** Name of a program that aulos can play through. */
export type SystemPlayerName = (typeof systemPlayers)[number];

/** How a program is told what comes. */
export interface PlayerUsage {
  readonly format: SampleFormat;
  /** A WAV header goes before the samples; else they are raw. */
  readonly wav: boolean;
  /** Its arguments. `help` is what it says to `--help`, if it is to be asked. */
  args(sound: WavFormat, help: string): string[];
  readonly needsHelp: boolean;
  /** What it usually takes from its start until its first sound is heard, seconds. */
  readonly startSeconds: number;
}

export const playerUsage: Readonly<Record<SystemPlayerName, PlayerUsage>> = {
  'pw-play': {
    format: 'f32le',
    wav: false,
    // `-` alone is raw sound up to PipeWire 1.2, and afterwards only with an option that it does not know before.
    args: ({ sampleRate, channels }, help) => [
      ...(help.includes('--raw') ? ['--raw'] : []),
      `--rate=${sampleRate}`,
      `--channels=${channels}`,
      '--format=f32',
      '-',
    ],
    needsHelp: true,
    startSeconds: 0.2,
  },
  aplay: {
    // What every card takes, also where the default device converts nothing.
    format: 's16le',
    wav: false,
    args: ({ sampleRate, channels }) => ['-q', '-t', 'raw', '-f', 'S16_LE', '-r', `${sampleRate}`, '-c', `${channels}`, '-'],
    needsHelp: false,
    startSeconds: 0.2,
  },
  ffplay: {
    format: 'f32le',
    wav: true, // the options for channels have other names from version to version
    args: () => ['-nodisp', '-autoexit', '-loglevel', 'error', '-f', 'wav', '-i', '-'],
    needsHelp: false,
    startSeconds: 0.2,
  },
  sox: {
    format: 'f32le',
    wav: false,
    args: ({ sampleRate, channels }) => ['-q', '-t', 'f32', '-L', '-r', `${sampleRate}`, '-c', `${channels}`, '-', '-d'],
    needsHelp: false,
    startSeconds: 0.2,
  },
};

/** A program that was found. */
export interface FoundPlayer {
  readonly name: SystemPlayerName;
  readonly file: string;
}

/** The first program of `names` that is in the folders of `PATH`. @throws AulosError `output.device` when none is. */
export async function findSystemPlayer(names: readonly SystemPlayerName[]): Promise<FoundPlayer> {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  for (const name of names) {
    for (const folder of folders) {
      const file = path.join(folder, name + suffix);
      if (await isExecutable(file)) return { name, file };
    }
  }
  throw new AulosError('output.device', { reason: 'no player' }, `no program to play through is in PATH: tried ${names.join(', ')}`);
}

const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
