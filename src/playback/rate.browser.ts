/** The worklet's second module, loaded when a player is first told to go faster or slower: `rate.js`. */
import { installRater } from './rate.ts';
import { RateFeed } from './rate-feed.ts';

installRater((feed, sampleRate, channels) => new RateFeed(feed, sampleRate, channels));
