import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What ffprobe finds in a file beside its sound. */
export interface ProbedMetadata {
  /** Of the container and of its first audio stream, by lower-case name. */
  readonly tags: Readonly<Record<string, string>>;
  readonly chapters: readonly { readonly title: string; readonly start: number }[];
}

/** Asks ffprobe for the tags and chapters of a file in memory. */
export function probeMetadata(name: string, bytes: Uint8Array): ProbedMetadata {
  const folder = mkdtempSync(path.join(tmpdir(), 'aulos-ffprobe-'));
  const file = path.join(folder, name);
  try {
    writeFileSync(file, bytes);
    const args = [
      '-v',
      'error',
      '-select_streams',
      'a:0',
      '-show_entries',
      'format_tags:stream_tags',
      '-show_chapters',
      '-of',
      'json',
      file,
    ];
    const { format, streams, chapters } = JSON.parse(execFileSync('ffprobe', args, { encoding: 'utf8' }));
    const all: [string, string][] = Object.entries({ ...streams?.[0]?.tags, ...format?.tags });
    return {
      tags: Object.fromEntries(all.map(([tag, text]) => [tag.toLowerCase(), text])),
      chapters: (chapters ?? []).map((chapter: { start_time: string; tags?: { title?: string } }) => ({
        title: chapter.tags?.title ?? '',
        start: Number(chapter.start_time),
      })),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
