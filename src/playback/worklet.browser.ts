import type { LaneEnd, LaneFeed } from './lane.ts';
import { PortLaneFeed } from './port-lane.ts';
import { Pump, type PumpReport } from './pump.ts';
import { installedRater, type Pace, type RatedFeed } from './rate.ts';
import { RingLaneFeed } from './ring-lane.ts';

// What AudioWorkletGlobalScope has and TypeScript's DOM library does not declare (Web Audio API §1.32).
declare const sampleRate: number;
declare const currentTime: number;
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

/** From the page to the worklet; the lane comes first. */
export type WorkletCommand =
  | { readonly type: 'lane'; readonly lane: LaneEnd }
  | { readonly type: 'play' }
  | { readonly type: 'pause' }
  /** Once the module for it is loaded; `channels` are those of the lane. */
  | { readonly type: 'pace'; readonly pace: Pace; readonly channels: number }
  | { readonly type: 'close' };

/** From the worklet to the page. */
export type WorkletReport = PumpReport;

/** Render quanta between two reports: 40 ms at 44,100 Hz. */
const REPORT_QUANTA = 14;

/** Plays what comes over its lane. The page says play and pause, and hears where the sound is. */
class PlayerProcessor extends AudioWorkletProcessor {
  #lane: { readonly feed: LaneFeed; readonly pump: Pump } | undefined;
  #rated: RatedFeed | undefined;
  #quanta = 0;
  #live = true;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<WorkletCommand>) => this.#obey(data);
  }

  process(_inputs: unknown, [planes]: Float32Array[][]): boolean {
    if (this.#lane) this.#render(planes, this.#lane);
    return this.#live;
  }

  #render(planes: Float32Array[], { feed, pump }: { readonly feed: LaneFeed; readonly pump: Pump }): void {
    const changed = pump.render(planes);
    const isDue = ++this.#quanta % REPORT_QUANTA === 0;
    if (isDue) feed.settle();
    if (changed || (isDue && pump.state === 'playing')) {
      const report: WorkletReport = pump.report(currentTime + planes[0].length / sampleRate);
      this.port.postMessage(report);
      if (changed && report.state === 'ended') feed.finish(report.epoch);
    }
  }

  #obey(command: WorkletCommand): void {
    if (command.type === 'close') this.#live = false;
    else if (command.type === 'lane') {
      const { port, ring } = command.lane;
      const feed = ring ? new RingLaneFeed(ring, port, sampleRate) : new PortLaneFeed(port, sampleRate);
      this.#lane = { feed, pump: new Pump(feed, sampleRate) };
    } else if (command.type === 'pace') this.#pace(command.pace, command.channels);
    else if (this.#lane) this.#lane.pump.wantsToPlay = command.type === 'play';
  }

  #pace(pace: Pace, channels: number): void {
    if (!this.#lane) return;
    const { feed, pump } = this.#lane;
    this.#rated ??= installedRater()?.(feed, sampleRate, channels);
    if (!this.#rated) return;
    this.#rated.pace = pace;
    pump.feed = this.#rated;
  }
}

registerProcessor('aulos-player', PlayerProcessor);
