import { AulosError } from '../errors.ts';

/** Seconds from `90`, `1:30`, `1:01:30` or `12.5`. @throws AulosError `input.invalid`. */
export function parseSeconds(text: string): number {
  const parts = text.split(':');
  const isTime = parts.length <= 3 && parts.every((part, i) => (i === parts.length - 1 ? /^\d+(\.\d+)?$/ : /^\d+$/).test(part));
  if (!isTime) throw new AulosError('input.invalid', { input: text }, `"${text}" is no time: write seconds, m:ss or h:mm:ss`);
  return parts.reduce((seconds, part) => seconds * 60 + Number(part), 0);
}

/** `1:02:03.5` for people; `live` for an endless stream, `?` when unknown. */
export function formatSeconds(seconds: number | undefined): string {
  if (seconds === undefined || Number.isNaN(seconds)) return '?';
  if (!Number.isFinite(seconds)) return 'live';
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = (Math.floor((seconds % 60) * 10) / 10).toFixed(1).padStart(4, '0').replace(/\.0$/, '');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

const prefixes = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `1.5 MB` for people, in powers of a thousand. */
export function formatBytes(bytes: number): string {
  let power = 0;
  for (; bytes >= 1000 && power < prefixes.length - 1; power++) bytes /= 1000;
  return `${power === 0 ? bytes : bytes.toFixed(bytes < 10 ? 2 : 1)} ${prefixes[power]}`;
}

/** Bytes from `1500000`, `1.5MB`, `1.5 M` or `10g`, in powers of a thousand. @throws AulosError `input.invalid`. */
export function parseBytes(text: string): number {
  const [, number, prefix] = /^(\d+(?:\.\d+)?) ?([kmgt]?)b?$/i.exec(text) ?? [];
  const bytes = Number(number) * 1000 ** ' kmgt'.indexOf(prefix?.toLowerCase() || ' ');
  if (!Number.isSafeInteger(Math.round(bytes))) {
    throw new AulosError('input.invalid', { input: text }, `"${text}" is no size: write bytes, or 500MB, 10GB`);
  }
  return Math.round(bytes);
}
