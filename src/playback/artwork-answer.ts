import { isAulosError, type SerializedError } from '../errors.ts';
import type { Picture } from '../media.ts';
import type { Track } from './track.ts';

/** From the page: wants the picture of `load`. */
export interface ArtworkRequest {
  readonly type: 'artwork';
  readonly load: number;
  readonly port: MessagePort;
}

/** Over the port: the picture, or that there is none; or why it cannot be had, without an error because the track was left. */
export type ArtworkReply =
  | { readonly picture: { readonly mediaType: string; readonly bytes: Uint8Array<ArrayBuffer> } | undefined }
  | { readonly error: SerializedError | undefined };

/** Answers over the port of the request. Never rejects. */
export async function answerArtwork({ port }: ArtworkRequest, open: () => Promise<Track>, life: AbortSignal): Promise<void> {
  const tell = (reply: ArtworkReply, transfer: Transferable[] = []) => port.postMessage(reply, transfer);
  try {
    const track = await open();
    const known = track.info.pictures;
    const shown = frontOf(known.length > 0 ? known : (await track.metadata({ signal: life })).pictures);
    const picture = shown && (await track.picture(shown, { signal: life }));
    tell({ picture }, picture && [picture.bytes.buffer]);
  } catch (error) {
    tell({ error: !life.aborted && isAulosError(error) ? error.toJSON() : undefined });
  } finally {
    port.close();
  }
}

const frontOf = (pictures: readonly Picture[]): Picture | undefined => pictures.find(({ type }) => type === 'front cover') ?? pictures[0];
