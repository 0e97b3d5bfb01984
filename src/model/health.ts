/** How one source fares. Times are epoch milliseconds. */
export interface SourceHealth {
  readonly source: string;
  readonly lastSuccess: number | null;
  /** In a row; 0 after a good reading. */
  readonly failures: number;
  /** Duration of the last answered reading in ms. */
  readonly replyMs: number | null;
  /** In one line, without secrets; `null` after a good reading. */
  readonly lastError: string | null;
}
