/** Base timers of RFC 3261 §17, in milliseconds. */
export const T1_MS = 500
export const T2_MS = 4_000
export const T4_MS = 5_000
/** Timers B, F, H, J: how long a transaction may take, or its answer is kept. */
export const LIFETIME_MS = 64 * T1_MS
