import { parseAudioSpecificConfig } from '../../../src/demux/audio-specific-config.ts';
import { ByteReader } from '../../../src/demux/byte-reader.ts';
import { parseCueSheet } from '../../../src/demux/flac-cue-sheet.ts';
import { parseFlacPictureHead } from '../../../src/demux/flac-picture.ts';
import { streamInfoOf } from '../../../src/demux/flac-stream-info.ts';
import { readId3 } from '../../../src/demux/id3.ts';
import { parseITunSmpb } from '../../../src/demux/itunes-gapless.ts';
import { parseMpegAudioHeader } from '../../../src/demux/mpeg-audio-header.ts';
import { pictureOfComment } from '../../../src/demux/ogg-pictures.ts';
import { opusPacketFrames } from '../../../src/demux/opus-packet.ts';
import { parseRiffInfo } from '../../../src/demux/riff-info.ts';
import { parseVbri } from '../../../src/demux/vbri.ts';
import { parseVorbisComment } from '../../../src/demux/vorbis-comment.ts';
import { readVorbisModes } from '../../../src/demux/vorbis-modes.ts';
import { parseXing } from '../../../src/demux/xing.ts';
import { never } from '../../fakes/demuxed.ts';
import { MemorySource } from '../../fakes/memory-source.ts';
import { mutateBytes } from '../mutate.ts';
import type { Random } from '../random.ts';
import { expectTyped, must, type Target } from '../target.ts';
import { join, plain } from '../units.ts';

type Parse = (bytes: Uint8Array) => unknown;

