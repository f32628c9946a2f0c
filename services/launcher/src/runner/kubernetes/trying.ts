import { tryingWhile } from "../trying.ts";
import { apiFailureOf, isPassing } from "./api-failure.ts";

/** Asks the cluster again where the trouble may pass by itself. */
export const trying = tryingWhile(isPassing, (error) => apiFailureOf(error)?.retryAfterMs);
