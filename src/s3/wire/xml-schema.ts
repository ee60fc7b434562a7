/**
 * How one member of an S3 structure looks in XML. A structure is a list of fields in the order AWS writes them; the
 * same description reads and writes.
 */
export interface XmlField {
  readonly element: string;
  /** The SDK's name of the member where it differs from the element. */
  readonly member?: string;
  readonly type: "string" | "integer" | "boolean" | "timestamp" | readonly XmlField[];
  /** Every item is one element, side by side, or inside the element `within`. */
  readonly list?: true;
  readonly within?: string;
  /** Reading refuses a document without it. */
  readonly required?: true;
}

/** A whole document. `T` is S3's model type it stands for. */
export interface XmlDocument<T> {
  readonly root: string;
  readonly fields: readonly XmlField[];
  /** Never present: it carries the type. */
  readonly of?: T;
}

export const S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