/** Small parsers: what each is given at best, and what calls it. */
const parsers: Readonly<Record<string, { readonly sound: readonly (Uint8Array | string)[]; readonly parse: Parse }>> = {
  'Vorbis comment': {
    sound: ['\x05\0\0\0aulos\x03\0\0\0\x0a\0\0\0title=Reed\x0e\0\0\0artist=Aulos Æ\x0d\0\0\0constructor=a'],
    parse: (bytes) => checkTags(parseVorbisComment(bytes).tags),
  },
  'RIFF info': {
    sound: ['INFOINAM\x05\0\0\0Reed\0\0IART\x06\0\0\0Aulos\0', 'INFOICMT\0\0\0\x05Reed\0\0'],
    parse: (bytes) => {
      checkTags(parseRiffInfo(bytes, false));
      checkTags(parseRiffInfo(bytes, true));
    },
  },
  ID3: {
    sound: [
      'ID3\x04\0\0\0\0\0\x4dCHAP\0\0\0\x1e\0\0c\0\0\0\0\0\0\0\x03\xe8\xff\xff\xff\xff\xff\xff\xff\xffTIT2\0\0\0\x02\0\0\0aAPIC\0\0\0\x12\0\0\0image/png\0\x03d\0\x89PNG',
      'ID3\x02\0\0\0\0\0\x30TT2\0\0\x05\0ReedCOM\0\0\x1e\0engiTunSMPB\0 00000000 00000',
      'ID3\x03\0\x80\0\0\0\x3fTIT2\0\0\0\x05\0\0\0ReedTCON\0\0\0\x04\0\0\0(17TXXX\0\0\0\x0a\0\0\x01\xff\xfea\0\0\0b\0',
      'ID3\x04\0\x40\0\0\0\x40\0\0\0\x06\x01\0TIT2\0\0\0\x05\0\x03\0ReedCOMM\0\0\0\x09\0\0\0engx\0yzID3\x04\0\x10\0\0\0\0',
    ],
    parse: async (bytes) => {
      const { metadata, gapless } = await readId3(new ByteReader(new MemorySource(bytes, { grain: 16 }), never), never);
      checkTags(metadata.tags);
      must(!gapless || gapless.delay >= 0, 'a negative delay');
    },
  },
  iTunSMPB: {
    sound: [' 00000000 00000840 000001CA 00000000003F31F6 00000000 00000000'],
    parse: (bytes) => parseITunSmpb(String.fromCharCode(...bytes)),
  },
  'MP3 information frame': {
    sound: [
      `\xff\xfb\x90\x00${'\0'.repeat(32)}Xing\0\0\0\x0f\0\0\x10\0\0\x20\0\0${'\x10\x20'.repeat(50)}\0\0\0\x50LAME3.100${'\0'.repeat(12)}\x24\x04\x40`,
    ],
    parse: (bytes) => {
      parseVbri(bytes);
      const header = bytes.length >= 4 && parseMpegAudioHeader(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0));
      const tag = header && parseXing(bytes, header);
      must(!tag || (tag.encoderDelay >= 0 && tag.padding >= 0), 'a negative delay or padding');
    },
  },
  AudioSpecificConfig: {
    sound: ['\x12\x10', '\x13\x88\x56\xe5\xa5\x48\x80', '\x2b\x11\x88\0', '\xeb\x8a\x08\0', '\x10\0\x04\0\x44\0\x21\0', '\xf9\x48\x40'],
    parse: (bytes) => {
      const { coreRate, channels } = parseAudioSpecificConfig(bytes) as unknown as { coreRate?: number; channels?: number };
      must((coreRate ?? 1) > 0 && (channels ?? 1) > 0, 'no rate or no channels');
    },
  },
  'FLAC stream info': {
    sound: [`fLaC\x80\0\0\x22\x10\0\x10\0${'\0'.repeat(6)}\x0a\xc4\x42\xf0\0\0\x10\0${'\x55'.repeat(16)}`],
    parse: streamInfoOf,
  },
  'FLAC picture': {
    sound: [`\0\0\0\x03\0\0\0\x09image/png\0\0\0\x01d${'\0\0\x01\0'.repeat(4)}\0\0\0\x04\x89PNG`],
    parse: parseFlacPictureHead,
  },
  'picture of a comment': { sound: [`AAAAAwAAAAlpbWFnZS9wbmcAAAABZAAAAQAAAAEAAAABAAAAAQAAAAAEiVBORw==`], parse: pictureOfComment },
  'cue sheet': {
    sound: [`${'\0'.repeat(395)}\x02${`\0\0\0\0\0\0\x10\0\x01${'\0'.repeat(26)}\x01${'\0'.repeat(8)}\x01\0\0\0`.repeat(2)}`],
    parse: (bytes) =>
      must(
        parseCueSheet(bytes).every(({ start }) => start >= 0),
        'a track before the start',
      ),
  },
  'Opus packet': {
    sound: ['\xfc\x7f\x01\x02', '\xff\x83\x05\x01\x02\x03'],
    parse: (bytes) => must(opusPacketFrames(bytes) <= 5_760, 'a packet of more than 120 ms'),
  },
  'Vorbis modes': {
    sound: [`\x05vorbis${'\x31\x99'.repeat(20)}\0\0\0\0\x02\0\0\0\0\x08\x80`],
    parse: (bytes) => must(readVorbisModes(bytes).length <= 64, 'more than 64 modes'),
  },
};

interface ParserCase {
  readonly parser: string;
  readonly bytes: Uint8Array;
}

/** Parsers of tags and of descriptions in the heads of files, each given mutations of a sound piece of its own. */
export const tagsTarget: Target<ParserCase> = {
  name: 'tags and heads',
  perRound: 40,
  invent(random) {
    const parser = random.pick(Object.keys(parsers));
    const sound = random.pick(parsers[parser].sound);
    const bytes = typeof sound === 'string' ? Uint8Array.from(sound, (character) => character.charCodeAt(0)) : sound;
    return { parser, bytes: mutatedOften(random, bytes) };
  },
  run: ({ parser, bytes }) => expectTyped(/^media\./, bytes.length, () => parsers[parser].parse(bytes)),
};

function mutatedOften(random: Random, bytes: Uint8Array): Uint8Array {
  for (let i = random.below(3); i >= 0; i--) bytes = mutateBytes(random, bytes);
  if (random.chance(0.1)) bytes = join([bytes, random.bytes(random.below(500))].map(plain));
  return random.chance(0.2) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
}

function checkTags(tags: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(tags)) {
    must(typeof text === 'string', `a ${typeof text} as the tag ${name}`);
    must(!/^(function|\[object)/.test(name), `${name} as the name of a tag`);
  }
}
