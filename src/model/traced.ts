/** Facts about a piece of work; none is a secret. */
export type TraceAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Does `work` as a span of a trace, which belongs to the span that it is called in. The result is that of `work`. */
export type Traced = <T>(name: string, attributes: TraceAttributes, work: () => Promise<T>) => Promise<T>;
