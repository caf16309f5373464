import { expect, test, vi } from 'vitest';
import { FlacDecoder } from '../../src/decode/flac/decoder.ts';
import { createDecoder, rehearse } from '../../src/decode/registry.ts';
import { rehearsals } from '../../src/decode/rehearsals.ts';

const FRAMES = { aac: 1_024, flac: 256, mp3: 1_152 };

test.each(Object.entries(FRAMES))('what %s rehearses is sound, again and again, and is heard', async (codec, frames) => {
  const { config, packets: rehearsed } = rehearsals[codec as keyof typeof FRAMES]!();
  const decoder = await createDecoder(config);
  const packets = [0, 1, 2, 3].map((i) => ({
    data: rehearsed[i % rehearsed.length],
    offset: 0,
    timestamp: i * frames,
    duration: frames,
    join: true,
    preroll: 0,
  }));
  const [{ planes }] = await decoder.decode(packets, new AbortController().signal);
  expect(decoder.concealed).toBe(0);
  for (const plane of planes) expect(Math.max(...plane.subarray(frames))).toBeGreaterThan(0.02);
});

test('a codec without a packet to rehearse is no trouble', async () => {
  await expect(rehearse('pcm')).resolves.toBeUndefined();
  await expect(rehearse('vorbis')).resolves.toBeUndefined();
});

test('a rehearsal ends when a decoder is wanted', async () => {
  const decode = vi.spyOn(FlacDecoder.prototype, 'decode').mockImplementationOnce(() => {
    void createDecoder(rehearsals.aac!().config);
    return { planes: [], frames: 0, channels: 2, sampleRate: 44_100 };
  });
  await rehearse('flac');
  expect(decode).toHaveBeenCalledOnce();
});
