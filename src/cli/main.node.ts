import { createRequire } from 'node:module';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { isAulosError } from '../errors.ts';
import type { Aulos, Revalidate } from '../node.ts';
import { systemPlayers } from '../playback/system-players.node.ts';
import { listCommand, pinCommand, removeCommand, statCommand, trimCommand, verifyCommand } from './cache.node.ts';
import { type DecodeOptions, decodeCommand, decodeFormats } from './decode.node.ts';
import { exitCodes } from './exit-codes.ts';
import { type ExportOptions, exportCommand } from './export.node.ts';
import { fetchCommand } from './fetch.node.ts';
import { type InspectOptions, inspectCommand } from './inspect.node.ts';
import type { PlayOptions } from './play.node.ts';
import { type CommonOptions, run } from './run.node.ts';
import { parseBytes, parseSeconds } from './units.ts';

const { version } = createRequire(import.meta.url)('aulos/package.json') as { version: string };

const program = new Command('aulos').description('Fetches, caches, inspects and decodes remote audio.').version(version).exitOverride();

const common = (command: Command, argument = '<url>'): Command =>
  command
    .argument(argument, 'http(s) URL, or a file')
    .option('--cache-dir <dir>', 'where downloads are kept (default: the user cache folder)')
    .option('--retries <n>', 'how often in a row a failed request is tried again (default: 7)', count)
    .option(
      '--revalidate <when>',
      'ask if what is held is still the current version: open, never, or when older than so many seconds',
      when,
    )
    .option('--deny-private', 'refuse URLs and redirects that lead to this machine or to a private network')
    .option('--json', 'progress as JSON lines on stderr, the result as JSON', false);

const count = (text: string): number => {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('write a number from 0 to 9999');
  return Number(text);
};

function when(text: string): Revalidate {
  if (text === 'open' || text === 'never') return text;
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('write open, never, or a number of seconds');
  return Number(text);
}

const argument =
  (parse: (text: string) => number) =>
  (text: string): number => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(isAulosError(error) ? error.message : String(error));
    }
  };
const seconds = argument(parseSeconds);

function factor(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('write a number from 0 to 1');
  return value;
}

common(program.command('fetch'))
  .description('download into the cache; only what is missing is asked for')
  .action(async (url: string, options: CommonOptions) => {
    process.exitCode = await run(options, (aulos, o, signal) => fetchCommand(aulos, url, o, signal));
  });

common(program.command('decode'))
  .description('decode to PCM while it downloads')
  .requiredOption('-o, --output <file>', 'where to write; - is stdout')
  .addOption(new Option('-f, --format <format>', 'sample format').choices(decodeFormats).default('wav'))
  .option('--start <time>', 'from there on: seconds, m:ss or h:mm:ss', seconds)
  .option('--end <time>', 'up to there', seconds)
  .addOption(new Option('--decoder <family>', 'who decodes').choices(['auto', 'shared', 'native']).default('auto'))
  .action(async (url: string, options: DecodeOptions) => {
    process.exitCode = await run(options, (aulos, o, signal) => decodeCommand(aulos, url, o, signal));
  });

common(program.command('play'), '<url...>')
  .description('play through a program of this machine; space pauses, arrows seek 5 or 10 s, n and p go to the next and back, q quits')
  .option('--start <time>', 'from there on in the first: seconds, m:ss or h:mm:ss', seconds)
  .option('--end <time>', 'up to there in the last', seconds)
  .option('--volume <factor>', 'from 0 to 1', factor, 1)
  .addOption(new Option('--player <name>', 'through which program (default: the first that is there)').choices(systemPlayers))
  .addOption(new Option('--decoder <family>', 'who decodes').choices(['auto', 'shared', 'native']).default('auto'))
  .action(async (urls: string[], options: PlayOptions) => {
    const { playCommand } = await import('./play.node.ts');
    process.exitCode = await run(options, (aulos, o, signal) => playCommand(aulos, urls, o, signal));
  });

common(program.command('inspect'))
  .description('print what a file is, fetching little more than its head')
  .option('--packets', 'print every packet as a line of JSON; the rest goes to stderr')
  .option('--picture <file>', 'where to write the cover')
  .action(async (url: string, options: InspectOptions) => {
    process.exitCode = await run(options, (aulos, o, signal) => inspectCommand(aulos, url, o, signal));
  });

const cache = program.command('cache').description('show and change what is held on this machine');

const local = (command: Command): Command =>
  command
    .option('--cache-dir <dir>', 'where downloads are kept (default: the user cache folder)')
    .option('--json', 'the result as JSON', false);

local(cache.command('ls'))
  .description('list what is held')
  .action(async (options: CommonOptions) => {
    process.exitCode = await run(options, listCommand);
  });

const ofOneAsset = {
  stat: { description: 'print what is held of one file', command: statCommand },
  pin: { description: 'keep a file until it is unpinned', command: (aulos: Aulos, name: string) => pinCommand(aulos, name, true) },
  unpin: { description: 'let a file go when space is short', command: (aulos: Aulos, name: string) => pinCommand(aulos, name, false) },
  rm: { description: 'remove a file, pinned or not', command: removeCommand },
};
for (const [name, { description, command }] of Object.entries(ofOneAsset)) {
  local(cache.command(name))
    .description(description)
    .argument('<url|key>', 'as fetched, or as `stat` shows it')
    .action(async (asset: string, options: CommonOptions) => {
      process.exitCode = await run(options, (aulos) => command(aulos, asset));
    });
}

local(cache.command('verify'))
  .description('read all that is held; what is damaged is dropped, and fetched again when it is wanted')
  .action(async (options: CommonOptions) => {
    process.exitCode = await run(options, verifyCommand);
  });

local(cache.command('trim'))
  .description('remove what was not used for longest; pinned files stay')
  .argument('<bytes>', 'how much may stay: 500MB, 10GB, 0', argument(parseBytes))
  .action(async (bytes: number, options: CommonOptions) => {
    process.exitCode = await run(options, (aulos) => trimCommand(aulos, bytes));
  });

local(cache.command('export'))
  .description('copy a file out of the cache')
  .argument('<url|key>', 'as fetched, or as `stat` shows it')
  .requiredOption('-o, --output <file>', 'where to write; - is stdout')
  .action(async (asset: string, options: ExportOptions) => {
    process.exitCode = await run(options, (aulos, o, signal) => exportCommand(aulos, asset, o, signal));
  });

// A reader that goes away, as `head` does, is told by the write that failed; as an event it would end the process with a stack trace.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
}
