/**
 * How one member of an S3 structure is written in XML. A structure is a list of fields in AWS's order. The same
 * description is used for reading and writing.
 */
export interface XmlField {
  readonly element: string;
  /** The member's name in the SDK, where it is not the element's. */
  readonly member?: string;
  readonly type: "string" | "integer" | "boolean" | "timestamp" | readonly XmlField[];
  /** A list: one element an item, inside the element `within` if there is one. */
  readonly list?: true;
  readonly within?: string;
  /** A document without it is refused when read. */
  readonly required?: true;
}

/** A whole document. `T` is the type of S3's model that it holds. */
export interface XmlDocument<T> {
  readonly root: string;
  readonly fields: readonly XmlField[];
  /** Never present; it only carries the type. */
  readonly of?: T;
}

export const S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
