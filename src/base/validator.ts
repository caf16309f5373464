/** What names one version of a resource (RFC 9110 §8.8). */
export interface Validator {
  /** Entity tag as sent, quotes and `W/` included. */
  readonly etag?: string;
  /** HTTP date as sent. */
  readonly lastModified?: string;
  /** Date of the answer that carried them, as sent: Last-Modified is strong only when at least a second older. */
  readonly date?: string;
}
