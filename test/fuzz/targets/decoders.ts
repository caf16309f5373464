import type { Decoder } from '../../../src/decode/decoder.ts';
import { createDecoder } from '../../../src/decode/registry.ts';
import type { Codec, CodecConfig, Packet, PcmBlock } from '../../../src/media.ts';
import { never } from '../../fakes/demuxed.ts';
import { mutateBytes } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { SeedSound } from '../seed-book.ts';
import { sealFlacFrame } from '../split.ts';
import { expectTyped, Finding, isTyped, must, type Target } from '../target.ts';
import { checkBlock } from './files.ts';

/** Packets of a sound, some of them damaged, then some that are not. */
interface PacketCase {
  readonly config: CodecConfig;
  readonly damaged: readonly SoundPacket[];
  /** Whole ones after the damage: in the end they must sound as if nothing had been. Empty where the head is damaged. */
  readonly whole: readonly SoundPacket[];
}

type SoundPacket = SeedSound['packets'][number];

/** Packets of which a decoder remembers something: in MP3 at 8 kbit/s the bit reservoir, in HE-AAC a header that only some have. */
const MEMORY_PACKETS: Readonly<Record<Codec, number>> = { mp3: 20, aac: 20, opus: 10, vorbis: 3, flac: 2, alac: 2, pcm: 2 };
/** Packets of seconds hold a lot; then fewer of them have shown enough. */
const MAX_DAMAGED = 4;

/** Decodes packets of `codec`. `headroomDb` is by how much sound after damage may be louder or softer; 0: it is the very same. */
export const decoderTarget = (codec: Codec, perRound: number, headroomDb = 0): Target<PacketCase> => ({
  name: `decode ${codec}`,
  perRound,
  invent(random, { sounds }) {
    const own = sounds.get(codec) ?? [];
    if (own.length === 0) return undefined;
    const { config, packets } = random.pick(own);
    const from = random.below(packets.length);
    const damaged = packets
      .slice(from, from + 1 + random.below(MAX_DAMAGED))
      .map((packet) => (random.chance(0.8) ? damage(random, codec, packet, random.pick(packets)) : packet));
    if (random.chance(0.25)) return { config: damageConfig(random, config), damaged, whole: [] };
    return { config, damaged, whole: random.chance(0.15) ? packets.slice(-MEMORY_PACKETS[codec]) : [] };
  },
  run: async ({ config, damaged, whole }) => {
    let decoder!: Decoder;
    await expectTyped(/^(media\.|decode\.unavailable)/, Number.POSITIVE_INFINITY, async () => {
      decoder = await createDecoder(config, { decoder: 'shared' });
    });
    const blocks = await decodeAll(decoder, damaged);
    for (const block of blocks) checkBlock(block);
    if (whole.length > 0) await checkRecovery(decoder, config, whole, headroomDb);
    decoder.close();
  },
});

function damage(random: Random, codec: Codec, packet: SoundPacket, other: SoundPacket): SoundPacket {
  const data = random.chance(0.1) ? other.data.slice() : mutateBytes(random, packet.data);
  if (codec === 'flac' && random.chance(0.9)) sealFlacFrame(data);
  const cut = random.chance(0.1) ? data.subarray(0, random.below(data.length + 1)) : data;
  return { data: cut, duration: packet.duration };
}

function damageConfig(random: Random, config: CodecConfig): CodecConfig {
  const description = mutateBytes(random, config.description);
  const cut = random.chance(0.2) ? description.subarray(0, random.below(description.length + 1)) : description;
  if (!config.pcm) return { ...config, description: cut };
  const encoding = random.pick(['int', 'uint', 'float', 'alaw', 'mulaw'] as const);
  return { ...config, pcm: { encoding, bits: random.pick([8, 16, 24, 32, 64]), bigEndian: random.chance(0.5) } };
}

/** One packet at a time, so that a rejected one takes nothing with it; too many of them are rejected as a whole. */
async function decodeAll(decoder: Decoder, packets: readonly SoundPacket[]): Promise<PcmBlock[]> {
  const blocks: PcmBlock[] = [];
  let timestamp = 0;
  for (const { data, duration } of packets) {
    const packet: Packet = { data, duration, timestamp, offset: 0, join: true, preroll: 0 };
    timestamp += 48_000; // damage that is a second apart is concealed for ever
    await expectTyped(/^decode\.failed$/, Number.POSITIVE_INFINITY, async () => {
      blocks.push(...(await decoder.decode([packet], never)));
    });
  }
  return blocks;
}

/** What damage left behind in a decoder must be gone once the packets that it remembers are whole ones. */
async function checkRecovery(decoder: Decoder, config: CodecConfig, whole: readonly SoundPacket[], headroomDb: number): Promise<void> {
  const undamaged = await createDecoder(config, { decoder: 'shared' });
  let after: PcmBlock | undefined;
  let expected: PcmBlock | undefined;
  try {
    after = (await decodeAll(decoder, whole)).at(-1);
    expected = (await decodeAll(undamaged, whole)).at(-1);
  } catch (error) {
    if (isTyped(error, /^decode\.failed$/)) throw new Finding('whole packets are not decoded after damaged ones');
    throw error;
  } finally {
    undamaged.close();
  }
  must(after?.planes.length === expected?.planes.length, 'another number of channels after damage');
  after?.planes.forEach((plane, channel) => {
    const other = expected?.planes[channel] ?? new Float32Array(0);
    must(plane.length === other.length, `${plane.length} frames, not ${other.length}, after damage`);
    const difference = headroomDb > 0 ? Math.abs(levelDb(plane) - levelDb(other)) : 0;
    must(difference <= headroomDb, `a level that is off by ${difference} dB after damage`);
    if (headroomDb === 0)
      must(
        plane.every((sample, i) => Math.abs(sample - other[i]) < 1e-5),
        'another sound after damage',
      );
  });
}

/** What is as soft as −60 dB is as good as silent. */
function levelDb(plane: Float32Array): number {
  let squares = 0;
  for (const sample of plane) squares += sample * sample;
  return 10 * Math.log10(squares / plane.length + 1e-6);
}
