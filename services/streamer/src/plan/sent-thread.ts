import { z } from "zod";

/** A message of ours: the intention is stored before Slack is asked, its timestamp after Slack answered. */
const Post = z.object({
  /** Unique: is in the message's metadata, so that it can be found when Slack's answer was lost. */
  intent: z.string(),
  /** The message is newer than this Slack timestamp. */
  afterTs: z.string(),
  /** Milliseconds since 1970: by then it is there, or never will be. Until then looking for it proves nothing. */
  settledAt: z.number().optional(),
  ts: z.string().optional(),
  /** What it shows, as a signature. */
  shown: z.string().optional(),
});
export type Post = z.infer<typeof Post>;

/** One progress message. Offsets count characters of the round's answer. */
export const ProgressPart = Post.extend({
  mode: z.enum(["stream", "update"]),
  /** Without blocks, as Markdown alone. */
  isPlain: z.boolean(),
  /** Milliseconds since 1970. */
  startedAt: z.number(),
  from: z.number(),
  /** Shown for sure up to here. */
  sent: z.number(),
  /** An addition up to here was sent, and it is not known whether it arrived. */
  pending: z.number().nullable(),
  /** Where it ends, once that is fixed. */
  to: z.number().nullable(),
  firstStep: z.number(),
  endStep: z.number().nullable(),
  carried: z.array(z.number()),
  /** Steps it left unfinished when it ended. */
  left: z.array(z.number()),
  title: z.string(),
  /** Signatures of the rows it shows, by row id. */
  rows: z.record(z.string(), z.string()),
  /** `full`: nothing more is added to it. `closed`: Slack knows that, too. */
  state: z.enum(["open", "full", "closed"]),
  /** The stream must be ended before the message can be repaired by an update. */
  isStreamLeft: z.boolean(),
});
export type ProgressPart = z.infer<typeof ProgressPart>;

export const SentRound = z.object({
  id: z.number(),
  opening: Post.optional(),
  progress: z.array(ProgressPart),
  closing: Post.optional(),
  sessionStatus: z.enum(["processing", "active"]).optional(),
  /** Slack takes no streams here. */
  isStreamRefused: z.boolean(),
  /** Slack takes no plan blocks: progress that is not streamed is Markdown alone. */
  isPlanRefused: z.boolean(),
  /** Slack takes no progress messages of any kind. */
  isProgressRefused: z.boolean(),
  /** Slack refused our blocks: opening and closing use their text alone. */
  isTextOnly: z.boolean(),
  hasCountedModelRequest: z.boolean(),
});
export type SentRound = z.infer<typeof SentRound>;

/**
 * `seen` and `taken` are what a person sees on a reply, `checked` is on the way from one to the other; `bare` is a reply
 * that carries no sign any more.
 */
export const ReplySign = z.enum(["seen", "checked", "taken", "bare"]);
export type ReplySign = z.infer<typeof ReplySign>;

/** What Slack was told of a thread. */
export const SentThread = z.object({
  v: z.literal(1),
  round: SentRound.optional(),
  /** By the reply's Slack timestamp. */
  replies: z.record(z.string(), ReplySign),
  /** When progress was last sent, in milliseconds since 1970. */
  progressAt: z.number(),
});
export type SentThread = z.infer<typeof SentThread>;

export const NOTHING_SENT: SentThread = { v: 1, replies: {}, progressAt: 0 };

/** What is known to have been sent of the round with this id. */
export function sentRoundOf(sent: SentThread, id: number): SentRound {
  if (sent.round?.id === id) return sent.round;
  return {
    id,
    progress: [],
    isStreamRefused: false,
    isPlanRefused: false,
    isProgressRefused: false,
    isTextOnly: false,
    hasCountedModelRequest: false,
  };
}
