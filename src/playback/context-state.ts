/** States of an AudioContext (Web Audio API §1.1; `interrupted` came from Safari). */
export const CONTEXT_STATES = ['suspended', 'running', 'interrupted', 'closed'] as const;

export type ContextState = (typeof CONTEXT_STATES)[number];

/** What may change whether a context sounds. */
export const CONTEXT_EVENTS = [
  /** The visitor touched the page, or pressed a key. */
  'gesture',
  /** The page can be seen again. */
  'visible',
  /** A device came or went, or the context says that its own does not work. */
  'devicechange',
  /** It is in this state since now. */
  'statechange',
  /** Its clock has stood still for a second or more, though it should run. */
  'frozen',
] as const;

export type ContextEvent = (typeof CONTEXT_EVENTS)[number];

/** What is done about it while sound is wanted. */
export type ContextAction =
  | 'none'
  /** Ask for it to run: `resume()`. */
  | 'resume'
  /** It sounds (again). */
  | 'sound'
  /** The system has taken the sound away, for a call, say, and gives it back itself. */
  | 'fallSilent'
  /** It is of no more use: another one takes its place. */
  | 'rebuild';

/**
 * What is done at `event` in `state`, as a table. An interrupted context is never asked to run: Safari then rejects, and some versions stay
 * silent for good; its end comes as a change of state. One that says it runs while its clock stands still has lost its device.
 */
const ACTIONS: Readonly<Record<ContextState, Readonly<Record<ContextEvent, ContextAction>>>> = {
  suspended: { gesture: 'resume', visible: 'resume', devicechange: 'resume', statechange: 'resume', frozen: 'none' },
  running: { gesture: 'none', visible: 'none', devicechange: 'none', statechange: 'sound', frozen: 'rebuild' },
  interrupted: { gesture: 'none', visible: 'none', devicechange: 'none', statechange: 'fallSilent', frozen: 'none' },
  closed: { gesture: 'rebuild', visible: 'rebuild', devicechange: 'rebuild', statechange: 'rebuild', frozen: 'none' },
};

/** What is done at `event` in `state`, while sound is wanted. */
export const contextAction = (state: ContextState, event: ContextEvent): ContextAction => ACTIONS[state][event];
