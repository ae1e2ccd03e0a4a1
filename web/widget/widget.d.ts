/** Where a call is: the states from `connecting` to `reconnecting` are those of a call that lives. */
export type State = "idle" | "connecting" | "listening" | "thinking" | "speaking" | "reconnecting" | "ended";

/** A session as the server gives it. */
export interface Session {
  token: string;
  expires_at?: string;
  bot?: string;
  language?: string;
  titles?: Record<string, string>;
  protocol?: number;
  ice_servers?: RTCIceServer[];
  grace_ms?: number;
}

export interface CallOptions {
  /** The bot's name. */
  bot: string;
  /** The server's address; that of `widget.js` where it is left out. The npm package needs it. */
  server?: string;
  /** A token, or the whole session, that your own server asked for; works for one call. */
  token?: string | Session | null;
  /** An address of your own server that answers each POST with a session. */
  tokenUrl?: string;
}

export interface StartOptions {
  /** `true` (left out) asks for a microphone, `false` calls without one, a stream is taken as it is and stopped at the end. */
  microphone?: boolean | MediaStream;
}

export interface Device {
  id: string;
  name: string;
}

/** What went wrong. */
export type ErrorCode =
  | "setup"
  | "insecure"
  | "unsupported"
  | "denied"
  | "dismissed"
  | "system"
  | "policy"
  | "missing"
  | "occupied"
  | "gone"
  | "speaker"
  | "blocked"
  | "refused"
  | "absent"
  | "off"
  | "expired"
  | "many"
  | "busy"
  | "incompatible"
  | "server"
  | "unreachable"
  | "not_taken"
  | "deaf"
  | "bad_message"
  | "unknown_type"
  | "too_fast";

export interface StateDetail {
  state: State;
  before: State;
  asking?: boolean;
}
export interface HelloDetail {
  version: number;
  call: string;
  bot: string;
  language: string;
}
export interface CaptionDetail {
  turn: number;
  text: string | null;
  final: boolean;
  by?: "voice" | "keys" | "text";
  secret?: boolean;
}
export interface BotDetail {
  say: number;
  turn: number;
  text: string;
}
export interface SpokenDetail {
  say: number;
  chars: number;
  done: boolean;
}
export interface InterruptedDetail {
  say: number;
  chars: number;
}
export interface SlotDetail {
  name: string;
  value: unknown;
  confirmed: boolean;
}
export interface ExpectDetail {
  keys: boolean;
  secret: boolean;
}
export interface LatencyDetail {
  turn: number;
  endpoint_ms: number;
  recognise_ms: number;
  think_ms: number;
  synthesise_ms: number;
  playout_ms: number;
  total_ms: number;
}
export interface MuteDetail {
  mute: boolean;
}
export interface EndDetail {
  blame: "nobody" | "caller" | "network" | "engine" | "server";
  reason: string;
}
/** `code` is `null` when sound plays after all; `fatal`: there is no call; `retryAfter` is in seconds. */
export interface ErrorDetail {
  code: ErrorCode | null;
  message?: string;
  status?: number;
  retryAfter?: number;
  fatal?: boolean;
}

export interface CallEvents {
  state: CustomEvent<StateDetail>;
  hello: CustomEvent<HelloDetail>;
  caption: CustomEvent<CaptionDetail>;
  bot: CustomEvent<BotDetail>;
  spoken: CustomEvent<SpokenDetail>;
  interrupted: CustomEvent<InterruptedDetail>;
  slot: CustomEvent<SlotDetail>;
  expect: CustomEvent<ExpectDetail>;
  latency: CustomEvent<LatencyDetail>;
  mute: CustomEvent<MuteDetail>;
  error: CustomEvent<ErrorDetail>;
  end: CustomEvent<EndDetail>;
}

/** A call without a face. */
export declare class Call extends EventTarget {
  constructor(options?: Partial<CallOptions>);
  options: Partial<CallOptions>;
  readonly state: State;
  readonly id: string | null;
  readonly language: string | null;
  readonly titles: Record<string, string>;
  readonly expect: ExpectDetail;
  readonly live: boolean;
  /** Whether sound of a microphone goes out. */
  readonly hears: boolean;
  /** Of the call that lives; each call begins unmuted unless it is set before. */
  mute: boolean;
  /** 0 to 1. */
  volume: number;
  /** How loud the caller is, 0 to 1. */
  readonly level: number;
  /** How loud the bot is, 0 to 1. */
  readonly botLevel: number;
  /** The ids of the microphone and the speaker in use; empty: the system's own. */
  readonly chosen: { microphone: string; speaker: string };
  /** Call it in a click. Gives whether the call came about; if not, `error` has said why. */
  start(options?: StartOptions): Promise<boolean>;
  stop(): void;
  /** Says something in writing, 500 characters at most; gives whether it went out. */
  send(text: string): boolean;
  /** Presses `0` to `9`, `*` and `#`. */
  key(keys: string): void;
  /** Takes a microphone in a call that has none. */
  listen(): Promise<boolean>;
  /** What there is to choose from, once a microphone was allowed. */
  devices(): Promise<{ microphones: Device[]; speakers: Device[] }>;
  /** Takes another microphone or speaker, at once and for the calls to come; gives whether it could. */
  use(devices: { microphone?: string; speaker?: string }): Promise<boolean>;
  addEventListener<K extends keyof CallEvents>(
    type: K,
    listener: (event: CallEvents[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/** What went wrong, as it is thrown. */
export declare class Fault extends Error {
  constructor(code: ErrorCode, message?: string, more?: object);
  readonly code: ErrorCode;
}

export interface Turn {
  who: "caller" | "bot";
  text: string;
}

/** `<switchboard-call>`. */
export declare class Face extends HTMLElement {
  readonly call: Call;
  readonly state: State;
  mute: boolean;
  volume: number;
  /** For the next call. */
  set token(token: string | Session | null);
  /** What was said, in order; of the bot what was heard. */
  readonly transcript: Turn[];
  start(options?: StartOptions): Promise<boolean>;
  stop(): void;
  send(text: string): boolean;
  key(keys: string): void;
  /** The floating panel. */
  open(): void;
  close(): void;
  addEventListener<K extends keyof CallEvents>(
    type: K,
    listener: (this: Face, event: CallEvents[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (this: Face, event: HTMLElementEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/** The attributes of `<switchboard-call>`. */
export interface Attributes {
  bot: string;
  lang?: string;
  theme?: "light" | "dark";
  heading?: string;
  intro?: string;
  floating?: "" | true;
  position?: "left";
  server?: string;
  token?: string;
  "token-url"?: string;
}

/** Makes an element and puts it on the page. */
export declare function mount(attributes: Attributes, parent?: Node): Face;
/** Which browser's help for a blocked microphone fits. */
export declare function browser(agent?: string): string;
/** Of the protocol. */
export declare const version: number;

export interface SwitchboardGlobal {
  version: typeof version;
  Call: typeof Call;
  Fault: typeof Fault;
  Face: typeof Face;
  browser: typeof browser;
  mount: typeof mount;
  embed(place: string): void;
}

declare global {
  var Switchboard: SwitchboardGlobal;
  interface HTMLElementTagNameMap {
    "switchboard-call": Face;
  }
}
